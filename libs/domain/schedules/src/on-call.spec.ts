import { describe, expect, it } from '@jest/globals';
import type { Schedule } from '#contract';
import fc from 'fast-check';
import { onCall, shifts } from './on-call.ts';

const daily = { count: 1, unit: 'days' } as const;

function who(schedule: Schedule, at: string): string {
  return onCall(schedule, new Date(at)).members.join(' ');
}

describe('onCall', () => {
  it('hands over at the same time of day when the clocks change, but every so many hours for turns of hours', () => {
    const turns = (every: Schedule['rotations'][number]['every']): Schedule => ({
      timeZone: 'Europe/Berlin',
      rotations: [{ members: ['a', 'b'], starts: '2026-10-24T09:00', every }],
    });
    expect(who(turns(daily), '2026-10-25T07:59Z')).toBe('a');
    expect(who(turns(daily), '2026-10-25T08:00Z')).toBe('b');
    expect(who(turns({ count: 24, unit: 'hours' }), '2026-10-25T06:59Z')).toBe('a');
    expect(who(turns({ count: 24, unit: 'hours' }), '2026-10-25T07:00Z')).toBe('b');
  });

  it('moves a hand-over that the clocks skip forward, and takes the first of one that comes twice', () => {
    const nightly: Schedule = {
      timeZone: 'Europe/Berlin',
      rotations: [{ members: ['a', 'b'], starts: '2026-03-28T02:30', every: daily }],
    };
    expect([who(nightly, '2026-03-29T01:29Z'), who(nightly, '2026-03-29T01:30Z')]).toEqual(['a', 'b']);
    expect([who(nightly, '2026-10-25T00:29Z'), who(nightly, '2026-10-25T00:30Z')]).toEqual(['a', 'b']);
    expect([who(nightly, '2026-10-25T01:29Z'), who(nightly, '2026-10-25T01:30Z')]).toEqual(['b', 'b']);
  });

  it('has nobody before a rotation starts and after it ended, and says so', () => {
    const short: Schedule = {
      timeZone: 'UTC',
      rotations: [{ members: ['a'], starts: '2026-11-20T09:00', until: '2026-11-21T09:00', every: daily }],
    };
    expect(onCall(short, new Date('2026-11-20T08:59Z'))).toEqual({ members: [], because: { kind: 'nobody' } });
    expect([who(short, '2026-11-20T09:00Z'), who(short, '2026-11-21T08:59Z')]).toEqual(['a', 'a']);
    expect(who(short, '2026-11-21T09:00Z')).toBe('');
  });

  it('names what decided, with its note, title or turns', () => {
    const schedule: Schedule = {
      timeZone: 'UTC',
      rotations: [
        { name: 'first', members: ['a', 'b'], starts: '2026-11-01T00:00', every: daily },
        { members: ['a'], starts: '2026-11-01T00:00', every: daily },
      ],
      overrides: [
        { from: '2026-11-05T10:00', to: '2026-11-05T12:00', members: ['c', 'c'], note: 'swap' },
        { from: '2026-11-05T15:00+03:00', to: '2026-11-05T13:00Z', members: ['d'] },
      ],
      holidays: [{ date: '2026-11-06', title: 'Day off' }],
    };
    expect(onCall(schedule, new Date('2026-11-03T12:00Z'))).toEqual({
      members: ['a'],
      because: {
        kind: 'rotation',
        turns: [
          { index: 0, name: 'first', member: 'a' },
          { index: 1, member: 'a' },
        ],
      },
    });
    const override = { kind: 'override', index: 0, note: 'swap' };
    expect(onCall(schedule, new Date('2026-11-05T11:59Z'))).toEqual({ members: ['c'], because: override });
    expect(who(schedule, '2026-11-05T12:00Z')).toBe('d');
    const holiday = { kind: 'holiday', index: 0, date: '2026-11-06', title: 'Day off' };
    expect(onCall(schedule, new Date('2026-11-06T11:59Z'))).toEqual({ members: [], because: holiday });
  });

  it('lets the last of two overrides or holidays decide', () => {
    const schedule: Schedule = {
      timeZone: 'UTC',
      rotations: [],
      overrides: [
        { from: '2026-11-05T10:00', to: '2026-11-05T12:00', members: ['late'] },
        { from: '2026-11-05T09:00', to: '2026-11-05T11:00', members: ['last'] },
      ],
      holidays: [
        { date: '2026-12-24', days: 3, members: ['h1'] },
        { date: '2026-12-25', members: ['h2'] },
      ],
    };
    expect(['09:30', '10:30', '11:30'].map((time) => who(schedule, `2026-11-05T${time}Z`))).toEqual([
      'last',
      'last',
      'late',
    ]);
    expect([24, 25, 26, 27].map((day) => who(schedule, `2026-12-${day}T12:00Z`))).toEqual(['h1', 'h2', 'h1', '']);
  });

  it('keeps yearly holidays from their first year on, across New Year, and 29 February in leap years', () => {
    const schedule: Schedule = {
      timeZone: 'Europe/Moscow',
      rotations: [],
      holidays: [
        { date: '2024-02-29', yearly: true, members: ['leap'] },
        { date: '2025-12-30', days: 5, yearly: true, members: ['new-year'] },
      ],
    };
    const days = [
      '2024-02-29',
      '2025-02-28',
      '2025-03-01',
      '2028-02-29',
      '2025-01-01',
      '2026-01-03',
      '2026-01-04',
      '2031-12-30',
    ];
    expect(days.map((day) => who(schedule, `${day}T12:00+03:00`))).toEqual([
      'leap',
      '',
      '',
      'leap',
      '',
      'new-year',
      '',
      'new-year',
    ]);
    expect(who(schedule, '2028-02-28T21:00Z')).toBe('leap');
  });
});

describe('shifts', () => {
  it('are many in a year of hourly turns, and do not take long to work out in a hundred years of one person', () => {
    const hourly: Schedule = {
      timeZone: 'America/St_Johns',
      rotations: [{ members: ['a', 'b'], starts: '2026-01-01T00:00', every: { count: 1, unit: 'hours' } }],
    };
    expect(shifts(hourly, new Date('2026-02-01'), new Date('2027-02-01'))).toHaveLength(365 * 24 + 1);
    const alone = { ...hourly, rotations: [{ ...hourly.rotations[0]!, members: ['a'] }] };
    expect(shifts(alone, new Date('2026-02-01'), new Date('2126-02-01'))).toHaveLength(1);
  });

  it('end at the end of a shift when the limit is reached', () => {
    const schedule: Schedule = {
      timeZone: 'UTC',
      rotations: [{ members: ['a', 'b'], starts: '2026-01-01T00:00', every: { count: 1, unit: 'weeks' } }],
      holidays: [{ date: '2030-01-01' }],
    };
    const found = shifts(schedule, new Date('2026-01-01'), new Date('2027-01-01'), 3);
    expect(found.map(({ to }) => to.toISOString().slice(0, 10))).toEqual(['2026-01-08', '2026-01-15', '2026-01-22']);
  });

  it('are none when the span is empty', () => {
    expect(shifts({ timeZone: 'UTC', rotations: [] }, new Date('2026-01-01'), new Date('2026-01-01'))).toEqual([]);
  });
});

const hour = 3_600_000;
const base = Date.parse('2026-01-01T00:00Z');
const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/St_Johns', 'Asia/Kolkata', 'UTC'];
const people = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 });
const moments = fc
  .integer({ min: 0, max: 300 * 96 })
  .map((q) => new Date(base + (q * hour) / 4).toISOString().slice(0, 16));
const times = fc.integer({ min: 0, max: 47 }).map((half) => new Date(half * hour * 0.5).toISOString().slice(11, 16));
const rotations = fc.record(
  {
    members: people,
    starts: moments,
    every: fc.record({ count: fc.integer({ min: 1, max: 9 }), unit: fc.constantFrom('hours', 'days', 'weeks') }),
    until: moments,
    hours: fc.array(fc.record({ from: times, to: times }), { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: ['members', 'starts', 'every'] },
);
const anySchedule = fc.record({
  timeZone: fc.constantFrom(...zones),
  rotations: fc.array(rotations, { maxLength: 3 }),
  overrides: fc.array(
    fc.record({ from: moments, to: moments, members: fc.uniqueArray(fc.constantFrom('a', 'x'), {}) }),
    {
      maxLength: 5,
    },
  ),
  holidays: fc.array(
    fc.record({
      date: moments.map((moment) => moment.slice(0, 10)),
      days: fc.integer({ min: 1, max: 20 }),
      yearly: fc.boolean(),
      members: people,
    }),
    { maxLength: 4 },
  ),
}) as fc.Arbitrary<Schedule>;

describe('shifts of any schedule', () => {
  it('fill the span without gaps, differ from their neighbours, and say what onCall says within them', () => {
    const spans = fc.tuple(fc.integer({ min: 0, max: 250 * 24 }), fc.integer({ min: 1, max: 60 * 24 }));
    const inside = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
      minLength: 20,
      maxLength: 20,
    });
    fc.assert(
      fc.property(anySchedule, spans, inside, (schedule, [start, length], places) => {
        const [from, to] = [base + start * hour, base + (start + length) * hour];
        const found = shifts(schedule, new Date(from), new Date(to));
        expect(found[0]!.from.getTime()).toBe(from);
        expect(found.at(-1)!.to.getTime()).toBe(to);
        for (const [index, shift] of found.slice(1).entries()) {
          const { members, because, to: end } = found[index]!;
          expect(shift.from).toEqual(end);
          expect({ members: shift.members, because: shift.because }).not.toEqual({ members, because });
        }
        for (const place of places) {
          const at = new Date(Math.min(to - 1, Math.floor(from + place * (to - from))));
          const { members, because } = found.find((shift) => shift.from <= at && at < shift.to)!;
          expect(onCall(schedule, at)).toEqual({ members, because });
        }
      }),
      { numRuns: 300, seed: 20261120 },
    );
  });
});
