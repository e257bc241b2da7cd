import { describe, expect, it } from '@jest/globals';
import { schedule as shape, type Schedule } from '#contract';
import { checkSchedule } from './check.ts';

const weekly = { count: 1, unit: 'weeks' } as const;

function faults(schedule: Schedule): string[] {
  expect(shape.safeParse(schedule).success).toBe(true);
  return checkSchedule(schedule).map(({ pointer, detail }) => `${pointer} ${detail}`);
}

describe('checkSchedule', () => {
  it('has nothing against the example of the contract', () => {
    expect(faults(shape.parse(shape.meta()?.example))).toEqual([]);
  });

  it('points at a rotation that ends before it starts, and at hours that never come within it', () => {
    const found = faults({
      timeZone: 'Europe/Moscow',
      rotations: [
        { members: ['a'], starts: '2026-11-20T09:00', until: '2026-11-20T09:00', every: weekly },
        {
          members: ['a'],
          starts: '2026-11-20T09:00',
          until: '2026-11-21T00:00',
          every: weekly,
          hours: [{ days: ['sat'], from: '00:00', to: '24:00' }],
        },
      ],
    });
    expect(found).toEqual([
      '/rotations/0/until must be later than `starts`, which is 2026-11-20T09:00',
      '/rotations/1/hours never come between `starts` and `until`; widen them, or drop the rotation',
    ]);
  });

  it('points at the second of two rotations of the same name', () => {
    const rotation = { name: 'nights', members: ['a'], starts: '2026-11-20T09:00', every: weekly };
    expect(faults({ timeZone: 'UTC', rotations: [rotation, { ...rotation, name: 'days' }, rotation] })).toEqual([
      '/rotations/2/name is taken by rotation 0; choose another',
    ]);
  });

  it('points at an override that ends before it begins, also when the clock change makes it so', () => {
    const override = { from: '2026-03-29T03:30', to: '2026-03-29T02:30', members: [] };
    const mixed = { from: '2026-11-20T09:00', to: '2026-11-20T09:00+03:00', members: [] };
    const found = checkSchedule({ timeZone: 'Europe/Berlin', rotations: [], overrides: [override, mixed] });
    expect(found.map(({ pointer }) => pointer)).toEqual(['/overrides/0/to', '/overrides/1/to']);
  });

  it('points at a time zone that does not exist', () => {
    expect(checkSchedule({ timeZone: 'Mars/Olympus', rotations: [] })).toEqual([
      { pointer: '/timeZone', detail: 'is not a known time zone; write one such as Europe/Moscow' },
    ]);
  });
});
