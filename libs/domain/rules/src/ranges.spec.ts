import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Ranges } from './ranges.ts';

const bound = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom(-Infinity, Infinity, 0.5));
const range = fc.tuple(bound, bound).map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const);
const action = fc.tuple(range, fc.boolean());

describe('the ranges', () => {
  it('find what a plain list of them finds, whatever was added and taken out', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const ranges = new Ranges<string>();
        const plain = new Map<string, readonly [number, number]>();
        for (const [[low, high], adding] of actions) {
          const name = `${low} ${high}`;
          expect(ranges.get(low, high)).toBe(plain.has(name) ? name : undefined);
          if (adding && !plain.has(name)) {
            ranges.add(low, high, name);
            plain.set(name, [low, high]);
          } else if (!adding) {
            ranges.delete(low, high);
            plain.delete(name);
          }
        }
        expect(ranges.empty).toBe(plain.size === 0);
        const any: string[] = [];
        ranges.findAny(Float64Array.of(-4.5, 0.25, 4), any);
        const holdsAny = (low: number, high: number): boolean =>
          [-4.5, 0.25, 4].some((one) => low <= one && one <= high);
        expect(any.sort()).toEqual(
          [...plain]
            .filter(([, [low, high]]) => holdsAny(low, high))
            .map(([name]) => name)
            .sort(),
        );
        for (const value of [-6, -5, -0.5, 0, 0.5, 3, 5, 6, Infinity, -Infinity]) {
          const found: string[] = [];
          ranges.find(value, found);
          const expected = [...plain].filter(([, [low, high]]) => low <= value && value <= high).map(([name]) => name);
          expect(found.sort()).toEqual(expected.sort());
        }
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});
