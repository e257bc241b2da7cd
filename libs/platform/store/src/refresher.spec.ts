import { describe, expect, it } from '@jest/globals';
import { createRefresher } from './refresher.ts';

/** Readings that end when the test says so. */
function held() {
  const ends: { done: () => void; fail: (error: Error) => void }[] = [];
  const read = () => new Promise<void>((done, fail) => ends.push({ done, fail }));
  return { ends, refresh: createRefresher(read) };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a refresher', () => {
  it('answers whoever asks during a reading by one that was begun after that', async () => {
    const { ends, refresh } = held();
    const first = refresh();
    let isAnswered = false;
    const second = refresh().then(() => (isAnswered = true));
    ends[0]!.done();
    await settle();
    expect([ends.length, isAnswered]).toEqual([2, false]);
    ends[1]!.done();
    await Promise.all([first, second]);
    expect(ends).toHaveLength(2);
  });

  it.each([0, 1, 2, 3, 4, 5, 6])(
    'answers with what stands there when it is asked, also %i ticks after a reading began',
    async (ticks) => {
      let stands = 'before';
      let read = '';
      const refresh = createRefresher(async () => void (read = stands));
      void refresh();
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      stands = 'after';
      await refresh();
      expect(read).toBe('after');
    },
  );

  it('tells of a reading that failed, and reads again when it is asked again', async () => {
    const { ends, refresh } = held();
    const failing = refresh();
    ends[0]!.fail(new Error('away'));
    await expect(failing).rejects.toThrow('away');
    const next = refresh();
    ends[1]!.done();
    await expect(next).resolves.toBeUndefined();
  });
});
