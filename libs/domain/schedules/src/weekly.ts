/** Hours that come again every week, by what the clock on the wall shows. */
import { type WeeklyHours, weekdays } from '#contract';
import { clockOf, dayMs, minuteMs } from './clock.ts';

const weekMs = 7 * dayMs;
/** 1970-01-01 was a Thursday; weeks begin on Monday here. */
const epochInWeek = 3 * dayMs;
/**
 * How far an opening is looked for. Hours come again after a week; one that falls into the gap of a clock change only after
 * two.
 */
const horizonMs = 15 * dayMs;

/** Where a week opens and closes, in milliseconds since Monday 00:00: opens at even places, closes at odd ones. */
export type WeekEdges = readonly number[];

/** Whether hours are open, and the local time until which nothing changes. */
export interface WeekState {
  open: boolean;
  untilLocal: number;
}

/** Lists of hours that hold at the same time. Each list is open when one of its entries is. */
export interface HoursLists {
  /** Only when all of these are open. */
  working?: readonly (readonly WeeklyHours[])[];
  /** Only when none of these is open. */
  quiet?: readonly (readonly WeeklyHours[])[];
}

const known = new WeakMap<readonly WeeklyHours[], WeekEdges>();

/** The edges of a list of hours. Kept by the list itself, which must not be changed afterwards. */
export function edgesOf(hours: readonly WeeklyHours[]): WeekEdges {
  let edges = known.get(hours);
  if (!edges) {
    edges = union(hours.flatMap(stretchesOf));
    known.set(hours, edges);
  }
  return edges;
}

/** How things stand at a local time. */
export function stateAt(edges: WeekEdges, local: number): WeekState {
  const inWeek = (((local + epochInWeek) % weekMs) + weekMs) % weekMs;
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! <= inWeek) low = middle + 1;
    else high = middle;
  }
  return { open: low % 2 === 1, untilLocal: local - inWeek + (edges[low] ?? weekMs) };
}

/** Whether the clock of a zone shows one of the hours at an instant. */
export function isWithin(hours: readonly WeeklyHours[], timeZone: string, at: Date): boolean {
  return stateAt(edgesOf(hours), clockOf(timeZone).localOf(at.getTime())).open;
}

/**
 * The earliest instant, `at` or later, that lies inside every working list and outside every quiet one. `undefined`: the
 * lists leave no such time in any week.
 */
export function nextOpening({ working = [], quiet = [] }: HoursLists, timeZone: string, at: Date): Date | undefined {
  const clock = clockOf(timeZone);
  const lists = [
    ...working.map((hours) => ({ edges: edgesOf(hours), wanted: true })),
    ...quiet.map((hours) => ({ edges: edgesOf(hours), wanted: false })),
  ];
  const last = at.getTime() + horizonMs;
  for (let instant = at.getTime(); instant <= last;) {
    const local = clock.localOf(instant);
    // The latest of the edges that must be passed: before it at least one list says no.
    let edge = local;
    for (const { edges, wanted } of lists) {
      const { open, untilLocal } = stateAt(edges, local);
      if (open !== wanted) edge = Math.max(edge, untilLocal);
    }
    if (edge === local) return new Date(instant);
    instant = clock.nextAt(instant, edge);
  }
  return undefined;
}

function minutesOf(clockTime: string): number {
  return Number(clockTime.slice(0, 2)) * 60 + Number(clockTime.slice(3));
}

function stretchesOf({ days = [...weekdays], from, to }: WeeklyHours): [number, number][] {
  const begin = minutesOf(from) * minuteMs;
  const end = minutesOf(to) * minuteMs;
  const length = end > begin ? end - begin : end - begin + dayMs;
  return days.flatMap((day) => {
    const start = (weekdays.indexOf(day) * dayMs + begin) % weekMs;
    const over = start + length - weekMs;
    const stretch: [number, number] = [start, Math.min(start + length, weekMs)];
    return over > 0 ? [stretch, [0, over] as [number, number]] : [stretch];
  });
}

function union(stretches: [number, number][]): number[] {
  const edges: number[] = [];
  for (const [from, to] of stretches.sort((a, b) => a[0] - b[0])) {
    const end = edges.at(-1);
    if (end === undefined || from > end) edges.push(from, to);
    else edges[edges.length - 1] = Math.max(end, to);
  }
  return edges;
}
