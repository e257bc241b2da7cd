import { backtestLimits } from '#contract';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { createBacktests, type Backtests } from './backtests.ts';
import { openStore, type SpecStore } from './spec-store.ts';

let store: SpecStore;
let backtests: Backtests;
const progress = { events: 5, ofEvents: 10, fraction: 0.5, seconds: 1 };

async function begun(): Promise<string> {
  const id = uuidv7();
  await backtests.begin({ id, draft: uuidv7(), author: 'anna', request: { days: 3 } });
  return id;
}

beforeAll(async () => {
  store = await openStore();
  backtests = createBacktests(store.database);
});
afterAll(() => store.close());

describe('the records of back-tests', () => {
  it('keep how far one has come and how it ended', async () => {
    const id = await begun();
    expect(await backtests.beat(id, progress)).toBe(true);
    expect(await backtests.beat(id, undefined)).toBe(true);
    expect(await backtests.get(id)).toMatchObject({
      id,
      state: 'running',
      author: 'anna',
      request: { days: 3 },
      progress,
    });
    await backtests.finish(id, { state: 'failed', error: 'no more memory' });
    expect(await backtests.get(id)).toMatchObject({ state: 'failed', error: 'no more memory', progress });
    expect(await backtests.beat(id, progress)).toBe(false);
  });

  it('let one run at a time, also when two begin at once', async () => {
    const tries = await Promise.allSettled([begun(), begun(), begun()]);
    const refused = tries
      .filter(({ status }) => status === 'rejected')
      .map((one) => (one as PromiseRejectedResult).reason as unknown);
    expect(refused).toHaveLength(2);
    for (const reason of refused) expect(reason).toMatchObject({ code: 'STATE_CONFLICT' });
    const [running] = await backtests.list({ limit: 1 });
    expect(await backtests.cancel(running!.id)).toBe(true);
  });

  it('do not let the end of one that was cancelled undo that', async () => {
    const id = await begun();
    await backtests.cancel(id);
    await backtests.finish(id, { state: 'done', progress, result: {} as never });
    expect(await backtests.get(id)).toMatchObject({ state: 'cancelled', result: undefined });
    expect(await backtests.cancel(uuidv7())).toBe(false);
  });

  it('keep what events say, also what PostgreSQL has no characters for', async () => {
    const id = await begun();
    const notes = [{ eventId: 'evt_1', note: 'zero \0, half \ud800' }];
    await backtests.finish(id, { state: 'done', progress, result: { notes } as never });
    expect((await backtests.get(id))!.result).toEqual({
      notes: [{ eventId: 'evt_1', note: 'zero \ufffd, half \ufffd' }],
    });
  });

  it(`are kept for the newest ${backtestLimits.kept}`, async () => {
    for (let n = 0; n <= backtestLimits.kept; n += 1) await backtests.cancel(await begun());
    const all = await backtests.list({ limit: 1000 });
    expect(all).toHaveLength(backtestLimits.kept);
    expect(all.map(({ id }) => id)).toEqual(
      all
        .map(({ id }) => id)
        .toSorted()
        .reverse(),
    );
  });
});
