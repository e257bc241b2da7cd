import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Samples } from './samples.ts';

function offered(most: number, count: number): { samples: Samples<number>; made: number } {
  const samples = new Samples<number>(most);
  let made = 0;
  for (let n = 0; n < count; n += 1)
    samples.offer(() => {
      made += 1;
      return n;
    });
  return { samples, made };
}

describe('samples', () => {
  it('are all of a few', () => {
    expect(offered(5, 5).samples.all()).toEqual([0, 1, 2, 3, 4]);
    expect(offered(5, 0).samples.all()).toEqual([]);
  });

  it('are as many as wanted, in order, and spread over all there were', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 21, max: 5000 }), (most, count) => {
        const { samples } = offered(most, count);
        const all = samples.all();
        expect([all.length, samples.seen]).toEqual([most, count]);
        const ends = [0, ...all.slice(1), count];
        const gaps = ends.slice(1).map((end, n) => end - ends[n]!);
        expect(Math.min(...gaps)).toBeGreaterThan(0);
        expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.ceil((count / most) * 4));
      }),
    );
  });

  it('are made only when they are kept', () => {
    expect(offered(20, 100_000).made).toBeLessThan(400);
  });
});
