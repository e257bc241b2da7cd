import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addresses, bookOf, circumstances, event, plan, tell } from './spec-world.ts';
import { planEvent } from './plan.ts';

describe('one message per person and event', () => {
  it('comes from the first rule by name, and the trail says so of the others', () => {
    const { deliveries, trail, notes } = plan({
      rules: { a: tell(['recipient:anna']), b: tell(['group:storekeepers'], { via: ['mychat-hq', 'inbox'] }) },
    });
    expect(addresses(deliveries)).toEqual(['anna inbox/anna', 'boris inbox/boris']);
    expect(trail).toEqual([
      { rule: 'a', recipient: 'anna', through: ['recipient:anna'], outcome: 'told' },
      { rule: 'b', recipient: 'boris', through: ['group:storekeepers'], outcome: 'told' },
      { rule: 'b', recipient: 'fred', through: ['group:storekeepers'], outcome: 'unknown' },
      { rule: 'b', recipient: 'anna', through: ['group:storekeepers'], outcome: 'alreadyTold', by: 'a' },
    ]);
    expect(notes).toEqual(['Rule b: there is no recipient fred.']);
  });

  it('comes from the most urgent rule, whatever the names', () => {
    const rules = {
      a: { ...tell(['recipient:anna']), priority: 'low' },
      b: tell(['recipient:anna']),
      c: { ...tell(['recipient:anna']), priority: 'critical' },
      d: { ...tell(['recipient:anna']), priority: 'high' },
    };
    const planned = plan({ rules });
    expect(planned.rules).toEqual(['a', 'b', 'c', 'd']);
    expect(planned.deliveries).toMatchObject([{ rule: 'c', priority: 'critical' }]);
    expect(planned.trail.map(({ rule, outcome, by }) => [rule, outcome, by])).toEqual([
      ['c', 'told', undefined],
      ['d', 'alreadyTold', 'c'],
      ['b', 'alreadyTold', 'c'],
      ['a', 'alreadyTold', 'c'],
    ]);
  });

  it('may come to several addresses of the person where one rule asks for it, to each once', () => {
    const steps = [
      { to: ['recipient:anna'] },
      { to: ['recipient:anna'], via: ['mychat-hq'] },
      { to: ['recipient:anna'], strategy: 'all' },
    ];
    const { deliveries, trail } = plan({ rules: { r: { notify: steps } } });
    expect(addresses(deliveries)).toEqual(['anna inbox/anna', 'anna mychat-hq/17', 'anna mychat-hq/18']);
    expect(trail).toHaveLength(1);
  });

  it('comes once to an address that two people share, and to a room that two rules tell', () => {
    const desk = [{ backend: 'inbox', to: 'desk' }];
    const { deliveries, trail } = plan({
      rules: { a: tell(['recipient:ida', 'room:mychat-hq/x']), b: tell(['recipient:jan', 'room:mychat-hq/x']) },
      recipients: { ida: { addresses: desk }, jan: { addresses: desk } },
    });
    expect(addresses(deliveries)).toEqual(['ida inbox/desk', 'room mychat-hq/x']);
    expect(trail.slice(2)).toEqual([
      { rule: 'b', recipient: 'jan', through: ['recipient:jan'], outcome: 'alreadyTold', by: 'a' },
      { rule: 'b', room: 'mychat-hq/x', through: ['room:mychat-hq/x'], outcome: 'alreadyTold', by: 'a' },
    ]);
  });

  it('holds for random rules: no person is told by two rules, no address twice, and everyone who was found is in the trail', () => {
    const target = fc.constantFrom('recipient:anna', 'recipient:boris', 'group:storekeepers', 'role:x', 'room:inbox/y');
    const step = fc.record({
      to: fc.array(target, { minLength: 1, maxLength: 4 }),
      strategy: fc.constantFrom('first', 'all'),
    });
    const rule = fc.record(
      {
        notify: fc.array(step, { minLength: 1, maxLength: 3 }),
        priority: fc.constantFrom('low', 'normal', 'high', 'critical'),
      },
      { requiredKeys: ['notify'] },
    );
    const urgency = ['critical', 'high', 'normal', 'low'];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), rule), (rules) => {
        const book = bookOf({ rules, recipients: { ida: { roles: ['x'] } } });
        const { deliveries, trail } = planEvent(book, event, circumstances);
        const tellers = new Map<string, Set<string>>();
        for (const { rule: by, recipient } of deliveries) {
          if (recipient) tellers.set(recipient, (tellers.get(recipient) ?? new Set()).add(by));
        }
        expect([...tellers.values()].every((by) => by.size === 1)).toBe(true);
        const places = deliveries.map(({ backend, to, toKind }) => `${toKind} ${backend} ${to}`);
        expect(new Set(places).size).toBe(places.length);
        const order = deliveries.map(({ rule: by }) => [urgency.indexOf(rules[by]?.priority ?? 'normal'), by] as const);
        expect(order).toEqual(order.toSorted(([p, a], [q, b]) => p - q || (a < b ? -1 : a > b ? 1 : 0)));
        const toldBy = trail
          .filter(({ outcome }) => outcome === 'told')
          .map(({ rule: by, recipient }) => `${by} ${recipient}`);
        expect(new Set(toldBy)).toEqual(new Set(deliveries.map(({ rule: by, recipient }) => `${by} ${recipient}`)));
      }),
      { numRuns: 300, seed: 4 },
    );
  });
});
