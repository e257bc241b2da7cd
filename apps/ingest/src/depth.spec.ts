import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isDeeperThan } from './depth.ts';

/** Levels of objects and arrays, the plain way. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** So many lists inside each other, made without recursion. */
function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let n = 0; n < levels; n += 1) value = n % 2 === 0 ? [value] : { inner: value };
  return value;
}

describe('the depth of a value', () => {
  it('is judged as the plain way of counting would', () => {
    const values = fc.jsonValue({ maxDepth: 6 });
    fc.assert(
      fc.property(values, fc.nat({ max: 8 }), (value, levels) => {
        expect(isDeeperThan(value, levels)).toBe(depthOf(value) > levels);
      }),
    );
  });

  it.each([0, 1, 31, 32, 33])('turns at the bound itself: %i', (levels) => {
    expect(isDeeperThan(nested(levels), levels)).toBe(false);
    expect(isDeeperThan(nested(levels + 1), levels)).toBe(true);
  });

  it('counts empty objects and lists as a level', () => {
    expect([isDeeperThan({}, 0), isDeeperThan([], 0), isDeeperThan([[]], 1), isDeeperThan(null, 0)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it('never looks deeper than it was asked to', () => {
    let deepest = 0;
    const watched = (level: number): object =>
      new Proxy([0], {
        get: (target, key) => {
          if (key === '0') deepest = Math.max(deepest, level);
          return key === '0' ? watched(level + 1) : (Reflect.get(target, key) as unknown);
        },
      });
    expect(isDeeperThan(watched(1), 5)).toBe(true);
    expect(deepest).toBe(5);
  });

  it('survives a value that is nested a hundred thousand levels deep', () => {
    expect(isDeeperThan(nested(100_000), 32)).toBe(true);
  });
});
