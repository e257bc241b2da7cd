/**
 * The three layers of a schedule, each answering for an instant what it has to say and until when that stays so. `until`
 * may come early, never late: whoever walks along a schedule jumps from one to the next.
 */
import type { Holiday, Override, Rotation } from '#contract';
import { clockOf, dateOf, dayMs, dayOf, hourMs, instantOfMoment, type ZoneClock } from './clock.ts';
import { edgesOf, stateAt } from './weekly.ts';

/** What a layer says at an instant. */
export interface Saying<T> {
  /** `undefined`: it leaves the moment to the layers below. */
  value: T | undefined;
  /** First instant at which it may say something else. */
  until: number;
}

/** Overrides: index of the last one in the list that covers the instant. */
export function overrideLayer(timeZone: string, overrides: readonly Override[]): (instant: number) => Saying<number> {
  const clock = clockOf(timeZone);
  const spans = overrides.map(({ from, to }) => [instantOfMoment(clock, from), instantOfMoment(clock, to)] as const);
  const edges = [...new Set(spans.flat())].sort((a, b) => a - b);
  const winners: (number | undefined)[] = [];
  return (instant) => {
    const next = placeAfter(edges, instant);
    const until = edges[next] ?? Infinity;
    if (next === 0 || next === edges.length) return { value: undefined, until };
    winners[next] ??= spans.findLastIndex(([from, to]) => from <= instant && instant < to);
    return { value: winners[next] < 0 ? undefined : winners[next], until };
  };
}

function placeAfter(edges: readonly number[], instant: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! <= instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A holiday of the list on one of its days. */
export interface HolidayFound {
  index: number;
  /** The first day of this occurrence. */
  date: string;
}

/** Holidays: the last one in the list on whose days the calendar stands. */
export function holidayLayer(
  timeZone: string,
  holidays: readonly Holiday[],
): (instant: number) => Saying<HolidayFound> {
  if (holidays.length === 0) return () => ({ value: undefined, until: Infinity });
  const clock = clockOf(timeZone);
  let told: { day: number; value: HolidayFound | undefined } | undefined;
  return (instant) => {
    const day = Math.floor(clock.localOf(instant) / dayMs);
    if (told?.day !== day) told = { day, value: holidayOn(holidays, day) };
    return { value: told.value, until: clock.nextAt(instant, (day + 1) * dayMs) };
  };
}

function holidayOn(holidays: readonly Holiday[], day: number): HolidayFound | undefined {
  for (let index = holidays.length - 1; index >= 0; index--) {
    const { date, days = 1, yearly = false } = holidays[index]!;
    const begin = yearly ? lastReturn(date, day) : dayOf(date);
    if (begin !== undefined && begin <= day && day < begin + days) return { index, date: dateOf(begin) };
  }
  return undefined;
}

/** The last day, not after `day`, on which a yearly date came. 29 February comes in leap years. */
function lastReturn(date: string, day: number): number | undefined {
  if (day < dayOf(date)) return undefined;
  const year = new Date(day * dayMs).getUTCFullYear();
  const month = Number(date.slice(5, 7)) - 1;
  const inMonth = Number(date.slice(8));
  // The year before is as far as 366 days can reach.
  for (const tried of [year, year - 1]) {
    const begin = new Date(Date.UTC(tried, month, inMonth));
    if (begin.getUTCMonth() === month && begin.getTime() <= day * dayMs) return begin.getTime() / dayMs;
  }
  return undefined;
}

/** A rotation: whose turn it is. */
export function rotationLayer(timeZone: string, rotation: Rotation): (instant: number) => Saying<string> {
  const clock = clockOf(timeZone);
  const { members, until: end } = rotation;
  const starts = instantOfMoment(clock, rotation.starts);
  const ends = end === undefined ? Infinity : instantOfMoment(clock, end);
  const turnAt = turns(clock, rotation);
  const hours = rotation.hours && edgesOf(rotation.hours);
  const alone = new Set(members).size === 1;
  return (instant) => {
    if (instant < starts) return { value: undefined, until: starts };
    if (instant >= ends) return { value: undefined, until: Infinity };
    const week = hours && stateAt(hours, clock.localOf(instant));
    const weekUntil = week ? clock.nextAt(instant, week.untilLocal) : Infinity;
    if (week && !week.open) return { value: undefined, until: Math.min(weekUntil, ends) };
    const turn = alone ? { number: 0, until: Infinity } : turnAt(instant);
    return { value: members[turn.number % members.length], until: Math.min(turn.until, weekUntil, ends) };
  };
}

interface NumberedTurn {
  number: number;
  until: number;
}

/** Which turn holds an instant; the first is 0. Turns are counted from the start, whatever other layers say. */
function turns(clock: ZoneClock, { starts, every: { count, unit } }: Rotation): (instant: number) => NumberedTurn {
  const startLocal = Date.parse(`${starts}Z`);
  if (unit === 'hours') {
    const first = clock.instantOf(startLocal);
    const length = count * hourMs;
    return (instant) => {
      const number = Math.floor((instant - first) / length);
      return { number, until: first + (number + 1) * length };
    };
  }
  const length = count * (unit === 'weeks' ? 7 : 1) * dayMs;
  const beginOf = (number: number) => clock.instantOf(startLocal + number * length);
  return (instant) => {
    // By the clock on the wall first; near a change of the clocks the hand-over may be one turn to either side.
    let number = Math.max(0, Math.floor((clock.localOf(instant) - startLocal) / length));
    while (number > 0 && instant < beginOf(number)) number--;
    while (instant >= beginOf(number + 1)) number++;
    return { number, until: beginOf(number + 1) };
  };
}
