import { describe, expect, it } from '@jest/globals';
import type { EventFacts, JsonValue } from '#contract';
import { Fields, PathTable } from './fields.ts';
import { IndexTree } from './index-tree.ts';
import { readPattern } from './pattern.ts';

function indexOf(patterns: readonly JsonValue[]): (event: Partial<EventFacts>) => string[] {
  const paths = new PathTable();
  const items = patterns.flatMap((pattern, index) =>
    readPattern(pattern).combinations.map((conditions) => ({
      name: `r${index}`,
      conditions: conditions.map((condition) => ({ condition, pathId: paths.idOf(condition.path) })),
    })),
  );
  const index = new IndexTree((id) => items[id]?.conditions ?? []);
  index.fill([...items.keys()]);
  const fields = new Fields();
  return (event) => {
    paths.read({ id: '1', source: 's', type: 't', time: '2026-11-20T10:00:00Z', data: {}, ...event }, fields);
    const { ids, count } = index.visit(fields);
    return [...new Set(ids.slice(0, count).map((id) => items[id]?.name as string))];
  };
}

describe('the index', () => {
  it('offers of 10,000 rules on differing types only those of the type', () => {
    const visit = indexOf(
      Array.from({ length: 10_000 }, (_, index) => ({ type: [`t.${index}`], data: { qty: [{ numeric: ['<', 10] }] } })),
    );
    expect(visit({ type: 't.4711', data: { qty: 3 } })).toEqual(['r4711']);
    expect(visit({ type: 'other', data: { qty: 3 } })).toEqual([]);
  });

  it('hangs a rule on the condition that the fewest others share', () => {
    const visit = indexOf(
      Array.from({ length: 1_000 }, (_, index) => ({ type: ['same'], data: { sku: [`s${index}`] } })),
    );
    expect(visit({ type: 'same', data: { sku: 's17' } })).toEqual(['r17']);
    expect(visit({ type: 'same', data: {} })).toEqual([]);
  });

  it.each<[string, JsonValue, JsonValue, JsonValue]>([
    ['prefix', { prefix: 'MSK-' }, 'MSK-1', 'SPB-1'],
    ['suffix', { suffix: '-1' }, 'MSK-1', 'MSK-2'],
    ['caseless text', { 'equals-ignore-case': 'Склад' }, 'СКЛАД', 'склады'],
    ['address', '::1', '0:0:0:0:0:0:0:1', '::2'],
    ['wildcard by its beginning', { wildcard: 'a*z' }, 'abz', 'bz'],
    ['wildcard by its end', { wildcard: '*z' }, 'bz', 'za'],
    ['number', { numeric: ['=', 5] }, 5.0, 6],
    ['list of values', ['a', 'b'], ['x', 'b'], ['x']],
  ])('finds a rule by %s, and leaves it alone otherwise', (_, member, hit, miss) => {
    const visit = indexOf([{ data: { x: Array.isArray(member) ? member : [member] } }]);
    expect(visit({ data: { x: hit } })).toEqual(['r0']);
    expect(visit({ data: { x: miss } })).toEqual([]);
  });

  it('offers a rule without a value to hang on where its field is present, and one on absence always', () => {
    const visit = indexOf([{ data: { x: [{ 'anything-but': 'a' }] } }, { data: { y: [{ exists: false }] } }, {}]);
    expect(visit({ data: { x: 'b' } }).sort()).toEqual(['r0', 'r1', 'r2']);
    expect(visit({ data: {} }).sort()).toEqual(['r1', 'r2']);
  });
});
