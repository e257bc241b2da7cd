/** RRULE of iCalendar (RFC 5545, 3.3.10), read. Repetitions by the hour and shorter are refused: shifts are no alarms. */
import type { Unreadable } from './times.ts';

/** A weekday, Monday 0; with `nth` only that one of the month or year, counted from the end when negative. */
export interface NthDay {
  day: number;
  nth: number;
}

/** How an event comes again. */
export interface RepeatRule {
  every: 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';
  interval: number;
  count: number | undefined;
  /** As it stands in the file. */
  until: string | undefined;
  byDay: NthDay[];
  byMonthDay: number[];
  /** January is 1. */
  byMonth: number[];
  bySetPos: number[];
  /** First day of the week, Monday 0. */
  weekStart: number;
}

const dayNames = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const known = ['FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'BYDAY', 'BYMONTHDAY', 'BYMONTH', 'BYSETPOS', 'WKST'];

/** Longest list of days, months or places. */
const mostInList = 100;

/** Reads a rule; what it cannot do it says, so that no repetition is taken half. */
export function readRule(value: string): RepeatRule | Unreadable {
  const parts = new Map(value.split(';').map((part) => cut(part.trim().toUpperCase())));
  parts.delete('');
  const foreign = [...parts.keys()].find((key) => !known.includes(key));
  if (foreign !== undefined) return refuse(`${foreign.slice(0, 40)} is not read; write the events singly`);
  const every = parts.get('FREQ');
  if (every !== 'DAILY' && every !== 'WEEKLY' && every !== 'MONTHLY' && every !== 'YEARLY') {
    return refuse('FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY; for turns of hours use a rotation');
  }
  const byDay = (parts.get('BYDAY')?.split(',') ?? []).map(nthDay);
  const rule = {
    every,
    interval: numbers(parts, 'INTERVAL', 1, 10_000)[0] ?? 1,
    count: numbers(parts, 'COUNT', 1, 100_000)[0],
    until: parts.get('UNTIL'),
    byDay,
    byMonthDay: numbers(parts, 'BYMONTHDAY', -31, 31),
    byMonth: numbers(parts, 'BYMONTH', 1, 12),
    bySetPos: numbers(parts, 'BYSETPOS', -366, 366),
    weekStart: dayNames.indexOf(parts.get('WKST') ?? 'MO'),
  } as const;
  const wrong = firstWrong(rule);
  return wrong === undefined ? rule : refuse(wrong);
}

function firstWrong(rule: RepeatRule): string | undefined {
  const { every, interval, count, byDay, byMonthDay, byMonth, bySetPos, weekStart } = rule;
  const lists = [byMonthDay, bySetPos, byMonth];
  if (Number.isNaN(interval) || Number.isNaN(count)) return 'INTERVAL must be 1 to 10000, COUNT 1 to 100000';
  if (lists.some((list) => list.length > mostInList || list.some((number) => Number.isNaN(number) || number === 0))) {
    return 'holds a number that is no day, month or place';
  }
  if (byDay.some(({ day, nth }) => day < 0 || Number.isNaN(nth)) || byDay.length > mostInList || weekStart < 0) {
    return 'days must be MO, TU, WE, TH, FR, SA or SU, in BYDAY with a number up to 53 before them';
  }
  const isShort = every === 'DAILY' || every === 'WEEKLY';
  if (isShort && byDay.some(({ nth }) => nth !== 0)) return 'numbered days need FREQ=MONTHLY or YEARLY';
  if (every === 'WEEKLY' && byMonthDay.length > 0) return 'BYMONTHDAY does not go with FREQ=WEEKLY';
  return undefined;
}

function refuse(reason: string): Unreadable {
  return { unreadable: `RRULE cannot be taken: ${reason}` };
}

function cut(part: string): [string, string] {
  const place = part.indexOf('=');
  return place < 0 ? [part, ''] : [part.slice(0, place), part.slice(place + 1)];
}

/** The numbers of a list, `NaN` for those that are none or out of bounds. */
function numbers(parts: ReadonlyMap<string, string>, key: string, min: number, max: number): number[] {
  return (parts.get(key)?.split(',') ?? []).map((text) => {
    const number = /^[+-]?\d{1,6}$/.test(text.trim()) ? Number(text) : NaN;
    return number >= min && number <= max ? number : NaN;
  });
}

function nthDay(text: string): NthDay {
  const found = /^([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)$/.exec(text.trim());
  if (!found) return { day: -1, nth: 0 };
  const nth = found[1] === undefined ? 0 : Number(found[1]);
  const isNumber = found[1] === undefined || (nth !== 0 && Math.abs(nth) <= 53);
  return { day: dayNames.indexOf(found[2]!), nth: isNumber ? nth : NaN };
}
