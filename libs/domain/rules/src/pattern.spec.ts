import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '#contract';
import { patternBounds } from './bounds.ts';
import { checkPattern } from './pattern.ts';

const refusals: [title: string, pattern: unknown, pointer: string, words: RegExp][] = [
  ['a pattern that is no object', ['a'], '/match', /must be an object/],
  ['an unknown top-level field', { detail: { a: [1] } }, '/match/detail', /under data/],
  ['the id of an event', { id: ['1'] }, '/match/id', /not a field/],
  ['a dotted path at the top level', { 'data.qty': [1] }, '/match/data.qty', /\{"data": \{"qty": …\}\}/],
  ['an unknown field inside $or', { $or: [{ type: ['a'] }, { kind: ['b'] }] }, '/match/$or/1/kind', /not a field/],
  ['a bare value', { type: 'a' }, '/match/type', /write \["a"\]/],
  ['a bare null', { data: { a: null } }, '/match/data/a', /write \[null\]/],
  ['an empty list', { type: [] }, '/match/type', /empty list/],
  ['an empty object', { data: { a: {} } }, '/match/data/a', /empty object/],
  ['an empty object as data', { data: {} }, '/match/data', /empty object/],
  ['a list in a list', { type: [['a']] }, '/match/type/0', /exactly one operator/],
  ['two operators in one object', { type: [{ prefix: 'a', suffix: 'b' }] }, '/match/type/0', /exactly one operator/],
  ['an unknown operator', { type: [{ regex: 'a' }] }, '/match/type/0/regex', /is not an operator/],
  ['an operator outside of a list', { type: { prefix: 'a' } }, '/match/type/prefix', /belongs into a list/],
  [
    'a numeric operator outside of a list',
    { data: { q: { numeric: ['<', 1] } } },
    '/match/data/q/numeric',
    /belongs into a list/,
  ],
  ['a prefix that is no text', { type: [{ prefix: 1 }] }, '/match/type/0/prefix', /must be a text/],
  [
    'a prefix of an unknown form',
    { type: [{ prefix: { wildcard: 'a' } }] },
    '/match/type/0/prefix',
    /equals-ignore-case/,
  ],
  [
    'equals-ignore-case of a number',
    { type: [{ 'equals-ignore-case': ['a', 1] }] },
    '/match/type/0/equals-ignore-case/1',
    /must be a text/,
  ],
  [
    'anything-but of nothing',
    { type: [{ 'anything-but': [] }] },
    '/match/type/0/anything-but',
    /only texts or only numbers/,
  ],
  [
    'anything-but of texts and numbers',
    { type: [{ 'anything-but': ['a', 1] }] },
    '/match/type/0/anything-but',
    /only texts/,
  ],
  ['anything-but of null', { type: [{ 'anything-but': null }] }, '/match/type/0/anything-but', /must be/],
  ['anything-but of true', { type: [{ 'anything-but': [true] }] }, '/match/type/0/anything-but', /must be/],
  [
    'anything-but of numeric',
    { type: [{ 'anything-but': { numeric: ['<', 1] } }] },
    '/match/type/0/anything-but/numeric',
    /must be/,
  ],
  [
    'anything-but an empty prefix',
    { type: [{ 'anything-but': { prefix: ['a', ''] } }] },
    '/match/type/0/anything-but/prefix/1',
    /empty/,
  ],
  [
    'anything-but a bad wildcard',
    { type: [{ 'anything-but': { wildcard: ['a', 'b**'] } }] },
    '/match/type/0/anything-but/wildcard/1',
    /two asterisks/,
  ],
  ['two asterisks in a row', { type: [{ wildcard: 'a**' }] }, '/match/type/0/wildcard', /two asterisks/],
  ['a stray backslash', { type: [{ wildcard: 'a\\n' }] }, '/match/type/0/wildcard', /backslash/],
  ['a backslash at the end', { type: [{ wildcard: 'a\\' }] }, '/match/type/0/wildcard', /backslash/],
  ['numeric without a list', { data: { a: [{ numeric: 5 }] } }, '/match/data/a/0/numeric', /\["<", 10\]/],
  ['an unknown comparison', { data: { a: [{ numeric: ['!=', 5] }] } }, '/match/data/a/0/numeric/0', /must be one of/],
  [
    'a comparison with a text',
    { data: { a: [{ numeric: ['<', '5'] }] } },
    '/match/data/a/0/numeric/1',
    /must be a number/,
  ],
  [
    'a range with its upper bound first',
    { data: { a: [{ numeric: ['<', 5, '>', 0] }] } },
    '/match/data/a/0/numeric',
    /lower bound/,
  ],
  ['an empty range', { data: { a: [{ numeric: ['>=', 5, '<=', 5] }] } }, '/match/data/a/0/numeric/3', /greater than/],
  ['an unfinished range', { data: { a: [{ numeric: ['>=', 5, '<='] }] } }, '/match/data/a/0/numeric', /lower bound/],
  ['two lower bounds', { data: { a: [{ numeric: ['>', 5, '>', 6] }] } }, '/match/data/a/0/numeric/2', /upper bound/],
  ['exists with a word', { data: { a: [{ exists: 'yes' }] } }, '/match/data/a/0/exists', /true or false/],
  ['a network without bits', { data: { a: [{ cidr: '10.0.0.0' }] } }, '/match/data/a/0/cidr', /10\.0\.0\.0\/8/],
  ['a network of a name', { data: { a: [{ cidr: 'host/8' }] } }, '/match/data/a/0/cidr', /IPv4 or IPv6/],
  ['a network with too many bits', { data: { a: [{ cidr: '10.0.0.0/33' }] } }, '/match/data/a/0/cidr', /at most 32/],
  ['$or with one alternative', { $or: [{ type: ['a'] }] }, '/match/$or', /at least two/],
  ['$or with an object', { $or: { type: ['a'] } }, '/match/$or', /at least two/],
  ['$or with a value', { $or: [{ type: ['a'] }, 'b'] }, '/match/$or/1', /must be an object/],
  ['$or with an empty alternative', { $or: [{ type: ['a'] }, {}] }, '/match/$or/1', /at least one field/],
  [
    'an operator as field inside $or',
    { data: { $or: [{ prefix: ['a'] }, { b: ['c'] }] } },
    '/match/data/$or/0/prefix',
    /operator/,
  ],
  [
    'a path named twice',
    { type: ['a'], $or: [{ type: ['b'] }, { source: ['c'] }] },
    '/match/$or/0/type',
    /second time/,
  ],
  ['a path named twice with dots', { data: { 'a.b': [1], a: { b: [2] } } }, '/match/data/a/b', /second time/],
];

describe('checkPattern', () => {
  it.each(refusals)('refuses %s, says where and what to do', (_, pattern, pointer, words) => {
    const faults = checkPattern(pattern);
    expect(faults).toEqual([{ pointer, detail: expect.stringMatching(words) }]);
  });

  it('accepts a pattern for every event, and what Event Ruler takes for a path named twice when asked', () => {
    expect(checkPattern({})).toEqual([]);
    const twice = { type: ['a'], $or: [{ type: ['b'] }, { source: ['c'] }] };
    expect(checkPattern(twice, '', { repeatedPaths: 'last-wins' })).toEqual([]);
  });

  it('accepts operators as names of fields outside of $or', () => {
    expect(checkPattern({ data: { prefix: ['a'], exists: { numeric: [1] } } })).toEqual([]);
  });

  it('lists all faults at once, under the pointer given and with odd names escaped', () => {
    const pointers = checkPattern({ type: 1, data: { 'a/b~': [] } }, '/rule/match').map((fault) => fault.pointer);
    expect(pointers).toEqual(['/rule/match/type', '/rule/match/data/a~1b~0']);
  });
});

function nested(depth: number): JsonValue {
  return depth === 0 ? ['x'] : { a: nested(depth - 1) };
}

function either(count: number): JsonValue[] {
  return Array.from({ length: count }, (_, index) => ({ [`f${index}`]: [1] }));
}

describe('the bounds of a pattern', () => {
  it('allow what they promise and name themselves when exceeded: depth', () => {
    expect(checkPattern({ data: nested(patternBounds.depth - 1) })).toEqual([]);
    expect(checkPattern({ data: nested(patternBounds.depth) })[0]?.detail).toMatch(/deeper than 32/);
    expect(checkPattern({ data: nested(5_000) })).toHaveLength(1);
  });

  it('number of values', () => {
    const list = (count: number): JsonValue[] => Array.from({ length: count }, (_, index) => `v${index}`);
    expect(checkPattern({ type: list(5_000) })).toEqual([]);
    expect(checkPattern({ type: list(5_001) })[0]?.detail).toMatch(/more than 5,000 values/);
    expect(checkPattern({ type: [{ 'anything-but': list(5_001) }] })[0]?.detail).toMatch(/more than 5,000/);
  });

  it('combinations of $or, without taking long to find out', () => {
    const level = (depth: number): Record<string, JsonValue> =>
      Object.fromEntries(Array.from({ length: depth }, (_, index) => [`l${index}`, { $or: either(10) }]));
    expect(checkPattern({ data: level(3) })).toEqual([]);
    expect(checkPattern({ data: level(200) })[0]?.detail).toMatch(/more than 1,000 combinations/);
    expect(checkPattern({ data: { $or: either(1_001) } })[0]?.detail).toMatch(/more than 1,000 combinations/);
  });

  it('conditions in the combinations', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`g${index}`, [1]]));
    expect(checkPattern({ data: { $or: either(900), ...many } })[0]?.detail).toMatch(/20,000 conditions/);
  });

  it('length of a text and asterisks in a wildcard', () => {
    const long = 'x'.repeat(patternBounds.textChars + 1);
    for (const member of [
      long,
      { prefix: long },
      { 'anything-but': long },
      { wildcard: long },
      { 'equals-ignore-case': long },
    ])
      expect(checkPattern({ type: [member] })[0]?.detail).toMatch(/4,096/);
    expect(checkPattern({ type: [{ wildcard: 'a*'.repeat(20) }] })).toEqual([]);
    expect(checkPattern({ type: [{ wildcard: 'a*'.repeat(21) }] })[0]?.detail).toMatch(/more than 20 asterisks/);
  });

  it('number of faults in one answer', () => {
    const wrong = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`g${index}`, 1]));
    expect(checkPattern({ data: wrong }).length).toBe(100);
  });
});
