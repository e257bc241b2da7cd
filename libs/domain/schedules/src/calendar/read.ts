/** From an iCalendar file to overrides of a schedule. */
import type { Fault, Override } from '#contract';
import { clockOf, dayMs, type ZoneClock } from '../clock.ts';
import { endOf, readEvent, type CalendarEvent } from './events.ts';
import { faultAt, readComponents, type Component } from './lines.ts';
import { membersOf, type MemberOf } from './people.ts';
import { repeatedDays, type Budget } from './recurrence.ts';
import { flatten, mostOverrides, type Stretch } from './stretches.ts';
import { readTime, type Zones } from './times.ts';

/** How a calendar is read. */
export interface ReadOptions {
  /** Zone of the schedule; times without a zone go by its clock. */
  timeZone: string;
  /** Only what touches this span is taken; repetitions are followed as far as `to`. */
  from: Date;
  to: Date;
  /** Recipient by mail address, name of an attendee, or text of a summary. `undefined`: nobody, or more than one. */
  memberOf: MemberOf;
}

/** What a calendar says. */
export interface CalendarReading {
  /** In order of time, without overlaps: where events overlap, all their people are on call. */
  overrides: Override[];
  /** What was not taken, by line of the file, with the remedy. */
  faults: Fault[];
  /** Events that are good but have no occurrence in the span. */
  outside: number;
}

const mostEvents = 5000;
const mostFaults = 100;
const mostSteps = 1_000_000;
const mostStretches = 50_000;

/**
 * Reads the events of a calendar, each as a time in which its people are on call. A person is found by ATTENDEE, else by
 * SUMMARY, which may name several with commas between them. Cancelled events are left out. Bounds: 1 MiB, 5,000 events and
 * as many overrides, 50,000 occurrences and 1,000,000 steps for all repetitions together, about as many as days looked at; what is beyond them is a fault.
 */
export function fromCalendar(text: string, { timeZone, from, to, memberOf }: ReadOptions): CalendarReading {
  const { calendar, faults } = readComponents(text);
  const components = calendar?.components.filter(({ name }) => name === 'VEVENT') ?? [];
  if (components.length > mostEvents) {
    faults.push(faultAt(components[mostEvents]!.line, `only ${mostEvents} events are read; export a shorter span`));
  }
  const zones = { own: timeZone, named: namedZones(calendar) };
  const events = readEvents(components.slice(0, mostEvents), zones, faults);
  const replaced = new Set(
    events.flatMap(({ uid, replaces }) => (replaces === undefined ? [] : [`${uid} ${replaces}`])),
  );
  const budget: Budget = { steps: mostSteps };
  const stretches: Stretch[] = [];
  let outside = 0;
  for (const event of events.filter(({ cancelled }) => !cancelled)) {
    const times = occurrences(event, { from: from.getTime(), to: to.getTime(), zones, budget });
    if (typeof times === 'string') {
      faults.push(ofEvent(event, times));
      continue;
    }
    const wanted = times.filter(([begin]) => event.replaces !== undefined || !replaced.has(`${event.uid} ${begin}`));
    if (wanted.length === 0) {
      outside++;
      continue;
    }
    const { members, unknown } = membersOf(event, memberOf);
    if (unknown !== undefined) faults.push(ofEvent(event, unknown));
    if (members.length === 0) continue;
    if (stretches.length + wanted.length > mostStretches) {
      faults.push(ofEvent(event, `is beyond the ${mostStretches} occurrences that are read; shorten the span`));
      continue;
    }
    for (const [begin, end] of wanted)
      stretches.push({ from: begin, to: end, members, note: event.summary, line: event.line });
  }
  const overrides = flatten(stretches, clockOf(timeZone), faults);
  return { overrides, faults: shortened(faults), outside };
}

function readEvents(components: readonly Component[], zones: Zones, faults: Fault[]): CalendarEvent[] {
  return components.flatMap((component) => {
    const event = readEvent(component, zones);
    if (!('unreadable' in event)) return [event];
    const uid = component.properties.find(({ name }) => name === 'UID')?.value.slice(0, 100) ?? 'without UID';
    faults.push(faultAt(component.line, `event ${uid}: ${event.unreadable}`));
    return [];
  });
}

function ofEvent({ line, uid }: CalendarEvent, detail: string): Fault {
  return faultAt(line, `event ${uid.slice(0, 100) || 'without UID'}: ${detail}`);
}

/** IANA names that the file itself gives for its time zones. */
function namedZones(calendar: Component | undefined): Map<string, string> {
  const valueOf = (component: Component, wanted: string) =>
    component.properties.find(({ name }) => name === wanted)?.value.trim() ?? '';
  const zones = calendar?.components.filter(({ name }) => name === 'VTIMEZONE').slice(0, 200) ?? [];
  return new Map(zones.map((zone) => [valueOf(zone, 'TZID'), valueOf(zone, 'X-LIC-LOCATION')]));
}

interface Span {
  from: number;
  to: number;
  zones: Zones;
  budget: Budget;
}

/** The occurrences that touch a span, as begin and end; a text says why there are none. */
function occurrences(event: CalendarEvent, span: Span): [number, number][] | string {
  const { clock, local } = event.begin;
  const found: [number, number][] = [];
  const take = (begin: number, end: number): void => {
    if (end > span.from && begin < span.to && !isLeftOut(event, begin)) found.push([begin, end]);
  };
  const starts = event.replaces === undefined ? startsOf(event, span) : [local];
  if (typeof starts === 'string') return starts;
  for (const start of starts) take(clock.instantOf(start), endOf(event, clock, start));
  const own = new Set(found.map(([begin]) => begin));
  for (const begin of event.also) if (!own.has(begin)) take(begin, endOf(event, clock, clock.localOf(begin)));
  return found;
}

function isLeftOut({ without, begin }: CalendarEvent, instant: number): boolean {
  return without.instants.has(instant) || without.days.has(Math.floor(begin.clock.localOf(instant) / dayMs));
}

/** Local times at which the occurrences begin. */
function startsOf({ begin, rule, length }: CalendarEvent, { from, to, zones, budget }: Span): number[] | string {
  if (!rule) return [begin.local];
  const lastLocal = rule.until === undefined ? Infinity : untilOf(rule.until, begin.clock, zones);
  if (typeof lastLocal === 'string') return lastLocal;
  const first = Math.floor(begin.local / dayMs);
  const inDay = begin.local - first * dayMs;
  const lengthDays = Math.ceil((length.localMs + length.exactMs) / dayMs);
  const days = { first, from: Math.floor(from / dayMs) - lengthDays - 2, to: Math.ceil(to / dayMs) + 2 };
  const starts: number[] = [];
  for (const day of repeatedDays(rule, days, budget)) {
    const start = day * dayMs + inDay;
    if (start > lastLocal) break;
    if (day >= days.from) starts.push(start);
    if (starts.length > mostOverrides) return `it comes more than ${mostOverrides} times; shorten the span`;
  }
  if (budget.steps < 0)
    return 'its repetition, with those before it, is too long; shorten the span or write the events singly';
  return starts;
}

function untilOf(until: string, clock: ZoneClock, zones: Zones): number | string {
  const property = { name: 'UNTIL', params: new Map<string, string>(), value: until, line: 0 };
  const time = readTime(until, property, zones);
  if ('unreadable' in time) return time.unreadable;
  if (time.isDate) return time.local + dayMs - 1;
  return until.endsWith('Z') ? clock.localOf(time.local) : time.local;
}

function shortened(faults: readonly Fault[]): Fault[] {
  if (faults.length <= mostFaults) return [...faults];
  const more = faults[mostFaults]!;
  const detail = `and ${faults.length - mostFaults} more faults from here on; mend these first`;
  return [...faults.slice(0, mostFaults), { pointer: more.pointer, detail }];
}
