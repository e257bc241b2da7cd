import type { JsonValue } from '#contract';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { differencesOf } from './differences.ts';

describe('the differences of two states', () => {
  it.each<[string, JsonValue | undefined, JsonValue | undefined, string[]]>([
    ['a value that changed', { a: 1, b: [1, 2] }, { a: 1, b: [1, 3] }, ['/b/1']],
    ['a field that came, and one that went', { old: 1 }, { new: 1 }, ['/old', '/new']],
    ['a longer list', { to: ['a'] }, { to: ['a', 'b'] }, ['/to/1']],
    ['a list that was an object', { x: [] }, { x: {} }, ['/x']],
    ['names with slashes', { 'r/u~': 1 }, { 'r/u~': 2 }, ['/r~1u~0']],
    ['a definition that is new', undefined, { a: 1 }, ['']],
    ['a name of every object', { toString: 1 }, {}, ['/toString']],
    ['nothing', { a: null }, { a: null }, []],
  ])('are told by their place: %s', (_what, before, after, pointers) => {
    expect(differencesOf(before, after).map(({ pointer }) => pointer)).toEqual(pointers);
  });

  it('are there exactly when the states are not the same', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (one, other) => {
        const [before, after] = JSON.parse(JSON.stringify([one, other])) as [JsonValue, JsonValue];
        expect(differencesOf(before, structuredClone(before))).toEqual([]);
        expect(differencesOf(before, after).length > 0).toBe(
          JSON.stringify(sorted(before)) !== JSON.stringify(sorted(after)),
        );
      }),
    );
  });

  it('are told as one when they are very many', () => {
    const many = (value: number) => Array.from({ length: 1000 }, () => value);
    expect(differencesOf(many(1), many(2))).toEqual([{ pointer: '', before: many(1), after: many(2) }]);
  });
});

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key]!)]),
  );
}
