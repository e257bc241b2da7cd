import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { explainAnswer, rule as ruleSchema, type EventFacts } from '#contract';
import { explainEvent, explainJudged, explainRule, judgeEvent } from './explain.ts';
import { planEvent } from './plan.ts';
import { addresses, bookOf, circumstances, event, tell, type Parts } from './spec-world.ts';

describe('explanations', () => {
  const parts: Parts = {
    rules: {
      a: { match: { type: ['stock.low'] }, ...tell(['recipient:anna', 'recipient:nobody']) },
      b: { match: { data: { qty: [9] } }, ...tell(['recipient:boris']) },
    },
  };

  it('answer the verdict of every rule and the deliveries that the router would make, in the form of the contract', () => {
    const book = bookOf(parts);
    const answer = explainEvent(book, event, circumstances);
    expect(explainAnswer.parse(answer)).toEqual(answer);
    expect(answer.rules.map(({ rule, matched }) => [rule, matched])).toEqual([
      ['a', true],
      ['b', false],
    ]);
    expect(answer.deliveries).toHaveLength(1);
    expect(answer.notes).toEqual(planEvent(book, event, circumstances).notes);
  });

  it('judge one rule that is not stored and need not tell anybody', () => {
    const book = bookOf(parts);
    expect(explainRule(book, { match: { data: { qty: [3] } }, enabled: true }, event, circumstances)).toEqual({
      rules: [{ rule: '(inline)', matched: true, failures: [] }],
      deliveries: [],
      recipients: [],
      notes: [],
    });
    const telling = explainRule(
      book,
      ruleSchema.parse({ match: {}, ...tell(['recipient:boris']) }),
      event,
      circumstances,
    );
    expect(telling.deliveries).toMatchObject([{ rule: '(inline)', recipient: 'boris' }]);
    expect(explainRule(book, { match: { type: ['x'] }, enabled: true }, event, circumstances)).toMatchObject({
      rules: [{ matched: false, failures: [{ path: 'type', expected: ['x'], actual: 'stock.low' }] }],
      deliveries: [],
    });
  });

  it('say of a rule that is not stored what would be refused when it is saved', () => {
    const twice = { match: { type: ['x'], $or: [{ type: ['stock.low'] }, { source: ['y'] }] }, enabled: true };
    const answer = explainRule(bookOf({}), twice, event, circumstances);
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
        const planned = planEvent(book, given, circumstances);
        const explained = explainEvent(book, given, circumstances);
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

  it('show the rules that came closest where not all are wanted, and say how many are left out', () => {
    const far = { match: { type: ['x'], source: ['y'] }, ...tell(['recipient:anna']) };
    const near = { match: { type: ['x'] }, ...tell(['recipient:anna']) };
    const off = { match: {}, enabled: false, ...tell(['recipient:anna']) };
    const book = bookOf({ rules: { a: off, b: far, c: near, d: { match: {}, ...tell(['recipient:anna']) } } });
    const shown = (misses: number) => {
      const { rules, moreRules } = explainJudged(book, judgeEvent(book, event), circumstances, misses);
      return [rules.map(({ rule }) => rule), moreRules];
    };
    expect(shown(3)).toEqual([['a', 'b', 'c', 'd'], undefined]);
    expect(shown(2)).toEqual([['b', 'c', 'd'], 1]);
    expect(shown(1)).toEqual([['c', 'd'], 2]);
    expect(shown(0)).toEqual([['d'], 3]);
  });
});
