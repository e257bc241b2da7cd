import { describe, expect, it } from '@jest/globals';
import { schedule as shape, type Schedule } from '#contract';
import fc from 'fast-check';
import { onCall } from '../on-call.ts';
import { fromCalendar } from './read.ts';
import { toCalendar } from './write.ts';

const names: Record<string, string> = {
  anna: 'Анна Петрова',
  boris: 'Борис, ст. смены; Склад\\2 (Северный терминал)',
  clara: 'Clara',
  dmitri: 'Тёзка, мл.',
  emil: 'Тёзка, мл.',
};
const nameOf = (slug: string) => names[slug] ?? slug;

/** As an importer would look people up: by slug, or by a name that only one of the people has. */
function lookUpAmong(people: readonly string[]): (text: string) => string | undefined {
  return (text) => {
    if (people.includes(text)) return text;
    const found = people.filter((slug) => names[slug] === text);
    return found.length === 1 ? found[0] : undefined;
  };
}

const schedule: Schedule = {
  displayName: 'Склад, дежурства',
  timeZone: 'Europe/Berlin',
  rotations: [
    {
      name: 'days',
      members: ['anna', 'boris', 'clara'],
      starts: '2026-10-01T09:00',
      every: { count: 1, unit: 'days' },
    },
    { members: ['dmitri', 'emil'], starts: '2026-10-01T00:00', every: { count: 5, unit: 'hours' } },
  ],
  overrides: [{ from: '2026-10-26T10:00', to: '2026-10-26T12:00', members: [], note: 'Учения' }],
  holidays: [{ date: '2026-10-27', title: 'Праздник', members: ['clara'] }],
};
const from = new Date('2026-10-24T00:00Z');
const to = new Date('2026-10-29T00:00Z');

function unfolded(text: string): string[] {
  return text.replaceAll('\r\n ', '').trimEnd().split('\r\n');
}

describe('toCalendar', () => {
  const text = toCalendar('stock', schedule, from, to, nameOf);
  const lines = unfolded(text);

  it('writes lines of at most 75 octets that end with CR and LF, and tears no character', () => {
    const raw = text.split('\r\n');
    expect(raw.pop()).toBe('');
    expect(raw.join('')).not.toMatch(/[\r\n\uFFFD]/);
    expect(Math.max(...raw.map((line) => new TextEncoder().encode(line).length))).toBeLessThanOrEqual(75);
    expect(raw.some((line) => line.startsWith(' '))).toBe(true);
  });

  it('wraps everything in one calendar with the name of the schedule', () => {
    expect([lines[0], lines[1], lines.at(-1)]).toEqual(['BEGIN:VCALENDAR', 'VERSION:2.0', 'END:VCALENDAR']);
    expect(lines).toContain('X-WR-CALNAME:Склад\\, дежурства');
  });

  it('names people by their names, escaped, and those who share a name by their slug too', () => {
    expect(lines).toContain('SUMMARY:Борис\\, ст. смены\\; Склад\\\\2 (Северный терминал)\\, Тёзка мл. (emil)');
    expect(lines).toContain('SUMMARY:Clara');
    expect(lines).toContain('DESCRIPTION:Праздник');
  });

  it('gives each event the members RFC 5545 asks for, times in UTC, and a UID of its own', () => {
    const events = lines.join('\n').split('BEGIN:VEVENT\n').slice(1);
    for (const event of events) {
      for (const name of ['UID', 'DTSTAMP', 'DTSTART', 'DTEND', 'SUMMARY'])
        expect(event).toMatch(new RegExp(`^${name}:`, 'm'));
      expect(event).toMatch(/^DTSTART:\d{8}T\d{6}Z$/m);
    }
    expect(new Set(lines.filter((line) => line.startsWith('UID:'))).size).toBe(events.length);
    expect(events.length).toBeGreaterThan(20);
  });

  it('keeps the UID and the times of a shift when the span moves on', () => {
    const later = unfolded(toCalendar('stock', schedule, new Date('2026-10-25T11:17Z'), to, nameOf));
    const uids = later.filter((line) => /^UID:/.test(line));
    expect(uids.filter((line) => !lines.includes(line))).toEqual([]);
    expect(uids[0]).toBe('UID:stock-from-20261025T080000Z@vestnik');
  });

  it('cuts a shift without end at the span, under one UID', () => {
    const always: Schedule = {
      timeZone: 'UTC',
      rotations: [{ members: ['clara'], starts: '2020-01-01T00:00', every: { count: 1, unit: 'weeks' } }],
    };
    const found = unfolded(toCalendar('always', always, from, to, nameOf));
    expect(found).toEqual(
      expect.arrayContaining(['UID:always-always@vestnik', 'DTSTART:20261024T000000Z', 'DTEND:20261029T000000Z']),
    );
  });

  it('lets no line break or control character of a name become a line of the file', () => {
    const evil = toCalendar('stock', schedule, from, to, () => 'x\r\nEND:VCALENDAR\u0007');
    expect(evil.split('\r\n').filter((line) => line === 'END:VCALENDAR')).toHaveLength(1);
    expect(evil).not.toContain('\u0007');
  });
});

describe('a calendar that was written and read again', () => {
  function sameAfterwards(original: Schedule, begin: Date, end: Date): void {
    const text = toCalendar('stock', original, begin, end, nameOf);
    const people = original.rotations.flatMap(({ members }) => members);
    const memberOf = lookUpAmong([...new Set(people)]);
    const { overrides, faults } = fromCalendar(text, { timeZone: original.timeZone, from: begin, to: end, memberOf });
    expect(faults).toEqual([]);
    const again = shape.parse({ timeZone: original.timeZone, rotations: [], overrides });
    for (let at = begin.getTime(); at < end.getTime(); at += 15 * 60_000) {
      const [was, is] = [onCall(original, new Date(at)), onCall(again, new Date(at))];
      expect([new Date(at), [...is.members].sort()]).toEqual([new Date(at), [...was.members].sort()]);
    }
  }

  it('has the same people on call, also in the hour that comes twice', () => {
    sameAfterwards(schedule, from, to);
  });

  it('has them for any turns', () => {
    const people = fc.array(fc.constantFrom(...Object.keys(names)), { minLength: 1, maxLength: 4 });
    const every = fc.record({
      count: fc.integer({ min: 1, max: 3 }),
      unit: fc.constantFrom('hours' as const, 'days' as const),
    });
    const zones = fc.constantFrom('Europe/Berlin', 'Australia/Lord_Howe', 'America/New_York', 'Asia/Kolkata');
    fc.assert(
      fc.property(people, people, every, zones, (first, second, turn, timeZone) => {
        const rotations = [
          { members: first, starts: '2026-10-01T01:30', every: turn },
          { members: second, starts: '2026-10-20T00:15', every: { count: 1, unit: 'days' as const } },
        ];
        sameAfterwards({ timeZone, rotations }, new Date('2026-10-24T00:00Z'), new Date('2026-10-26T00:00Z'));
      }),
      { numRuns: 40, seed: 20261120 },
    );
  });
});
