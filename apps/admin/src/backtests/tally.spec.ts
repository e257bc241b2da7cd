import type { PlannedRoute } from '#domain/routing';
import { describe, expect, it } from '@jest/globals';
import { Calendar } from './calendar.ts';
import { fromMs, pastEvent, toMs } from './spec-past.ts';
import { Tally, type Planned } from './tally.ts';

const event = pastEvent('2026-11-17T10:00:00Z', 't');

function told(listeners: readonly string[], rule = 'r'): Planned {
  const deliveries = listeners.map((name): PlannedRoute => {
    const room = name.startsWith('#');
    const message = { markdown: '' };
    return {
      rule,
      ...(room ? {} : { recipient: name }),
      backend: 'b',
      to: name,
      toKind: room ? 'room' : 'person',
      message,
      fallbacks: [],
    };
  });
  return { plan: { rules: [rule], deliveries }, whenNotes: [] };
}

const tally = () => new Tally(new Calendar('UTC', fromMs, toMs));

describe('the tally', () => {
  it('lists 200 recipients, those for whom most changes, and sums up the others', () => {
    const counted = tally();
    for (let n = 0; n < 250; n += 1) {
      const name = `r${String(n).padStart(3, '0')}`;
      counted.add(event, [told([name]), told(n >= 240 ? [] : [name])]);
    }
    const { recipients, otherRecipients, differing } = counted.result();
    expect(differing).toBe(10);
    expect(recipients).toHaveLength(200);
    expect(recipients.slice(0, 10).map(({ after }) => after)).toEqual(Array(10).fill(0));
    expect(otherRecipients).toEqual({ count: 50, before: 50, after: 50 });
  });

  it('counts a message that moves to another day as a change', () => {
    const counted = tally();
    counted.add(event, [told(['steady']), told(['steady'])]);
    counted.add(event, [told(['moved']), told([])]);
    counted.add(pastEvent('2026-11-18T10:00:00Z', 't'), [told([]), told(['moved'])]);
    expect(counted.result().recipients.map(({ recipient }) => recipient)).toEqual(['moved', 'steady']);
  });

  it('does not grow with the names of rooms: beyond 10,000 they count as one', () => {
    const counted = tally();
    for (let n = 0; n < 10_100; n += 1) counted.add(event, [told([`#${n}`]), told([`#${n}`])]);
    const { recipients, otherRecipients, messages } = counted.result();
    expect(recipients).toHaveLength(200);
    expect(otherRecipients).toEqual({ count: 9801, before: 9900, after: 9900 });
    expect(messages).toEqual({ before: 10_100, after: 10_100 });
  });

  it('keeps 20 samples of at most 20 deliveries on either side', () => {
    const counted = tally();
    const many = Array.from({ length: 30 }, (_, n) => `p${n}`);
    for (let n = 0; n < 100; n += 1) counted.add(event, [told(many), told(['someone'])]);
    const { samples } = counted.result();
    expect(samples).toHaveLength(20);
    expect([samples[0]!.added.length, samples[0]!.removed.length]).toEqual([1, 20]);
  });

  it('names each reason of a failed `when` once, 20 at most', () => {
    const counted = tally();
    const failing = (note: string): Planned => ({ ...told([]), whenNotes: [note] });
    for (let n = 0; n < 60; n += 1) counted.add(event, [told([]), failing(`note ${Math.floor(n / 2)}`)]);
    const { whenFailed, notes } = counted.result();
    expect(whenFailed).toEqual({ before: 0, after: 60 });
    expect(notes.map(({ note }) => note)).toEqual(Array.from({ length: 20 }, (_, n) => `note ${n}`));
  });
});
