/** Random patterns against random events: the index, the explanation and a plain evaluator must say the same. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readPattern } from './pattern.ts';
import { compileRules } from './rule-set.ts';
import { eventOf, object, pattern, plainly } from './spec-patterns.ts';

describe('random patterns and events', () => {
  it('are judged alike by the index, the explanation and a plain evaluator', () => {
    let matches = 0;
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 1, maxLength: 6 }), object, (patterns, data) => {
        const rules = compileRules(patterns.map((one, index) => [`r${index}`, { match: { data: one } }] as const));
        expect(rules.faults.size).toBe(0);
        const event = eventOf(data);
        const expected = patterns.flatMap((one, index) => (plainly(one, data) ? [`r${index}`] : []));
        matches += expected.length;
        expect(rules.match(event).map(({ slug }) => slug)).toEqual(expected);
        const verdicts = rules.explain(event);
        expect(verdicts.filter((verdict) => verdict.matched).map((verdict) => verdict.rule)).toEqual(expected);
        for (const verdict of verdicts) expect(verdict.failures.length > 0).toBe(!verdict.matched);
      }),
      { numRuns: 2_000, seed: 20261120, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: true },
    );
    expect(matches).toBeGreaterThan(500);
  });

  it('are judged the same whatever other rules are beside them', () => {
    fc.assert(
      fc.property(
        fc.array(pattern, { minLength: 2, maxLength: 8 }),
        fc.array(object, { minLength: 2, maxLength: 4 }),
        (patterns, events) => {
          const together = compileRules(patterns.map((one, index) => [`r${index}`, { match: { data: one } }] as const));
          for (const data of events) {
            const alone = patterns.flatMap((one, index) =>
              compileRules([['r', { match: { data: one } }]]).match(eventOf(data)).length === 1 ? [`r${index}`] : [],
            );
            expect(together.match(eventOf(data)).map(({ slug }) => slug)).toEqual(alone);
          }
        },
      ),
      { numRuns: 200, seed: 4711 },
    );
  });

  it('whatever is no pattern is refused with a pointer into it, and never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (anything) => {
        const read = readPattern({ data: anything });
        expect(read.faults.length > 0).toBe(read.combinations.length === 0);
        for (const fault of read.faults) expect(fault.pointer).toMatch(/^\/match\/data/);
      }),
      { numRuns: 500, seed: 17 },
    );
  });
});
