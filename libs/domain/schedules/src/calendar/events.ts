/** Events of a calendar, read one by one: when, how often, and by which properties people are found in them. */
import { dayMs, type ZoneClock } from '../clock.ts';
import type { Component, Property } from './lines.ts';
import { textOf } from './lines.ts';
import { readRule, type RepeatRule } from './rule.ts';
import { readDuration, readTime, type Unreadable, type WallTime, type Zones } from './times.ts';

/** One event. */
export interface CalendarEvent {
  uid: string;
  line: number;
  begin: WallTime;
  /** Length by the clock on the wall, and what passes besides. */
  length: { localMs: number; exactMs: number };
  rule: RepeatRule | undefined;
  /** Further occurrences, as instants. */
  also: number[];
  /** Occurrences that are left out: single ones, and all of a day of the clock (its number since 1970-01-01). */
  without: { instants: ReadonlySet<number>; days: ReadonlySet<number> };
  /** The occurrence of an event with the same UID that this one replaces. */
  replaces: number | undefined;
  cancelled: boolean;
  summary: string;
  attendees: { mail: string | undefined; name: string | undefined }[];
}

/** Most extra or excluded dates of one event. */
const mostDates = 5000;
/** Text that is looked at to find a person. */
const mostText = 1000;

/** Reads one VEVENT. */
export function readEvent(component: Component, zones: Zones): CalendarEvent | Unreadable {
  const one = (name: string) => component.properties.find((property) => property.name === name);
  const start = one('DTSTART');
  if (!start) return { unreadable: 'has no DTSTART' };
  const begin = readTime(start.value, start, zones);
  if ('unreadable' in begin) return begin;
  const length = lengthOf(begin, one('DTEND'), one('DURATION'), zones);
  if ('unreadable' in length) return length;
  const rule = ruleOf(component);
  if (rule && 'unreadable' in rule) return rule;
  const also = datesOf(component, 'RDATE', zones);
  const without = datesOf(component, 'EXDATE', zones);
  const replaces = replacedBy(one('RECURRENCE-ID'), zones);
  if ('unreadable' in also) return also;
  if ('unreadable' in without) return without;
  if ('unreadable' in replaces) return replaces;
  return {
    uid: one('UID')?.value.slice(0, mostText) ?? '',
    line: component.line,
    begin,
    length,
    rule,
    also: also.map(instantOf),
    without: {
      instants: new Set(without.map(instantOf)),
      days: new Set(without.flatMap(({ isDate, local }) => (isDate ? [local / dayMs] : []))),
    },
    replaces: replaces.map(instantOf)[0],
    cancelled: one('STATUS')?.value.trim().toUpperCase() === 'CANCELLED',
    summary: textOf(one('SUMMARY')?.value ?? '')
      .slice(0, mostText)
      .trim(),
    attendees: component.properties.filter(isPerson).map(({ value, params }) => ({
      mail: /^mailto:(.+)$/i.exec(value.trim().slice(0, mostText))?.[1],
      name: params.get('CN')?.slice(0, mostText).trim() || undefined,
    })),
  };
}

/** When an occurrence that begins at a local time ends. */
export function endOf({ length }: CalendarEvent, clock: ZoneClock, local: number): number {
  return clock.instantOf(local + length.localMs) + length.exactMs;
}

function instantOf({ clock, local }: WallTime): number {
  return clock.instantOf(local);
}

/** Rooms and things are invited as people are; and who declined is not there. */
function isPerson({ name, params }: Property): boolean {
  if (name !== 'ATTENDEE') return false;
  const isThing = ['ROOM', 'RESOURCE'].includes(params.get('CUTYPE')?.toUpperCase() ?? '');
  return !isThing && params.get('PARTSTAT')?.toUpperCase() !== 'DECLINED';
}

function lengthOf(
  begin: WallTime,
  end: Property | undefined,
  duration: Property | undefined,
  zones: Zones,
): CalendarEvent['length'] | Unreadable {
  const length = end ? lengthTo(begin, end, zones) : lengthFor(begin, duration);
  if ('unreadable' in length) return length;
  if (length.localMs + length.exactMs <= 0) return { unreadable: 'is shorter than a minute; give it a DTEND' };
  return length;
}

function lengthTo(begin: WallTime, property: Property, zones: Zones): CalendarEvent['length'] | Unreadable {
  const end = readTime(property.value, property, zones);
  if ('unreadable' in end) return end;
  // RFC 5545 lets occurrences last as long as the first one; but who is on call until 07:00 is so in the night of the clock
  // change too, and calendars show it like this. So the hour of the clock counts.
  if (begin.clock === end.clock) return { localMs: end.local - begin.local, exactMs: 0 };
  return { localMs: 0, exactMs: end.clock.instantOf(end.local) - begin.clock.instantOf(begin.local) };
}

function lengthFor(begin: WallTime, duration: Property | undefined): CalendarEvent['length'] | Unreadable {
  if (!duration) return { localMs: begin.isDate ? dayMs : 0, exactMs: 0 };
  const length = readDuration(duration.value);
  if (length === undefined) return { unreadable: 'DURATION must be such as P1DT12H and at most ten years' };
  const localMs = Math.floor(length / dayMs) * dayMs;
  return /[WD]/i.test(duration.value) ? { localMs, exactMs: length - localMs } : { localMs: 0, exactMs: length };
}

function ruleOf(component: Component): RepeatRule | Unreadable | undefined {
  const rules = component.properties.filter(({ name }) => name === 'RRULE');
  if (rules.length > 1) return { unreadable: 'has several RRULEs; split it into several events' };
  if (component.properties.some(({ name }) => name === 'EXRULE')) {
    return { unreadable: 'has an EXRULE, which is no longer read; use EXDATE' };
  }
  return rules[0] && readRule(rules[0].value);
}

function datesOf(component: Component, name: string, zones: Zones): WallTime[] | Unreadable {
  const times: WallTime[] = [];
  for (const property of component.properties) {
    if (property.name !== name) continue;
    for (const value of property.value.split(',')) {
      const time = readTime(value, property, zones);
      if ('unreadable' in time) return time;
      if (times.length >= mostDates) return { unreadable: `${name} holds more than ${mostDates} dates` };
      times.push(time);
    }
  }
  return times;
}

function replacedBy(property: Property | undefined, zones: Zones): WallTime[] | Unreadable {
  if (!property) return [];
  if (property.params.has('RANGE'))
    return { unreadable: 'changes all later occurrences at once; end the old event by UNTIL' };
  const time = readTime(property.value, property, zones);
  return 'unreadable' in time ? time : [time];
}
