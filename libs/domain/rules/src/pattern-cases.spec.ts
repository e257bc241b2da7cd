import { describe, expect, it } from '@jest/globals';
import type { EventFacts, JsonValue } from '#contract';
import { checkPattern } from './pattern.ts';
import { compileRules } from './rule-set.ts';

/** The list of a field `x`, then values of it that match, then values that do not. `undefined` leaves the field out. */
type Case = readonly [list: JsonValue[], yes: (JsonValue | undefined)[], no: (JsonValue | undefined)[]];

const cases: Record<string, Case[]> = {
  'exact values': [
    [['a'], ['a', ['b', 'a']], ['A', 'aa', '', null, undefined, [], { a: 'a' }]],
    [[''], ['', ['']], [' ', null, undefined, []]],
    [[300], [300, 3.0e2, [300]], ['300', 301, true, -300]],
    [[0], [0, -0], [null, false, '', '0']],
    [[0.1], [0.1, 1e-1], [0.2]],
    [[true], [true], [false, 'true', 1]],
    [[false], [false], [true, null, 0, '']],
    [[null], [null, [1, null]], ['null', '', 0, undefined, false]],
    [
      ['a', 1, null],
      ['a', 1, null],
      ['b', 2, true],
    ],
    [
      ['true', 'null'],
      ['true', 'null'],
      [true, null],
    ],
    [[{ exactly: '10.0.0.1' }], ['10.0.0.1'], ['10.0.0.01']],
    [['10.0.0.1'], ['10.0.0.1', '10.0.0.01'], ['10.0.0.2', '10.0.0']],
    [['::1'], ['0:0:0:0:0:0:0:1', '::0001'], ['::2', '::1::']],
    [['a:b'], ['a:b'], ['a:c', 'A:B']],
  ],
  prefix: [
    [[{ prefix: 'ab' }], ['ab', 'abc', ['x', 'abz']], ['a', 'Ab', 'xab', 1, null, undefined]],
    [[{ prefix: '' }], ['', 'a'], [1, null, true, undefined]],
    [[{ prefix: '1' }], ['12'], [12]],
    [[{ prefix: 'Скл' }], ['Склад'], ['склад']],
    [[{ prefix: { 'equals-ignore-case': 'скл' } }], ['Склад', 'СКЛАД', 'скл'], ['ск', 'xскл', 5]],
    [[{ prefix: { 'equals-ignore-case': 'ß' } }], ['ßa', 'SSa'], ['ssa', 's']],
    [[{ prefix: 'a*' }], ['a*b'], ['ab', 'a']],
    [
      [{ prefix: 'ab' }, { prefix: 'a' }, { prefix: 'abc' }],
      ['a', 'ab', 'abcd', ['x', 'a']],
      ['b', ['x', 'y'], {}],
    ],
    [[{ prefix: '👍' }], ['👍👎'], ['👎👍', '']],
  ],
  suffix: [
    [[{ suffix: 'ab' }], ['ab', 'cab'], ['b', 'abc', 'AB', 1, null]],
    [[{ suffix: '' }], ['', 'a'], [1, undefined]],
    [[{ suffix: { 'equals-ignore-case': '.PNG' } }], ['a.png', '.Png'], ['png', 'a.png2', null]],
    [[{ suffix: { 'equals-ignore-case': 'ß' } }], ['Straß', 'STRASS'], ['Strass', 'Stra']],
    [[{ suffix: '0' }], ['10', '0'], [10, 0, '01']],
    [[{ suffix: 'клад' }], ['склад', ['x', 'вклад']], ['СКЛАД', 'склады', undefined]],
    [
      [{ suffix: 'b' }, { suffix: 'ab' }],
      ['b', 'xab', 'xb'],
      ['ba', '', true],
    ],
    [[{ suffix: '*' }], ['a*'], ['a', '*a']],
  ],
  'equals-ignore-case': [
    [[{ 'equals-ignore-case': 'Straße' }], ['straße', 'STRASSE', 'STRAßE'], ['strasse', 'Straß']],
    [[{ 'equals-ignore-case': 'Привет' }], ['ПРИВЕТ', 'привет'], ['привет!', null]],
    [[{ 'equals-ignore-case': ['a', 'B'] }], ['A', 'b'], ['c', 'ab', 1]],
    [[{ 'equals-ignore-case': 'σ' }], ['σ', 'Σ'], ['ς']],
    [[{ 'equals-ignore-case': 'Σ' }], ['σ', 'Σ'], ['ς']],
    [[{ 'equals-ignore-case': 'i' }], ['i', 'I'], ['İ', 'ı']],
    [[{ 'equals-ignore-case': '' }], [''], ['a', null]],
    [[{ 'equals-ignore-case': 'ok 👍' }], ['OK 👍'], ['OK 👎']],
  ],
  wildcard: [
    [[{ wildcard: '*' }], ['', 'a', 'a*b'], [1, null, true, undefined]],
    [[{ wildcard: 'a*b' }], ['ab', 'axxb', 'abab'], ['a', 'ba', 'abc', 'Ab']],
    [[{ wildcard: '*a*' }], ['a', 'xax'], ['x', '']],
    [[{ wildcard: 'a*a' }], ['aa', 'aba'], ['a']],
    [[{ wildcard: 'a*bc*bc' }], ['abcbc', 'a-bc-bc'], ['abc', 'abcb']],
    [[{ wildcard: 'a\\*b' }], ['a*b'], ['axb', 'ab']],
    [[{ wildcard: 'a\\\\*' }], ['a\\', 'a\\x'], ['a*', 'a']],
    [[{ wildcard: 'plain' }], ['plain'], ['plain ', 'Plain']],
  ],
  'anything-but': [
    [[{ 'anything-but': 'a' }], ['b', '', 1, null, true, ['a', 'b']], ['a', ['a', 'a'], undefined, [], {}]],
    [[{ 'anything-but': 5 }], [6, '5', null], [5, 5.0, undefined]],
    [[{ 'anything-but': ['a', 'b'] }], ['c', 1], ['a', 'b']],
    [[{ 'anything-but': [1, 2] }], [3, '1'], [1, 2.0]],
    [[{ 'anything-but': { prefix: 'ab' } }], ['ba', '', 1, null], ['ab', 'abc', undefined]],
    [[{ 'anything-but': { prefix: ['a', 'b'] } }], ['c', 'A'], ['ax', 'b']],
    [[{ 'anything-but': { suffix: ['.tmp', '~'] } }], ['a.txt', 3], ['a.tmp', 'x~']],
    [[{ 'anything-but': { 'equals-ignore-case': ['Done', 'x'] } }], ['open', 4, null], ['DONE', 'X']],
    [[{ 'anything-but': { wildcard: ['*bot*', 'a*'] } }], ['human', 7], ['robots', 'anna']],
    [[{ 'anything-but': { suffix: 'a' } }], ['b'], ['a', 'ba']],
    [[{ 'anything-but': { wildcard: 'x*' } }], ['y'], ['x', 'xy']],
    [[{ 'anything-but': { 'equals-ignore-case': 'x' } }], ['y'], ['X']],
  ],
  numeric: [
    [[{ numeric: ['<', 10] }], [9.99, -1e300, 0], [10, 11, '9', null, undefined]],
    [[{ numeric: ['<=', 10] }], [10], [10.01]],
    [[{ numeric: ['>', 10] }], [10.01, 1e300], [10, '11']],
    [[{ numeric: ['>=', 10] }], [10], [9.99]],
    [[{ numeric: ['=', 3.5] }], [3.5, 35e-1], [3, '3.5']],
    [[{ numeric: ['>', 0, '<', 5] }], [1], [0, 5]],
    [[{ numeric: ['>=', 0, '<=', 5] }], [0, -0, 5], [-0.1, 5.1]],
    [[{ numeric: ['>', -5, '<=', -1] }], [-1, -4.9], [-5, 0]],
    [
      [{ numeric: ['<', 0] }, { numeric: ['>', 100] }],
      [-1, 101, [50, 101]],
      [0, 100, 50],
    ],
  ],
  exists: [
    [[{ exists: true }], ['a', 0, false, null, '', [null]], [undefined, [], {}, { y: 1 }, [{ y: 1 }]]],
    [[{ exists: false }], [undefined, [], {}, { y: 1 }, [{ y: 1 }], [[]]], ['a', 0, false, null, '', [null], [[1]]]],
    [
      [{ exists: false }, 'a'],
      [undefined, 'a'],
      ['b', null],
    ],
    [[{ exists: false }, { exists: true }], [undefined, 'a', null], []],
    [
      [{ exists: true }, 'a'],
      ['a', 'b', ['c']],
      [undefined, [], [[]]],
    ],
    [[{ exists: true }], [[[['a']]], [{ y: 1 }, 0]], [[[]], [{}], { y: null }]],
    [
      [{ exists: false }],
      [{ x: 1 }, [{ x: [1] }], [[], {}]],
      [
        [[], 1],
        [{ y: 1 }, ''],
      ],
    ],
    [
      [{ exists: false }, null],
      [undefined, null, [1, null]],
      [1, '', [1]],
    ],
    [
      [{ exists: false }, { numeric: ['<', 0] }],
      [undefined, -1, [5, -1]],
      [0, 'a', [5]],
    ],
  ],
  cidr: [
    [
      [{ cidr: '10.0.0.0/8' }],
      ['10.0.0.0', '10.255.255.255'],
      ['11.0.0.0', '9.255.255.255', '10.0.0', '10.0.0.256', 10, '0a00::'],
    ],
    [[{ cidr: '10.0.0.17/24' }], ['10.0.0.1'], ['10.0.1.1']],
    [[{ cidr: '10.0.0.5/32' }], ['10.0.0.5'], ['10.0.0.4']],
    [[{ cidr: '0.0.0.0/0' }], ['1.2.3.4', '255.255.255.255'], ['::1', 3.5, 'a.b.c.d']],
    [[{ cidr: '2001:db8::/32' }], ['2001:db8::1', '2001:0DB8:ffff::'], ['2001:db9::1', '32.1.13.184']],
    [[{ cidr: '::1/128' }], ['::1', '0:0:0:0:0:0:0:1'], ['::2', ':::1', '1::2::3', '1:2:3:4:5:6:7:8:9', '12345::']],
    [[{ cidr: '10.0.0.0/8' }], ['::ffff:0a00:0001'], ['::ffff:0b00:0001']],
    [[{ cidr: '10.0.0.128/25' }], ['10.0.0.128', '10.0.0.255', ['x', '10.0.0.200']], ['10.0.0.127', '10.0.1.128']],
    [
      [{ cidr: '10.0.0.0/8' }, { cidr: '192.168.0.0/16' }],
      ['10.1.1.1', '192.168.9.9'],
      ['192.169.0.0', '11.0.0.0', ''],
    ],
  ],
  'several alternatives': [
    [
      ['a', { prefix: 'b' }, { numeric: ['>', 5] }],
      ['a', 'bx', 6],
      ['ab', 5, null],
    ],
    [[{ 'anything-but': 'a' }, 'a'], ['a', 'b'], [undefined]],
    [
      ['10.0.0.1', { cidr: '10.1.0.0/16' }],
      ['10.0.0.01', '10.1.2.3'],
      ['10.0.0.2', '10.2.0.0'],
    ],
    [
      [{ 'equals-ignore-case': 'a' }, { suffix: 'z' }],
      ['A', 'a', 'xz'],
      ['Z', 'b'],
    ],
    [
      [{ numeric: ['<', 0] }, { numeric: ['>', 10, '<', 20] }, 5],
      [-1, 15, 5],
      [0, 10, 20, '5'],
    ],
    [
      [{ wildcard: 'a*' }, { prefix: 'b' }, null],
      ['ax', 'b', null],
      ['c', undefined],
    ],
    [
      [{ exists: false }, { 'anything-but': ['x', 'y'] }],
      [undefined, 'z', 3],
      ['x', ['x', 'y']],
    ],
    [['a', 'a', { prefix: 'a' }], ['a', 'ab', ['b', 'a']], ['b']],
  ],
};

function eventOf(value: JsonValue | undefined): EventFacts {
  return {
    id: '1',
    source: 's',
    type: 't',
    time: '2026-11-20T10:00:00Z',
    data: value === undefined ? {} : { x: value },
  };
}

describe.each(Object.entries(cases))('%s', (_, table) => {
  it.each(table.map(([list, yes, no]) => ({ list: JSON.stringify(list), pattern: { data: { x: list } }, yes, no })))(
    'judges by $list',
    ({ pattern, yes, no }) => {
      expect(checkPattern(pattern)).toEqual([]);
      const rules = compileRules([['r', { match: pattern }]]);
      const judge = (value: JsonValue | undefined): unknown => {
        const event = eventOf(value);
        const matched = rules.match(event).length === 1;
        expect(rules.explain(event)[0]?.matched).toBe(matched);
        return [value, matched];
      };
      expect(yes.map(judge)).toEqual(yes.map((value) => [value, true]));
      expect(no.map(judge)).toEqual(no.map((value) => [value, false]));
    },
  );
});

describe('several fields', () => {
  const table: [pattern: JsonValue, yes: JsonValue[], no: JsonValue[]][] = [
    [{ a: [1], b: [2] }, [{ a: 1, b: 2 }], [{ a: 1 }, { a: 1, b: 3 }, { a: [{ a: 1 }], b: 2 }]],
    [{ $or: [{ a: [1] }, { b: [2] }] }, [{ a: 1 }, { b: 2 }, { a: 1, b: 2 }], [{ a: 2, b: 1 }, {}]],
    [
      { $or: [{ a: [1], $or: [{ b: [1] }, { c: [1] }] }, { d: { $or: [{ e: [1] }, { f: [{ exists: false }] }] } }] },
      [{ a: 1, c: 1, d: { f: 1 } }, { d: {} }, {}, { d: { e: 1, f: 2 } }],
      [
        { a: 1, d: { f: 0 } },
        { b: 1, c: 1, d: { e: 2, f: 1 } },
      ],
    ],
    [
      { l: { p: [1], q: [2] } },
      [{ l: [{ p: 1, q: 2 }] }, { l: { p: 1, q: 2 } }, { l: [{ p: [0, 1], q: [2, 3] }] }],
      [{ l: [{ p: 1 }, { q: 2 }] }],
    ],
    [
      { l: { p: [1] }, m: { q: [2] } },
      [{ l: [{ p: 0 }, { p: 1 }], m: [{ q: 2 }] }],
      [{ l: [{ p: 1 }], m: [{ q: 1 }] }],
    ],
    [
      { l: { m: { p: [1], q: [2] }, r: [3] } },
      [{ l: [{ r: 3, m: [{ p: 1 }, { p: 1, q: 2 }] }] }],
      [{ l: [{ r: 3, m: [{ p: 1 }, { q: 2 }] }] }, { l: [{ r: 3 }, { m: [{ p: 1, q: 2 }] }] }],
    ],
    [{ l: { p: [1], q: [{ exists: false }] } }, [{ l: [{ p: 1 }, { q: 2 }] }], [{ l: [{ p: 1, q: 2 }, { p: 2 }] }]],
    [{ l: { p: [{ exists: false }], q: [1] } }, [{ l: [{ q: 1 }] }], [{ l: [{ q: 1 }, { p: 2 }] }]],
    [
      { l: { p: [{ 'anything-but': 1 }], q: [2] } },
      [
        {
          l: [
            { p: 1, q: 2 },
            { p: 2, q: 2 },
          ],
        },
      ],
      [{ l: [{ p: 1, q: 2 }, { p: 3 }] }],
    ],
    [
      { l: { p: [1], q: [2] } },
      [{ l: [[{ p: 1, q: 2 }]] }],
      [{ l: [[{ p: 1 }], [{ q: 2 }]] }, { l: [[{ p: 1 }, { q: 2 }]] }],
    ],
    [{ 'a.b': [1] }, [{ a: { b: 1 } }, { 'a.b': 1 }], [{ b: 1 }]],
    [{ l: [1], 'l.x': [{ exists: false }] }, [{ l: [1, [1], { x: 5 }] }], [{ l: [1, { x: 5 }] }]],
  ];

  it.each(table.map(([pattern, yes, no]) => ({ text: JSON.stringify(pattern), pattern, yes, no })))(
    'judges by $text',
    ({ pattern, yes, no }) => {
      const rules = compileRules([['r', { match: { data: pattern } }]]);
      const judge = (data: JsonValue): unknown => [data, rules.match({ ...eventOf(undefined), data }).length === 1];
      expect(yes.map(judge)).toEqual(yes.map((data) => [data, true]));
      expect(no.map(judge)).toEqual(no.map((data) => [data, false]));
    },
  );
});
