import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clockOf, dateOf, dayOf, isZone } from './clock.ts';

const zones = [
  ...['UTC', 'Europe/Berlin', 'America/New_York', 'America/St_Johns', 'Australia/Lord_Howe', 'Africa/Casablanca'],
  ...['Asia/Kolkata', 'Pacific/Apia', 'America/Havana', 'Asia/Beirut', 'America/Sao_Paulo'],
];
const years = { min: Date.UTC(1971, 0), max: Date.UTC(2100, 0) };

function wall(timeZone: string, instant: number): number {
  const text = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(instant);
  return Date.parse(text.replace(' ', 'T') + 'Z');
}

function instant(timeZone: string, local: string): string {
  return new Date(clockOf(timeZone).instantOf(Date.parse(`${local}Z`))).toISOString().slice(0, 16);
}

describe('the clock of a zone', () => {
  it('shows what Intl says, at any second', () => {
    const moments = fc.tuple(fc.constantFrom(...zones), fc.integer({ min: years.min / 1000, max: years.max / 1000 }));
    fc.assert(
      fc.property(moments, ([zone, second]) => {
        expect(clockOf(zone).localOf(second * 1000)).toBe(wall(zone, second * 1000));
      }),
      { numRuns: 300, seed: 20261120 },
    );
  });

  it.each(zones)('agrees with Intl on every quarter of an hour around the changes of 2026 in %s', (zone) => {
    const clock = clockOf(zone);
    for (let day = Date.UTC(2026, 0); day < Date.UTC(2027, 0); day += 86_400_000) {
      if (wall(zone, day) - day === wall(zone, day + 86_400_000) - day - 86_400_000) continue;
      for (let at = day; at < day + 86_400_000; at += 900_000) expect(clock.localOf(at)).toBe(wall(zone, at));
    }
  });

  it('moves a time that is skipped forward by the gap', () => {
    expect(instant('Europe/Berlin', '2026-03-29T02:30')).toBe('2026-03-29T01:30');
    expect(instant('Australia/Lord_Howe', '2026-10-04T02:15')).toBe('2026-10-03T15:45');
    expect(instant('Pacific/Apia', '2011-12-30T09:00')).toBe('2011-12-30T19:00');
  });

  it('takes the first of a time that comes twice', () => {
    expect(instant('Europe/Berlin', '2026-10-25T02:30')).toBe('2026-10-25T00:30');
    expect(instant('America/New_York', '2026-11-01T01:30')).toBe('2026-11-01T05:30');
    expect(instant('Australia/Lord_Howe', '2026-04-05T01:45')).toBe('2026-04-04T14:45');
  });

  it('finds back to any instant but the second showing of the same time', () => {
    const moments = fc.tuple(fc.constantFrom(...zones), fc.integer(years));
    fc.assert(
      fc.property(moments, ([zone, at]) => {
        const clock = clockOf(zone);
        const back = clock.instantOf(clock.localOf(at));
        expect(back).toBeLessThanOrEqual(at);
        expect(clock.localOf(back)).toBe(clock.localOf(at));
      }),
    );
  });

  it('knows which zones there are', () => {
    expect([isZone('Asia/Kolkata'), isZone('Mars/Olympus')]).toEqual([true, false]);
  });
});

describe('days', () => {
  it('have numbers and texts', () => {
    expect([dayOf('1970-01-01'), dayOf('2024-03-01'), dateOf(19_783)]).toEqual([0, 19_783, '2024-03-01']);
  });
});
