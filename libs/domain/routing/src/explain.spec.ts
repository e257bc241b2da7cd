import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { explainAnswer, rule as ruleSchema, type EventFacts } from '#contract';
import { explainEvent, explainRule } from './explain.ts';
import { planEvent } from './plan.ts';
import { addresses, bookOf, event, tell, type Parts } from './spec-world.ts';

describe('explanations', () => {
  const parts: Parts = {
    rules: {
      a: { match: { type: ['stock.low'] }, ...tell(['recipient:anna', 'recipient:nobody']) },
      b: { match: { data: { qty: [9] } }, ...tell(['recipient:boris']) },
    },
  };

  it('answer the verdict of every rule and the deliveries that the router would make, in the form of the contract', () => {
    const book = bookOf(parts);
    const answer = explainEvent(book, event);
    expect(explainAnswer.parse(answer)).toEqual(answer);
    expect(answer.rules.map(({ rule, matched }) => [rule, matched])).toEqual([
      ['a', true],
      ['b', false],
    ]);
    expect(answer.deliveries).toHaveLength(1);
    expect(answer.notes).toEqual(planEvent(book, event).notes);
  });

  it('judge one rule that is not stored and need not tell anybody', () => {
    const book = bookOf(parts);
    expect(explainRule(book, { match: { data: { qty: [3] } }, enabled: true }, event)).toEqual({
      rules: [{ rule: '(inline)', matched: true, failures: [] }],
      deliveries: [],
      notes: [],
    });
    const telling = explainRule(book, ruleSchema.parse({ match: {}, ...tell(['recipient:boris']) }), event);
    expect(telling.deliveries).toMatchObject([{ rule: '(inline)', recipient: 'boris' }]);
    expect(explainRule(book, { match: { type: ['x'] }, enabled: true }, event)).toMatchObject({
      rules: [{ matched: false, failures: [{ path: 'type', expected: ['x'], actual: 'stock.low' }] }],
      deliveries: [],
    });
  });

  it('say of a rule that is not stored what would be refused when it is saved', () => {
    const twice = { match: { type: ['x'], $or: [{ type: ['stock.low'] }, { source: ['y'] }] }, enabled: true };
    const answer = explainRule(bookOf({}), twice, event);
    expect(answer.rules[0]?.matched).toBe(true);
    expect(answer.notes).toEqual([expect.stringMatching(/would be refused when saved: \/match\/\$or\/0\/type/)]);
  });

  it('agree with the plan for random books and events', () => {
    const target = fc.constantFrom(
      'recipient:anna',
      'recipient:boris',
      'group:storekeepers',
      'recipient:{{ data.manager }}',
      'room:mychat-hq/x',
      'recipient:zoe',
    );
    const rule = fc.record({
      match: fc.constantFrom(
        {},
        { type: ['stock.low'] },
        { data: { qty: [{ numeric: ['<', 2] }] } },
        { data: { manager: [{ exists: false }] } },
      ),
      enabled: fc.boolean(),
      notify: fc.array(
        fc.record({ to: fc.array(target, { minLength: 1, maxLength: 3 }), strategy: fc.constantFrom('first', 'all') }),
        { minLength: 1, maxLength: 2 },
      ),
    });
    const data = fc.record(
      { qty: fc.integer({ min: 0, max: 4 }), manager: fc.constantFrom('anna', 'boris', '') },
      { requiredKeys: ['qty'] },
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c'), rule), data, (rules, facts) => {
        const book = bookOf({ rules });
        const given = { ...event, data: facts as EventFacts['data'] };
        const planned = planEvent(book, given);
        const explained = explainEvent(book, given);
        expect(explained.rules.filter((verdict) => verdict.matched).map((verdict) => verdict.rule)).toEqual(
          planned.rules,
        );
        expect(planned.deliveries).toMatchObject(explained.deliveries);
        const told = addresses(planned.deliveries).map((text) => text.slice(text.indexOf(' ')));
        expect(planned.deliveries.length).toBe(explained.deliveries.length);
        expect(new Set(told).size).toBe(told.length);
      }),
      { numRuns: 150, seed: 11 },
    );
  });
});
