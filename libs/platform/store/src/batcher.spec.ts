import { describe, expect, it } from '@jest/globals';
import { createBatcher } from './batcher.ts';

function recorder(options: { fail?: (items: number[]) => boolean; maxWeight?: number; maxConcurrent?: number } = {}) {
  const batches: number[][] = [];
  let underWay = 0;
  let mostUnderWay = 0;
  const batcher = createBatcher<number, number>({
    maxWeight: options.maxWeight ?? 1000,
    maxWaitMs: 1,
    maxConcurrent: options.maxConcurrent ?? 1,
    run: async (items) => {
      batches.push(items);
      underWay += 1;
      mostUnderWay = Math.max(mostUnderWay, underWay);
      await new Promise(setImmediate);
      underWay -= 1;
      if (options.fail?.(items)) throw new Error('no luck');
      return items.map((item) => item * 2);
    },
  });
  return { batcher, batches, most: () => mostUnderWay };
}

describe('the batcher', () => {
  it('gives every item its own result out of one shared run', async () => {
    const { batcher, batches } = recorder();
    const results = await Promise.all([1, 2, 3].map((item) => batcher.add(item)));
    expect(results).toEqual([2, 4, 6]);
    expect(batches).toEqual([[1, 2, 3]]);
  });

  it('sends a batch off at once when its weight is reached, and never makes a heavier one', async () => {
    const { batcher, batches } = recorder({ maxWeight: 4, maxConcurrent: 2 });
    await Promise.all(Array.from({ length: 10 }, (_, item) => batcher.add(item)));
    expect(batches.every((batch) => batch.length <= 4)).toBe(true);
    expect(batches.flat()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('rejects the items of a failed run only', async () => {
    const { batcher } = recorder({ maxWeight: 2, fail: (items) => items.includes(1) });
    const settled = await Promise.allSettled([1, 2, 3, 4].map((item) => batcher.add(item)));
    expect(settled.map((result) => result.status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('keeps to the number of runs that may be under way, and loses nothing meanwhile', async () => {
    const { batcher, batches, most } = recorder({ maxWeight: 3, maxConcurrent: 2 });
    await Promise.all(Array.from({ length: 100 }, (_, item) => batcher.add(item)));
    expect(most()).toBe(2);
    expect(batches.flat()).toHaveLength(100);
  });

  it('takes an item that is heavier than a whole batch alone', async () => {
    const sizes: number[] = [];
    const batcher = createBatcher<number, number>({
      maxWeight: 10,
      maxWaitMs: 1,
      maxConcurrent: 1,
      weigh: (item) => item,
      run: async (items) => {
        sizes.push(items.length);
        return items;
      },
    });
    await Promise.all([50, 3, 3].map((item) => batcher.add(item)));
    expect(sizes).toEqual([1, 2]);
  });

  it('finishes what waits when it is closed', async () => {
    const { batcher } = recorder();
    const pending = batcher.add(21);
    await batcher.close();
    expect(batcher.size).toBe(0);
    await expect(pending).resolves.toBe(42);
  });

  it('refuses what waits when it is told to, finishes what is under way, and goes on with what comes later', async () => {
    const { batcher, batches } = recorder({ maxWeight: 1 });
    const [underWay, ...waiting] = [1, 2, 3].map((item) => batcher.add(item));
    batcher.abandon(new Error('not now'));
    const settled = await Promise.allSettled([underWay!, ...waiting]);
    expect(settled.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    await expect(batcher.add(4)).resolves.toBe(8);
    expect(batches).toEqual([[1], [4]]);
    expect(batcher.size).toBe(0);
  });

  it('has nothing left to wait for at its close once it abandoned everything', async () => {
    const { batcher } = recorder();
    const refused = expect(batcher.add(1)).rejects.toThrow('not now');
    batcher.abandon(new Error('not now'));
    await batcher.close();
    await refused;
  });
});
