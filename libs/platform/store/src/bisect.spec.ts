import { describe, expect, it } from '@jest/globals';
import { bisect } from './bisect.ts';

const refused = (code = '22007') => Object.assign(new Error('refused'), { code });

function over(bad: Set<number>, runs: number[] = []) {
  return async (items: readonly number[]): Promise<string[]> => {
    runs.push(items.length);
    if (items.some((item) => bad.has(item))) throw refused();
    return items.map((item) => `stored ${item}`);
  };
}

describe('a batch with bad rows', () => {
  it('runs once when none is bad', async () => {
    const runs: number[] = [];
    await bisect([1, 2, 3], over(new Set(), runs), () => 'alone');
    expect(runs).toEqual([3]);
  });

  it('loses only the bad ones, and keeps the order', async () => {
    const items = Array.from({ length: 50 }, (_, n) => n);
    const results = await bisect(items, over(new Set([0, 17, 49])), (item) => `alone ${item}`);
    expect(results).toEqual(items.map((item) => ([0, 17, 49].includes(item) ? `alone ${item}` : `stored ${item}`)));
  });

  it("does not split for what is nobody's fault", async () => {
    const lost = () => Promise.reject(refused('57P01'));
    await expect(bisect([1, 2], lost, () => 'alone')).rejects.toThrow('refused');
    await expect(
      bisect(
        [1, 2],
        () => Promise.reject(new Error('bug')),
        () => 'alone',
      ),
    ).rejects.toThrow('bug');
  });
});
