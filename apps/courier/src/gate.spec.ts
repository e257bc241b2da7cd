import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createGate } from './gate.ts';

/** Work that ends when it is told to. */
function piece() {
  let end: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const work = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { work, end: () => end(), fail: (error: Error) => fail(error) };
}

/** Lets everything run that can. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a gate', () => {
  it('lets so many in at once, and the others in their order as places become free', async () => {
    const gate = createGate(2);
    const pieces = Array.from({ length: 5 }, piece);
    const begun: number[] = [];
    const all = pieces.map(({ work }, n) => gate.run(() => (begun.push(n), work)));
    await settle();
    expect(begun).toEqual([0, 1]);
    pieces[1]!.end();
    await settle();
    expect(begun).toEqual([0, 1, 2]);
    for (const { end } of pieces) end();
    await Promise.all(all);
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });

  it('hands on what the work answers', async () => {
    expect(await createGate(1).run(async () => 7)).toBe(7);
  });

  it('frees the place of work that fails, be it at once or later', async () => {
    const gate = createGate(1);
    const late = piece();
    const first = gate.run(() => late.work);
    const second = gate.run(() => {
      throw new Error('at once');
    });
    const third = gate.run(async () => 'let in');
    late.fail(new Error('later'));
    await expect(first).rejects.toThrow('later');
    await expect(second).rejects.toThrow('at once');
    expect(await third).toBe('let in');
  });

  it('is as wide after a rush as before it', async () => {
    const gate = createGate(2);
    await Promise.all(Array.from({ length: 9 }, () => gate.run(async () => undefined)));
    const pieces = Array.from({ length: 4 }, piece);
    const begun: number[] = [];
    const all = pieces.map(({ work }, n) => gate.run(() => (begun.push(n), work)));
    await settle();
    expect(begun).toEqual([0, 1]);
    for (const { end } of pieces) end();
    await Promise.all(all);
  });

  it('never lets in more than its limit, nor forgets anybody', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat({ max: 3 }), { maxLength: 30 }),
        async (limit, turns) => {
          const gate = createGate(limit);
          let inside = 0;
          let most = 0;
          const work = async (ticks: number) => {
            inside += 1;
            most = Math.max(most, inside);
            for (let n = 0; n < ticks; n += 1) await Promise.resolve();
            inside -= 1;
            if (ticks === 3) throw new Error('some fail');
          };
          const ends = await Promise.allSettled(turns.map((ticks) => gate.run(() => work(ticks))));
          expect(ends.filter((end) => end.status === 'rejected')).toHaveLength(
            turns.filter((ticks) => ticks === 3).length,
          );
          expect(most).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });
});
