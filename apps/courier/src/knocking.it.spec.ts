import { waitFor } from '#testing/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startKnocking, type KnockingParts } from './knocking.ts';
import { specLog } from './spec-courier.ts';
import { openWorld, specQueues, type CourierWorld } from './spec-world.ts';

let world: CourierWorld;
let running: { close(): Promise<void> } | undefined;
beforeAll(async () => {
  world = await openWorld();
});
afterEach(async () => {
  await running?.close();
  await world.database.pool.query(`UPDATE delivery SET finished_at = now(), state = 'delivered'`);
});
afterAll(() => world.close());

const everyMs = 100;
type Door = ReturnType<KnockingParts['backends']> extends Iterable<infer T> ? T : never;

/** Knocks at one backend; what is delivered is finished at once. */
function knock(door: Partial<Door> = {}, parts: Partial<KnockingParts> = {}) {
  const queues = specQueues();
  queues.away = true;
  const spec = specLog();
  const delivered: { at: number; ids: readonly string[] }[] = [];
  running = startKnocking(
    {
      database: world.database,
      queues,
      log: spec.log,
      backends: () => [{ slug: 'hq', perSecond: undefined, isOpen: true, ...door }],
      deliver: async (_slug, ids) => {
        delivered.push({ at: performance.now(), ids });
        for (const id of ids) await world.change(id, `finished_at = now(), state = 'delivered'`);
      },
      ...parts,
    },
    everyMs,
  );
  const all = () => delivered.flatMap(({ ids }) => ids);
  return { queues, delivered, all, lines: spec.lines };
}

async function routeMany(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) ids.push(await world.route());
  return ids;
}

describe('a courier that nobody rings for', () => {
  it('looks by itself for what is due, and leaves alone what is not', async () => {
    const ids = await routeMany(3);
    await world.change(ids[1]!, `due_at = now() + interval '1 hour'`);
    const { all } = knock();
    await waitFor(() => all().length === 2, { what: 'what is due' });
    expect([...all()].sort()).toEqual([ids[0], ids[2]]);
  });

  it('does nothing while the queues are there', async () => {
    await routeMany(1);
    const { queues, all } = knock();
    queues.away = false;
    const until = Date.now() + everyMs * 3;
    await waitFor(() => Date.now() > until, { what: 'some looks' });
    expect(all()).toEqual([]);
    queues.away = true;
    await waitFor(() => all().length === 1, { what: 'the delivery' });
  });

  it('takes at most as many in one look as a limited backend takes in a second', async () => {
    await routeMany(7);
    const { delivered, all } = knock({ perSecond: 3 });
    await waitFor(() => all().length === 7, { what: 'all of them' });
    expect(delivered.map(({ ids }) => ids.length)).toEqual([3, 3, 1]);
    for (const [n, { at }] of delivered.entries())
      if (n > 0) expect(at - delivered[n - 1]!.at).toBeGreaterThan(everyMs * 0.5);
  });

  it('goes on slowly where a backend takes less than one in a second', async () => {
    await routeMany(2);
    const { delivered, all } = knock({ perSecond: 0.2 });
    await waitFor(() => all().length === 2, { what: 'both' });
    expect(delivered.map(({ ids }) => ids.length)).toEqual([1, 1]);
  });

  it('takes only what has passed its deadline for a backend that is down', async () => {
    const [stale] = await routeMany(2);
    await world.change(stale!, `valid_until = now() - interval '1 second'`);
    const { all } = knock({ isOpen: false });
    await waitFor(() => all().length > 0, { what: 'the stale one' });
    expect(all()).toEqual([stale]);
  });

  it('does not look again at a backend that is busy with the look before, and waits for that at its end', async () => {
    await routeMany(1);
    let finish: () => void = () => undefined;
    const work = new Promise<void>((resolve) => (finish = resolve));
    let looks = 0;
    knock({}, { deliver: () => ((looks += 1), work) });
    await waitFor(() => looks > 0, { what: 'a look' });
    let closed = false;
    const until = Date.now() + everyMs * 3;
    await waitFor(() => Date.now() > until, { what: 'some looks' });
    const closing = running!.close().then(() => (closed = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect([looks, closed]).toEqual([1, false]);
    finish();
    await closing;
  });

  it('goes on after a look that failed; the log says so', async () => {
    await routeMany(1);
    let fails = 2;
    const done: unknown[] = [];
    const { lines } = knock(
      {},
      {
        deliver: async (_slug, ids) => {
          if (fails-- > 0) throw new Error('the database is away');
          done.push(...ids);
          for (const id of ids) await world.change(id, `finished_at = now(), state = 'delivered'`);
        },
      },
    );
    await waitFor(() => done.length === 1, { what: 'the delivery' });
    expect(lines().map(({ msg }) => msg)).toEqual(['courier.knock_failed', 'courier.knock_failed']);
  });
});
