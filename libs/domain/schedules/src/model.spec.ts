/**
 * Random schedules around a clock change against a plain model, which shares no code with the library: it looks up what
 * the clock shows in a table made by `Intl`, counts turns one by one, and compares texts.
 */
import { describe, expect, it } from '@jest/globals';
import { type Holiday, type Rotation, type Schedule, type WeeklyHours } from '#contract';
import fc from 'fast-check';
import { onCall } from './on-call.ts';

const quarterMs = 900_000;
const dayMs = 86_400_000;
const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

interface Place {
  timeZone: string;
  begin: number;
  /** What the clock shows at each quarter of an hour: `2026-10-25T02:30`. */
  shown: string[];
  /** When it shows that first. */
  first: Map<string, number>;
}

function place(timeZone: string, date: string): Place {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const begin = Date.parse(date) - 16 * dayMs;
  const shown = Array.from({ length: 32 * 96 }, (_, quarter) =>
    format.format(begin + quarter * quarterMs).replace(' ', 'T'),
  );
  const first = new Map<string, number>();
  for (const [quarter, text] of shown.entries()) if (!first.has(text)) first.set(text, begin + quarter * quarterMs);
  return { timeZone, begin, shown, first };
}

const places = [
  place('Europe/Berlin', '2026-10-25'),
  place('Europe/Berlin', '2026-03-29'),
  place('America/New_York', '2026-11-01'),
  place('America/St_Johns', '2026-03-08'),
  place('Australia/Lord_Howe', '2026-10-04'),
  place('Australia/Lord_Howe', '2026-04-05'),
];

function plus(local: string, ms: number): string {
  return new Date(Date.parse(`${local}Z`) + ms).toISOString().slice(0, 16);
}

/** A skipped time is that of as long after the jump as it would have been after the last minute before it. */
function instantOf({ first }: Place, local: string): number {
  let [at, back] = [local, 0];
  while (!first.has(at)) [at, back] = [plus(at, -quarterMs), back + quarterMs];
  return first.get(at)! + back;
}

function holds({ days, from, to }: WeeklyHours, shown: string): boolean {
  const time = shown.slice(11);
  const today = names[new Date(`${shown}Z`).getUTCDay()]!;
  const yesterday = names[new Date(`${plus(shown, -dayMs)}Z`).getUTCDay()]!;
  const begins = (day: (typeof names)[number]) => days === undefined || days.includes(day);
  if (from < to) return begins(today) && from <= time && time < to;
  return (begins(today) && from <= time) || (begins(yesterday) && time < to);
}

function memberOf(where: Place, { members, starts, until, every, hours }: Rotation, at: number): string[] {
  const shown = where.shown[(at - where.begin) / quarterMs]!;
  if (at < instantOf(where, starts) || (until !== undefined && at >= instantOf(where, until))) return [];
  if (hours && !hours.some((entry) => holds(entry, shown))) return [];
  const length = every.count * { hours: dayMs / 24, days: dayMs, weeks: 7 * dayMs }[every.unit];
  const begins = (turn: number) =>
    every.unit === 'hours' ? instantOf(where, starts) + turn * length : instantOf(where, plus(starts, turn * length));
  let turn = 0;
  while (begins(turn + 1) <= at) turn++;
  return [members[turn % members.length]!];
}

function isOn({ date, days = 1 }: Holiday, shown: string): boolean {
  return Array.from({ length: days }, (_, day) => plus(`${date}T00:00`, day * dayMs).slice(0, 10)).includes(
    shown.slice(0, 10),
  );
}

function byModel(where: Place, { rotations, overrides = [], holidays = [] }: Schedule, at: number): string[] {
  const override = overrides.findLast(({ from, to }) => instantOf(where, from) <= at && at < instantOf(where, to));
  if (override) return override.members;
  const holiday = holidays.findLast((entry) => isOn(entry, where.shown[(at - where.begin) / quarterMs]!));
  if (holiday) return [...new Set(holiday.members)];
  return [...new Set(rotations.flatMap((rotation) => memberOf(where, rotation, at)))];
}

/** Times within five days of the clock change, most of them in its night. */
function momentsAt({ begin }: Place): fc.Arbitrary<string> {
  const quarters = fc.oneof(fc.integer({ min: -480, max: 480 }), fc.integer({ min: -4, max: 20 }));
  return quarters.map((quarter) => new Date(begin + 16 * dayMs + quarter * quarterMs).toISOString().slice(0, 16));
}

function schedulesAt(where: Place): fc.Arbitrary<Schedule> {
  const moments = momentsAt(where);
  const people = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 });
  const times = moments.map((moment) => moment.slice(11));
  const days = fc.subarray([...names], { minLength: 1 });
  const rotation = fc.record(
    {
      members: people,
      starts: moments,
      every: fc.record({ count: fc.integer({ min: 1, max: 5 }), unit: fc.constantFrom('hours', 'days', 'weeks') }),
      until: moments,
      hours: fc.array(fc.record({ days, from: times, to: times }), { minLength: 1, maxLength: 2 }),
    },
    { requiredKeys: ['members', 'starts', 'every'] },
  );
  const date = moments.map((moment) => moment.slice(0, 10));
  return fc.record({
    timeZone: fc.constant(where.timeZone),
    rotations: fc.array(rotation, { minLength: 1, maxLength: 3 }),
    overrides: fc.array(fc.record({ from: moments, to: moments, members: fc.constantFrom([], ['x'], ['y', 'a']) }), {
      maxLength: 2,
    }),
    holidays: fc.array(fc.record({ date, days: fc.integer({ min: 1, max: 3 }), members: people }), { maxLength: 1 }),
  }) as fc.Arbitrary<Schedule>;
}

describe.each(places.map((where) => [where.timeZone, where] as const))('any schedule in %s', (_zone, where) => {
  it('has the people on call whom the model finds, around the change of the clocks', () => {
    const quarters = fc.array(fc.integer({ min: 11 * 96, max: 21 * 96 }), { minLength: 20, maxLength: 20 });
    let somebody = 0;
    fc.assert(
      fc.property(schedulesAt(where), quarters, (schedule, asked) => {
        for (const quarter of asked) {
          const at = where.begin + quarter * quarterMs;
          const expected = byModel(where, schedule, at);
          if (expected.length > 0) somebody++;
          expect([new Date(at), onCall(schedule, new Date(at)).members]).toEqual([new Date(at), expected]);
        }
      }),
      { numRuns: 100, seed: 20261120 },
    );
    // Of 2,000 questions; random schedules leave most of them without anybody, some far more than others.
    expect(somebody).toBeGreaterThan(50);
  });
});
