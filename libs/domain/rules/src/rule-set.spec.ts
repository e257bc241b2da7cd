import { describe, expect, it } from '@jest/globals';
import type { EventFacts, JsonValue } from '#contract';
import type { RuleCondition, WhenFailure } from './live-rules.ts';
import { compileRules } from './rule-set.ts';

function eventOf(data: JsonValue, more: Partial<EventFacts> = {}): EventFacts {
  return { id: '1', source: 'erp', type: 'stock.low', time: '2026-11-20T10:00:00Z', data, ...more };
}

function slugs(rules: Record<string, RuleCondition>, event: EventFacts): string[] {
  return compileRules(Object.entries(rules))
    .match(event)
    .map(({ slug }) => slug);
}

describe('matching', () => {
  it('answers the matching rules in slug order, each once, with the rule itself', () => {
    const tags = {
      match: { data: { tags: ['a', 'b', { prefix: 'a' }], $or: [{ n: [1] }, { n: [{ numeric: ['<', 5] }] }] } },
    };
    const rules = compileRules<RuleCondition>([
      ['z', tags],
      ['b', { match: { type: ['stock.low'] } }],
      ['a', { match: {} }],
      ['c', { match: { type: ['x'] } }],
    ]);
    const matched = rules.match(eventOf({ tags: ['a', 'b', 'ab'], n: 1 }));
    expect(matched.map(({ slug }) => slug)).toEqual(['a', 'b', 'z']);
    expect(matched[2]?.rule).toBe(tags);
  });

  it('sees every attribute of the event that a pattern may name, and none that is missing', () => {
    const full = eventOf('text', { subject: 'sku/1', correlationKey: 'k', extensions: { tenant: 'a' } });
    const one = (match: RuleCondition['match'], event = full): number => slugs({ r: { match } }, event).length;
    expect(
      one({
        source: ['erp'],
        subject: ['sku/1'],
        time: [{ prefix: '2026' }],
        correlationKey: ['k'],
        extensions: { tenant: ['a'] },
      }),
    ).toBe(1);
    expect(one({ data: ['text'] })).toBe(1);
    expect(
      one(
        {
          subject: [{ exists: false }],
          correlationKey: [{ exists: false }],
          extensions: { tenant: [{ exists: false }] },
        },
        eventOf({}),
      ),
    ).toBe(1);
    expect(one({ subject: [{ exists: false }] })).toBe(0);
  });

  it('does not carry anything over from one event to the next', () => {
    const rules = compileRules([['r', { match: { data: { a: [1], b: [{ exists: false }] } } }]]);
    expect(
      [{ a: 1 }, { a: 1, b: 2 }, {}, { a: 1 }, { a: [2, 1] }, { b: 1 }].map(
        (data) => rules.match(eventOf(data)).length,
      ),
    ).toEqual([1, 0, 0, 1, 1, 0]);
  });

  it('is not misled by names that every object inherits', () => {
    const odd = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as JsonValue;
    const match = JSON.parse('{"data": {"__proto__": {"a": [1]}, "constructor": [2]}}') as RuleCondition['match'];
    expect(slugs({ r: { match } }, eventOf(odd))).toEqual(['r']);
    expect(slugs({ r: { match: { data: { toString: [{ exists: true }] } } } }, eventOf({}))).toEqual([]);
  });

  it('skips disabled rules', () => {
    expect(slugs({ off: { match: {}, enabled: false }, on: { match: {}, enabled: true } }, eventOf({}))).toEqual([
      'on',
    ]);
  });

  it('asks `when` only where the pattern matched, and reports what it could not evaluate', () => {
    const failures: WhenFailure[] = [];
    const rules = compileRules([
      ['fails', { match: {}, when: 'data.missing > 3' }],
      ['other', { match: { type: ['x'] }, when: 'data.missing > 3' }],
      ['no', { match: {}, when: 'data.qty > 3' }],
      ['yes', { match: {}, when: 'data.qty < data.minQty' }],
    ]);
    expect(rules.match(eventOf({ qty: 3, minQty: 3.5 }), failures).map(({ slug }) => slug)).toEqual(['yes']);
    expect(failures).toEqual([{ slug: 'fails', reason: 'when could not be evaluated: No such key: missing.' }]);
  });

  it('leaves out rules that do not compile, and says why', () => {
    const rules = compileRules([
      ['bad-match', { match: { typo: ['a'] } }],
      ['bad-when', { match: {}, when: 'data.qty <' }],
      ['good', { match: {} }],
    ]);
    expect(rules.match(eventOf({})).map(({ slug }) => slug)).toEqual(['good']);
    expect([...rules.faults].map(([slug, faults]) => [slug, faults[0]?.pointer])).toEqual([
      ['bad-match', '/match/typo'],
      ['bad-when', '/when'],
    ]);
    expect(rules.explain(eventOf({})).map(({ matched, reason }) => [matched, reason?.slice(0, 8)])).toEqual([
      [false, 'The rule'],
      [false, 'The rule'],
      [true, undefined],
    ]);
  });

  it('takes the later of two mentions of a path, as Event Ruler does', () => {
    const match = { source: ['crm'], $or: [{ source: ['erp'] }, { type: ['x'] }] };
    expect(slugs({ r: { match } }, eventOf({}))).toEqual(['r']);
  });
});

describe('cost', () => {
  it('stays small on long lists that agree on nothing', () => {
    const lists = Object.fromEntries(
      ['a', 'b', 'c'].map((name) => [
        name,
        Array.from({ length: 3_000 }, (_, index): JsonValue => ({ x: index, y: index + 1 })),
      ]),
    );
    const one = { x: [{ numeric: ['>', 0] }], y: [{ numeric: ['>', 0] }] };
    const rules = compileRules([['r', { match: { data: { a: one, b: one, c: { x: [5], y: [5] } } } }]]);
    expect(rules.match(eventOf(lists)).length).toBe(0);
  });

  it('finds ranges, values and texts among many values of a list, each within its element', () => {
    const list = Array.from({ length: 200 }, (_, index): JsonValue => ({
      n: index,
      t: `t${index}`,
      more: [index, -index],
    }));
    const one = (pattern: JsonValue): boolean =>
      slugs({ r: { match: { data: { l: pattern } } } }, eventOf({ l: list })).length === 1;
    expect(one({ n: [{ numeric: ['>', 150, '<', 152] }], t: ['t151'] })).toBe(true);
    expect(one({ n: [{ numeric: ['>', 150, '<', 152] }], t: ['t152'] })).toBe(false);
    expect(one({ n: [{ numeric: ['>', 198] }], t: [{ suffix: '99' }], more: [-199] })).toBe(true);
    expect(one({ n: [17], more: [18] })).toBe(false);
    expect(one({ n: [{ numeric: ['>', 199] }] })).toBe(false);
    expect(one({ n: [{ 'anything-but': 5 }], t: ['t5'] })).toBe(false);
  });

  it('stays small on lists within lists, however deep', () => {
    let deep: JsonValue = [{ x: 1 }];
    for (let level = 0; level < 20_000; level++) deep = [deep];
    const rules = compileRules([
      ['r', { match: { data: { a: { x: [1], y: [1] } } } }],
      ['s', { match: { data: { a: { x: [{ exists: false }] } } } }],
    ]);
    expect(rules.match(eventOf({ a: deep })).map(({ slug }) => slug)).toEqual(['s']);
  });

  it('of a wildcard with many asterisks stays small on a hostile text', () => {
    const rules = compileRules([['r', { match: { data: { x: [{ wildcard: `${'a*'.repeat(20)}b` }] } } }]]);
    expect(rules.match(eventOf({ x: 'a'.repeat(200_000) })).length).toBe(0);
  });

  it('is bounded where many values meet many comparisons, and the rule says so', () => {
    const wildcards = Array.from({ length: 4_000 }, (_, index) => ({ wildcard: `*${index}x*` }));
    const rules = compileRules<RuleCondition>([
      ['dear', { match: { data: { tags: wildcards } } }],
      [
        'dear-too',
        { match: { data: { tags: [{ 'anything-but': { suffix: wildcards.map(({ wildcard }) => wildcard) } }] } } },
      ],
      ['plain', { match: { data: { tags: ['7'] } } }],
    ]);
    const event = eventOf({ tags: Array.from({ length: 5_000 }, (_, index) => `${index}`) });
    const failures: WhenFailure[] = [];
    expect(rules.match(event, failures).map(({ slug }) => slug)).toEqual(['plain']);
    expect(failures.map(({ slug }) => slug)).toEqual(['dear', 'dear-too']);
    expect(failures[0]?.reason).toMatch(/more than 2,000,000 steps/);
    expect(rules.explainOne('dear', event)?.reason).toBe(failures[0]?.reason);
    expect(rules.match(eventOf({ tags: ['7x'] }), failures).map(({ slug }) => slug)).toEqual(['dear', 'dear-too']);
    expect(failures).toHaveLength(2);
  });
});

describe('explaining', () => {
  const explain = (rule: RuleCondition, data: JsonValue, more: Partial<EventFacts> = {}): unknown =>
    compileRules([['r', rule]]).explain(eventOf(data, more))[0];

  it('names the field that failed, with what was asked for and what was there', () => {
    const rule = {
      match: { type: ['stock.low'], data: { qty: [{ numeric: ['<', 10] }], warehouse: ['MSK'], note: ['x'] } },
    };
    expect(explain(rule, { qty: 12, warehouse: ['SPB', 'KZN'] })).toEqual({
      rule: 'r',
      matched: false,
      failures: [
        { path: 'data.note', expected: ['x'] },
        { path: 'data.qty', expected: [{ numeric: ['<', 10] }], actual: 12 },
        { path: 'data.warehouse', expected: ['MSK'], actual: ['SPB', 'KZN'] },
      ],
    });
  });

  it('takes the alternative of $or that came closest', () => {
    const match = {
      data: {
        $or: [
          { a: [1], b: [1], c: [1] },
          { a: [1], b: [2] },
        ],
      },
    };
    expect(explain({ match }, { a: 1, b: 3 })).toMatchObject({
      failures: [{ path: 'data.b', expected: [2], actual: 3 }],
    });
  });

  it('says when fields fit only in different elements of a list', () => {
    const match = { data: { items: { sku: ['a'], qty: [1] } } };
    expect(
      explain(
        { match },
        {
          items: [
            { sku: 'a', qty: 2 },
            { sku: 'b', qty: 1 },
          ],
        },
      ),
    ).toEqual({
      rule: 'r',
      matched: false,
      failures: [
        { path: 'data.items.qty', expected: [1], actual: [2, 1] },
        { path: 'data.items.sku', expected: ['a'], actual: ['a', 'b'] },
      ],
      reason: expect.stringMatching(/same element/),
    });
  });

  it('quotes at most twenty values', () => {
    const verdict = explain(
      { match: { data: { n: ['x'] } } },
      { n: Array.from({ length: 500 }, (_, index) => index) },
    ) as { failures: { actual: unknown[] }[] };
    expect(verdict.failures[0]?.actual).toHaveLength(20);
  });

  it('gives a reason where it was not a field', () => {
    const reason = (rule: RuleCondition): unknown => (explain(rule, { qty: 3 }) as { reason?: string }).reason;
    expect(reason({ match: {}, when: 'data.qty > 5' })).toBe('when is false: data.qty > 5');
    expect(reason({ match: {}, when: 'data.other > 5' })).toBe('when could not be evaluated: No such key: other.');
    expect(reason({ match: {}, enabled: false })).toBe('The rule is disabled. Its pattern would match.');
    expect(reason({ match: { type: ['x'] }, enabled: false })).toBe('The rule is disabled.');
  });

  it('judges one rule by its slug, or one that is not stored', () => {
    const rules = compileRules([['r', { match: { type: ['stock.low'] } }]]);
    expect(rules.explainOne('r', eventOf({}))).toEqual({ rule: 'r', matched: true, failures: [] });
    expect(rules.explainOne('gone', eventOf({}))).toBeUndefined();
    expect(rules.explainOne({ match: { type: ['x'] } }, eventOf({}))).toEqual({
      rule: '(inline)',
      matched: false,
      failures: [{ path: 'type', expected: ['x'], actual: 'stock.low' }],
    });
  });
});
