import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Calendar } from './calendar.ts';

const at = (text: string) => Date.parse(text);

describe('the calendar', () => {
  it('counts days on the clock of the place, also where clocks are set', () => {
    const [from, to] = [at('2026-10-24T00:00:00Z'), at('2026-10-26T00:00:00Z')];
    const berlin = new Calendar('Europe/Berlin', from, to);
    const moments = [
      '2026-10-24T21:59:59.999Z',
      '2026-10-24T22:00:00Z',
      '2026-10-25T22:59:59Z',
      '2026-10-25T23:00:00Z',
    ];
    expect(moments.map((moment) => berlin.names[berlin.numberOf(at(moment))])).toEqual([
      '2026-10-24',
      '2026-10-25',
      '2026-10-25',
      '2026-10-26',
    ]);
    expect(berlin.names).toEqual(['2026-10-24', '2026-10-25', '2026-10-26']);
  });

  it('knows a day again that it has left', () => {
    const utc = new Calendar('UTC', at('2026-11-01T00:00:00Z'), at('2026-11-03T00:00:00Z'));
    const numbers = ['2026-11-02T10:00:00Z', '2026-11-01T10:00:00Z', '2026-11-02T10:00:00Z'].map((moment) =>
      utc.numberOf(at(moment)),
    );
    expect(numbers).toEqual([0, 1, 0]);
  });

  it('never has more days than it says', () => {
    const zones = ['UTC', 'Europe/Moscow', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe'];
    const minute = 60_000;
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: at('2020-01-01T00:00:00Z') / minute, max: at('2030-01-01T00:00:00Z') / minute }),
        fc.integer({ min: 1, max: 60 * 24 * 9 }),
        (zone, from, length) => {
          const calendar = new Calendar(zone, from * minute, (from + length) * minute);
          for (let now = from; now < from + length; now += 97) {
            const number = calendar.numberOf(now * minute);
            expect(number).toBeLessThan(calendar.size);
            const parts = new Date(now * minute).toLocaleDateString('en-CA', { timeZone: zone });
            expect(calendar.names[number]).toBe(parts);
          }
        },
      ),
      { numRuns: 20 },
    );
  });
});
