import { describe, expect, it } from '@jest/globals';
import type { WeeklyHours } from '#contract';
import { event, plan, tell, type Parts } from './spec-world.ts';

const office: WeeklyHours[] = [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '18:00' }];
const nights: WeeklyHours[] = [{ from: '21:00', to: '07:00' }];

/** When the delivery of a rule that tells Ida may go out, on Friday the 20th at 18:00 UTC unless another moment is given. */
function opening(rule: object, ida: object = {}, parts: Parts = {}, now = '2026-11-20T18:00:00Z'): string | undefined {
  const rules = { r: { ...tell(['recipient:ida']), ...rule } };
  return plan({ rules, recipients: { ida }, ...parts }, event, { now: new Date(now) }).deliveries[0]?.notBefore;
}

describe('hours', () => {
  it('hold a message back until the working hours of the rule, on the clock of the recipient', () => {
    expect(opening({ workingHours: office }, { timeZone: 'Europe/Moscow' })).toBe('2026-11-23T06:00:00.000Z');
    expect(opening({ workingHours: office }, { timeZone: 'America/New_York' })).toBeUndefined();
  });

  it('hold it back until the quiet hours of the recipient are over', () => {
    expect(opening({}, { quietHours: nights, timeZone: 'Europe/Moscow' })).toBe('2026-11-21T04:00:00.000Z');
    expect(opening({}, { quietHours: nights, timeZone: 'UTC' })).toBeUndefined();
  });

  it('are those of the rule and of the recipient together', () => {
    const hours = { workingHours: office, timeZone: 'Europe/Moscow' };
    expect(opening({ quietHours: [{ days: ['mon'], from: '00:00', to: '12:00' }] }, hours)).toBe(
      '2026-11-23T09:00:00.000Z',
    );
  });

  it('go by the clock of the book where the recipient has none, and for rooms, and else by UTC', () => {
    const settings = { timeZone: 'Asia/Tokyo' };
    expect(opening({ workingHours: office }, {}, { settings })).toBe('2026-11-23T00:00:00.000Z');
    expect(opening({ workingHours: office })).toBe('2026-11-23T09:00:00.000Z');
    expect(opening({ ...tell(['room:mychat-hq/x']), workingHours: office }, {}, { settings })).toBe(
      '2026-11-23T00:00:00.000Z',
    );
  });

  it('do not hold back what is critical', () => {
    expect(opening({ workingHours: office, priority: 'critical' }, { quietHours: nights })).toBeUndefined();
    expect(opening({ workingHours: office, priority: 'high' })).toBeDefined();
  });

  it('that leave no moment lose nothing: the message goes at once, and a note says so', () => {
    const rules = { r: { ...tell(['recipient:ida']), workingHours: [{ from: '09:00', to: '12:00' }] } };
    const ida = { quietHours: [{ from: '08:00', to: '13:00' }] };
    const { deliveries, notes } = plan({ rules, recipients: { ida } });
    expect(deliveries).toHaveLength(1);
    expect(deliveries[0]).not.toHaveProperty('notBefore');
    expect(notes).toEqual([
      'Rule r: the working and quiet hours of the rule and of ida leave no moment, so it was sent at once.',
    ]);
  });

  it('stand in the trail of whoever waits', () => {
    const rules = { r: { ...tell(['recipient:ida', 'recipient:jan']), quietHours: nights } };
    const { trail } = plan({ rules, recipients: { ida: { timeZone: 'Europe/Moscow' }, jan: { timeZone: 'UTC' } } });
    const through = (slug: string) => [`recipient:${slug}`];
    expect(trail).toEqual([
      { rule: 'r', recipient: 'ida', through: through('ida'), outcome: 'waits', until: '2026-11-21T04:00:00.000Z' },
      { rule: 'r', recipient: 'jan', through: through('jan'), outcome: 'told' },
    ]);
  });
});
