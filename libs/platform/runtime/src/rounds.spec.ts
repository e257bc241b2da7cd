import { afterEach, describe, expect, it } from '@jest/globals';
import { startRounds, type Rounds } from './rounds.ts';

let rounds: Rounds | undefined;
afterEach(() => rounds?.close());

/** Rounds whose work ends when the test says so; the timer does not come into it. */
function held() {
  const ends: { done: () => void; fail: (error: Error) => void }[] = [];
  const failures: unknown[] = [];
  const work = () => new Promise<void>((done, fail) => ends.push({ done, fail }));
  const started = startRounds({ everyMs: 60_000, work, failed: (error) => failures.push(error) });
  rounds = started;
  return { ends, failures, rounds: started };
}

describe('rounds', () => {
  it('come one at a time', async () => {
    const { ends, rounds: one } = held();
    const both = [one.round(), one.round()];
    expect(ends).toHaveLength(1);
    ends[0]!.done();
    await Promise.all(both);
    const next = one.round();
    expect(ends).toHaveLength(2);
    ends[1]!.done();
    await next;
  });

  it('go on after one that failed, and tell of it', async () => {
    const { ends, failures, rounds: one } = held();
    const fault = new Error('away');
    const failing = one.round();
    ends[0]!.fail(fault);
    await failing;
    expect(failures).toEqual([fault]);
    const next = one.round();
    ends[1]!.done();
    await next;
  });

  it('come by themselves until they are closed, which waits for the one under way', async () => {
    let done = 0;
    const two = new Promise<void>((resolve) => {
      rounds = startRounds({
        everyMs: 2,
        work: async () => {
          await new Promise(setImmediate);
          done += 1;
          if (done === 2) resolve();
        },
        failed: () => undefined,
      });
    });
    await two;
    const last = rounds!.round();
    let isOver = false;
    void last.then(() => (isOver = true));
    await rounds!.close();
    expect(isOver).toBe(true);
  });
});
