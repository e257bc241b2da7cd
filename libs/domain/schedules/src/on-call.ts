/** Who is on call: an override decides, else a holiday, else all rotations together. */
import type { Holiday, Override, Schedule } from '#contract';
import { holidayLayer, overrideLayer, rotationLayer, type Saying } from './layers.ts';

/** One rotation that has somebody on call. `index` is its place in the schedule. */
export interface Turn {
  index: number;
  name?: string;
  member: string;
}

/** What of a schedule decided. `index` is the place of the override or holiday in its list. */
export type Because =
  | { kind: 'override'; index: number; note?: string }
  /** `date`: the first day of this occurrence. */
  | { kind: 'holiday'; index: number; date: string; title?: string }
  | { kind: 'rotation'; turns: Turn[] }
  /** No override, no holiday, and no rotation has anybody at that time. */
  | { kind: 'nobody' };

/** Who is on call, each person once, and why. Overrides and holidays may well leave nobody. */
export interface OnCall {
  members: string[];
  because: Because;
}

/** A stretch of time in which nothing changes: from, inclusive, to, exclusive. */
export interface Shift extends OnCall {
  from: Date;
  to: Date;
}

interface Verdict extends OnCall {
  until: number;
}

type Judge = (instant: number) => Verdict;

/** Shifts told at once when the caller names no limit. */
const defaultLimit = 10_000;
/** Changes looked at for one answer, also when few of them make a new shift: about 20 years of hourly turns. */
const mostSteps = 200_000;

const judges = new WeakMap<Schedule, Judge>();

/** Who is on call at an instant. A schedule must not be changed after it was asked once; its arithmetic is kept. */
export function onCall(schedule: Schedule, at: Date): OnCall {
  const { members, because } = judgeOf(schedule)(at.getTime());
  return { members, because };
}

/**
 * The shifts from one instant to another, in order and without gaps; those in which nobody is on call stand among them.
 * The answer ends early, at the end of a shift, when it holds `limit` of them, or after 200,000 changes of any kind: see
 * the `to` of the last one.
 */
export function shifts(schedule: Schedule, from: Date, to: Date, limit = defaultLimit): Shift[] {
  const judge = judgeOf(schedule);
  const found: Shift[] = [];
  let instant = from.getTime();
  let lastKey = '';
  for (let step = 0; instant < to.getTime() && step < mostSteps; step++) {
    const { members, because, until } = judge(instant);
    const end = Math.min(until, to.getTime());
    const key = JSON.stringify([members, because]);
    if (key === lastKey) found.at(-1)!.to = new Date(end);
    else if (found.length >= limit) break;
    else found.push({ from: new Date(instant), to: new Date(end), members, because });
    lastKey = key;
    instant = end;
  }
  return found;
}

function judgeOf(schedule: Schedule): Judge {
  let judge = judges.get(schedule);
  if (!judge) {
    judge = build(schedule);
    judges.set(schedule, judge);
  }
  return judge;
}

function build({ timeZone, rotations, overrides = [], holidays = [] }: Schedule): Judge {
  const overrideAt = overrideLayer(timeZone, overrides);
  const holidayAt = holidayLayer(timeZone, holidays);
  const turnsAt = rotations.map((rotation) => rotationLayer(timeZone, rotation));
  return (instant) => {
    const override = overrideAt(instant);
    if (override.value !== undefined) return byOverride(overrides[override.value]!, override.value, override.until);
    const holiday = holidayAt(instant);
    const until = Math.min(override.until, holiday.until);
    if (holiday.value) return byHoliday(holidays[holiday.value.index]!, holiday.value, until);
    return byRotations(
      rotations,
      turnsAt.map((turnAt) => turnAt(instant)),
      until,
    );
  };
}

function byOverride({ members, note }: Override, index: number, until: number): Verdict {
  const because: Because = { kind: 'override', index, ...(note === undefined ? {} : { note }) };
  return { members: [...new Set(members)], because, until };
}

function byHoliday({ members = [], title }: Holiday, found: { index: number; date: string }, until: number): Verdict {
  const because: Because = { kind: 'holiday', ...found, ...(title === undefined ? {} : { title }) };
  return { members: [...new Set(members)], because, until };
}

function byRotations(rotations: Schedule['rotations'], sayings: Saying<string>[], latest: number): Verdict {
  const turns = sayings.flatMap(({ value: member }, index): Turn[] => {
    if (member === undefined) return [];
    const { name } = rotations[index]!;
    return [{ index, ...(name === undefined ? {} : { name }), member }];
  });
  const members = [...new Set(turns.map(({ member }) => member))];
  const because: Because = turns.length === 0 ? { kind: 'nobody' } : { kind: 'rotation', turns };
  return { members, because, until: Math.min(latest, ...sayings.map(({ until }) => until)) };
}
