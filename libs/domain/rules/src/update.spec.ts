import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RuleCondition } from './live-rules.ts';
import { compileRules, type RuleChange, type RuleSet } from './rule-set.ts';
import { eventOf, object, pattern, plainly, type Plain } from './spec-patterns.ts';

const slug = fc.integer({ min: 0, max: 39 }).map((number) => `r${String(number).padStart(2, '0')}`);
const rule = fc.record({ match: pattern.map((data) => ({ data })), enabled: fc.constantFrom(true, true, true, false) });
const change: fc.Arbitrary<RuleChange<RuleCondition>> = fc.tuple(slug, fc.option(rule, { freq: 3, nil: undefined }));
const steps = fc.array(fc.array(change, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 });

function slugs(set: RuleSet<RuleCondition>, data: Plain): string[] {
  return set.match(eventOf(data)).map((matched) => matched.slug);
}

function applied(entries: ReadonlyMap<string, RuleCondition>, changes: readonly RuleChange<RuleCondition>[]) {
  const next = new Map(entries);
  for (const [name, changed] of changes) {
    if (changed) next.set(name, changed);
    else next.delete(name);
  }
  return next;
}

function naive(entries: ReadonlyMap<string, RuleCondition>, data: Plain): string[] {
  return [...entries]
    .filter(([, one]) => one.enabled !== false && plainly(one.match['data'] as Plain, data))
    .map(([name]) => name)
    .sort();
}

describe('changing a set', () => {
  it('leads to the very set that compiling anew leads to, and leaves the earlier ones as they were', () => {
    let matches = 0;
    fc.assert(
      fc.property(steps, fc.array(object, { minLength: 1, maxLength: 4 }), (rounds, events) => {
        let entries: ReadonlyMap<string, RuleCondition> = new Map();
        let set = compileRules<RuleCondition>([]);
        const past: [RuleSet<RuleCondition>, ReadonlyMap<string, RuleCondition>][] = [];
        for (const changes of rounds) {
          past.push([set, entries]);
          set = set.update(changes);
          entries = applied(entries, changes);
          for (const data of events) {
            const expected = naive(entries, data);
            matches += expected.length;
            expect(slugs(set, data)).toEqual(expected);
            expect(slugs(compileRules(entries), data)).toEqual(expected);
            expect(set.explain(eventOf(data)).map((one) => one.rule)).toEqual([...entries.keys()].sort());
          }
        }
        for (const [earlier, known] of past.reverse())
          for (const data of events) expect(slugs(earlier, data)).toEqual(naive(known, data));
        for (const data of events) expect(slugs(set, data)).toEqual(naive(entries, data));
      }),
      { numRuns: 150, seed: 20261120, interruptAfterTimeLimit: 30_000, markInterruptAsFailure: true },
    );
    expect(matches).toBeGreaterThan(500);
  });

  it('keeps the order of slugs however often rules are put between others', () => {
    let set = compileRules<RuleCondition>([
      ['a', { match: {} }],
      ['c', { match: {} }],
    ]);
    const names = ['a', 'c'];
    // Each new slug comes right before "c", so that soon no number fits between it and its neighbours.
    for (let step = 0; step < 120; step++) {
      const name = `b${String(step).padStart(3, '0')}`;
      names.push(name);
      set = set.update([[name, { match: {} }]]);
    }
    expect(slugs(set, {})).toEqual(names.sort());
  });

  it('tells the faults of what was changed, and only of what still stands', () => {
    const first = compileRules<RuleCondition>([['bad', { match: { typo: ['a'] } }]]);
    const second = first.update([
      ['bad', { match: {} }],
      ['worse', { match: {}, when: 'data.qty <' }],
    ]);
    const third = second.update([['worse', undefined]]);
    expect([first, second, third].map((set) => [...set.faults.keys()])).toEqual([['bad'], ['worse'], []]);
    expect(slugs(third, {})).toEqual(['bad']);
    expect(second.explainOne('worse', eventOf({}))?.reason).toMatch(/cannot work/);
    expect(third.explainOne('worse', eventOf({}))).toBeUndefined();
  });

  it('changes nothing when the list of changes breaks off', () => {
    const set = compileRules<RuleCondition>([['r', { match: {} }]]);
    const broken = function* (): Generator<RuleChange<RuleCondition>> {
      yield ['r', undefined];
      throw new Error('no more');
    };
    expect(() => set.update(broken())).toThrow('no more');
    expect(slugs(set, {})).toEqual(['r']);
  });

  it('gives one earlier set two lines of changes that do not disturb each other', () => {
    const base = compileRules<RuleCondition>([['r', { match: { data: { a: [1] } } }]]);
    const one = base.update([['one', { match: { data: { a: [1], b: [2] } } }]]);
    const other = base.update([['other', { match: { data: { a: [{ exists: true }] } } }]]);
    const all = [base, one, other].map((set) => slugs(set, { a: 1, b: 2 }));
    expect(all).toEqual([['r'], ['one', 'r'], ['other', 'r']]);
  });

  it('takes a rule out wherever it hangs, also where its list names a value twice', () => {
    const match = { data: { x: ['a', 'a', 'b', { prefix: 'c' }, { prefix: 'c' }] } };
    const beside: RuleCondition = { match: { data: { x: ['a', { prefix: 'c' }] } } };
    const set = compileRules<RuleCondition>([
      ['r', { match }],
      ['s', beside],
    ]);
    expect(['a', 'b', 'cc'].map((x) => slugs(set, { x }))).toEqual([['r', 's'], ['r'], ['r', 's']]);
    const without = set.update([['r', undefined]]);
    expect(['a', 'b', 'cc'].map((x) => slugs(without, { x }))).toEqual([['s'], [], ['s']]);
    expect(without.candidates(eventOf({ x: 'b' }))).toBe(0);
  });

  it('stops looking for fields that no rule names any more', () => {
    let set = compileRules<RuleCondition>([['r', { match: { data: { a: { b: [1] } } } }]]);
    set = set.update([['r', { match: { data: { a: [{ exists: false }] } } }]]);
    expect(slugs(set, { a: { b: 1 } })).toEqual(['r']);
    set = set.update([['r', { match: { data: { c: [1] } } }]]);
    expect(slugs(set, { a: { b: 1 }, c: 1 })).toEqual(['r']);
  });
});
