import { describe, expect, it } from '@jest/globals';
import { plan, tell } from './spec-world.ts';

const parts = {
  rules: {
    low: {
      ...tell(['group:storekeepers', 'room:mychat-hq/Склад'], { template: 'broken' }),
      correlate: 'stock/{{ data.sku }}',
    },
    plain: tell(['recipient:anna'], { strategy: 'all' }),
  },
  templates: { broken: { text: '{{ data.qty | nothing_of_this_name }}' } },
};

describe('a plan without texts', () => {
  it('tells the same people at the same addresses, by the same rules', () => {
    const whole = plan(parts);
    const bare = plan(parts, undefined, { texts: false });
    const told = ({ deliveries }: typeof whole) =>
      deliveries.map(({ message: _message, correlationKey: _key, ...others }) => others);
    expect(whole.deliveries.length).toBeGreaterThan(2);
    expect(told(bare)).toEqual(told(whole));
    expect([bare.rules, bare.trail]).toEqual([whole.rules, whole.trail]);
  });

  it('renders nothing: messages are empty, keys are those of the event, and no template fails', () => {
    const { deliveries, notes } = plan(parts, undefined, { texts: false });
    expect(new Set(deliveries.map(({ message }) => JSON.stringify(message)))).toEqual(new Set(['{"markdown":""}']));
    expect(new Set(deliveries.map(({ correlationKey }) => correlationKey))).toEqual(new Set(['from-event']));
    expect(notes.filter((note) => note.includes('template'))).toEqual([]);
    expect(plan(parts).notes.some((note) => note.includes('template'))).toBe(true);
  });
});
