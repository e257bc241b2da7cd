/**
 * A fortnight of two schedules, minute by minute, against tables made by hand. Europe leaves summer time on 25 October
 * 2026 at 01:00 UTC, the United States on 1 November at 06:00 UTC. All times of the tables are UTC.
 */
import { describe, expect, it } from '@jest/globals';
import { schedule as shape, type Schedule } from '#contract';
import { checkSchedule } from './check.ts';
import { onCall, shifts, type OnCall } from './on-call.ts';

const minuteMs = 60_000;
const begin = new Date('2026-10-19T00:00Z');
const end = new Date('2026-11-02T00:00Z');

const everyDay = { count: 1, unit: 'days' } as const;
const everyWeek = { count: 1, unit: 'weeks' } as const;

const berlin: Schedule = {
  timeZone: 'Europe/Berlin',
  rotations: [
    { name: 'stock', members: ['anna', 'boris'], starts: '2026-10-05T09:00', every: everyWeek },
    {
      name: 'nights',
      members: ['clara', 'dmitri', 'emil'],
      starts: '2026-10-17T22:00',
      every: everyDay,
      hours: [{ from: '22:00', to: '06:00' }],
    },
  ],
  overrides: [
    { from: '2026-10-21T18:00', to: '2026-10-22T09:00', members: ['boris'], note: 'Anna is travelling' },
    { from: '2026-10-25T01:00', to: '2026-10-25T04:00', members: ['felix'] },
    { from: '2026-10-31T12:00', to: '2026-10-31T14:00', members: [] },
  ],
  holidays: [{ date: '2026-10-31', title: 'Reformation Day', members: ['greta'] }],
};

const newYork: Schedule = {
  timeZone: 'America/New_York',
  rotations: [
    { name: 'east', members: ['kim', 'lee', 'mia'], starts: '2026-10-20T01:30', every: { count: 3, unit: 'days' } },
    {
      name: 'watch',
      members: ['noor', 'omar'],
      starts: '2026-10-30T08:00',
      until: '2026-11-01T12:00',
      every: { count: 12, unit: 'hours' },
    },
    {
      name: 'office',
      members: ['sam'],
      starts: '2026-10-01T00:00',
      every: everyWeek,
      hours: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '17:00' }],
    },
  ],
  overrides: [
    { from: '2026-10-24T20:00', to: '2026-10-25T20:00', members: ['pat'] },
    { from: '2026-10-25T08:00', to: '2026-10-25T10:00', members: ['quinn'] },
  ],
  holidays: [
    { date: '2020-10-31', yearly: true, title: 'Halloween', members: ['rosa'] },
    { date: '2026-10-27', days: 2, title: 'Stocktaking' },
  ],
};

// From when | who, in order | what decided. Each line lasts until the next.
const berlinByHand = `
  10-19 00:00 | boris dmitri | rotation
  10-19 04:00 | boris        | rotation
  10-19 07:00 | anna         | rotation
  10-19 20:00 | anna emil    | rotation
  10-20 04:00 | anna         | rotation
  10-20 20:00 | anna clara   | rotation
  10-21 04:00 | anna         | rotation
  10-21 16:00 | boris        | override
  10-22 07:00 | anna         | rotation
  10-22 20:00 | anna emil    | rotation
  10-23 04:00 | anna         | rotation
  10-23 20:00 | anna clara   | rotation
  10-24 04:00 | anna         | rotation
  10-24 20:00 | anna dmitri  | rotation
  10-24 23:00 | felix        | override
  10-25 03:00 | anna dmitri  | rotation
  10-25 05:00 | anna         | rotation
  10-25 21:00 | anna emil    | rotation
  10-26 05:00 | anna         | rotation
  10-26 08:00 | boris        | rotation
  10-26 21:00 | boris clara  | rotation
  10-27 05:00 | boris        | rotation
  10-27 21:00 | boris dmitri | rotation
  10-28 05:00 | boris        | rotation
  10-28 21:00 | boris emil   | rotation
  10-29 05:00 | boris        | rotation
  10-29 21:00 | boris clara  | rotation
  10-30 05:00 | boris        | rotation
  10-30 21:00 | boris dmitri | rotation
  10-30 23:00 | greta        | holiday
  10-31 11:00 |              | override
  10-31 13:00 | greta        | holiday
  10-31 23:00 | boris emil   | rotation
  11-01 05:00 | boris        | rotation
  11-01 21:00 | boris clara  | rotation`;

const newYorkByHand = `
  10-19 00:00 |              | nobody
  10-19 13:00 | sam          | rotation
  10-19 21:00 |              | nobody
  10-20 05:30 | kim          | rotation
  10-20 13:00 | kim sam      | rotation
  10-20 21:00 | kim          | rotation
  10-21 13:00 | kim sam      | rotation
  10-21 21:00 | kim          | rotation
  10-22 13:00 | kim sam      | rotation
  10-22 21:00 | kim          | rotation
  10-23 05:30 | lee          | rotation
  10-23 13:00 | lee sam      | rotation
  10-23 21:00 | lee          | rotation
  10-25 00:00 | pat          | override
  10-25 12:00 | quinn        | override
  10-25 14:00 | pat          | override
  10-26 00:00 | lee          | rotation
  10-26 05:30 | mia          | rotation
  10-26 13:00 | mia sam      | rotation
  10-26 21:00 | mia          | rotation
  10-27 04:00 |              | holiday
  10-29 04:00 | mia          | rotation
  10-29 05:30 | kim          | rotation
  10-29 13:00 | kim sam      | rotation
  10-29 21:00 | kim          | rotation
  10-30 12:00 | kim noor     | rotation
  10-30 13:00 | kim noor sam | rotation
  10-30 21:00 | kim noor     | rotation
  10-31 00:00 | kim omar     | rotation
  10-31 04:00 | rosa         | holiday
  11-01 04:00 | kim omar     | rotation
  11-01 05:30 | lee omar     | rotation
  11-01 12:00 | lee noor     | rotation
  11-01 17:00 | lee          | rotation`;

function rowsOf(table: string): { from: string; who: string }[] {
  return table
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([from, members, kind]) => ({
      from: `2026-${from!.replace(' ', 'T')}:00.000Z`,
      who: `${members} by ${kind}`,
    }));
}

function told({ members, because }: OnCall): string {
  return `${members.join(' ')} by ${because.kind}`;
}

describe.each([
  ['Europe/Berlin', berlin, berlinByHand],
  ['America/New_York', newYork, newYorkByHand],
])('a fortnight across a clock change in %s', (_zone, schedule, table) => {
  const rows = rowsOf(table);

  it('is a schedule that may be saved', () => {
    expect(shape.parse(schedule)).toEqual(schedule);
    expect(checkSchedule(schedule)).toEqual([]);
  });

  it('has the same people on call as the table, in each of its 20,160 minutes', () => {
    const wrong: string[] = [];
    let minutes = 0;
    for (let at = begin.getTime(); at < end.getTime(); at += minuteMs, minutes++) {
      const time = new Date(at).toISOString();
      const expected = rows.findLast(({ from }) => from <= time)!.who;
      const found = told(onCall(schedule, new Date(at)));
      if (found !== expected) wrong.push(`${time}: ${found}, by hand ${expected}`);
    }
    expect(minutes).toBe(20_160);
    expect(wrong).toEqual([]);
  });

  it('has the shifts of the table', () => {
    const found = shifts(schedule, begin, end);
    expect(found.map((shift) => ({ from: shift.from.toISOString(), who: told(shift) }))).toEqual(rows);
    expect(found.map(({ to }) => to)).toEqual([...found.slice(1).map(({ from }) => from), end]);
  });
});
