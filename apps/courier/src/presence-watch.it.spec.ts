import type { Rounds } from '#platform/runtime';
import type { PresenceAnswer } from '#backends/kit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { watchPresence } from './presence-watch.ts';
import { openWorld, type CourierWorld, type SpecCourier } from './spec-world.ts';

let world: CourierWorld;
let present: Set<string>;
const watches: Rounds[] = [];

beforeAll(async () => {
  world = await openWorld();
});
afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.close()));
  await world.database.pool.query('DELETE FROM presence_look');
  await world.database.pool.query(`UPDATE delivery SET finished_at = now(), state = 'delivered'`);
});
afterAll(() => world.close());

const presence = async (addresses: readonly string[]): Promise<PresenceAnswer> => ({
  ok: true,
  online: new Set(addresses.filter((to) => present.has(to))),
  offline: new Set(addresses.filter((to) => !present.has(to))),
});

async function courier(ask: typeof presence = presence): Promise<SpecCourier> {
  return world.courier({ send: async () => ({ kind: 'delivered', reason: 'ok' }), presence: ask });
}

/** A watch whose rounds the spec makes; `everyMs` is how long one look counts. */
function watch(of: SpecCourier, everyMs = 60_000): Rounds {
  const { database, queues, log, presence: asker, backend } = of;
  const made = watchPresence({ database, queues, log, presence: asker, backends: () => [backend] }, everyMs);
  watches.push(made);
  return made;
}

/** A delivery that is held for an address. */
async function held(to: string): Promise<string> {
  const id = await world.route({ to, whenOffline: 'hold' });
  await world.change(id, `state = 'waiting', held_since = now(), due_at = now() + interval '1 hour'`);
  return id;
}

const rungBy = ({ queues }: SpecCourier) => queues.rings.map(({ queue, ids }) => [queue, ids]);

describe('the watch for people who are held for', () => {
  it('rings for everything that is held for whoever is seen, and makes it due', async () => {
    const ids = [await held('anna'), await held('boris'), await held('anna')];
    present = new Set(['anna']);
    const one = await courier();
    await watch(one).round();
    const anna = [ids[0]!, ids[2]!].sort();
    expect(rungBy(one)).toEqual([['hq', anna]]);
    expect(one.lines('presence.seen')).toMatchObject([{ backend: 'hq', addresses: 1, deliveries: 2 }]);
    expect(await one.deliver(ids)).toBe(true);
    const states = await Promise.all(ids.map(async (id) => (await world.row(id))['state']));
    expect(states).toEqual(['delivered', 'waiting', 'delivered']);
  });

  it('asks once, and rings once, though two couriers look out', async () => {
    await held('anna');
    present = new Set(['anna']);
    let asked = 0;
    const couriers = await Promise.all(
      [1, 2].map(() => courier(async (addresses) => ((asked += 1), presence(addresses)))),
    );
    await Promise.all(couriers.map((one) => watch(one).round()));
    expect([asked, couriers.flatMap(rungBy).length]).toEqual([1, 1]);
  });

  it('asks nothing while nothing is held, nor about what waits for something else', async () => {
    await world.route({ to: 'anna' });
    const retrying = await world.route({ to: 'anna' });
    await world.change(retrying, `state = 'retrying', held_since = now()`);
    let asked = 0;
    const one = await courier(async (addresses) => ((asked += 1), presence(addresses)));
    await watch(one).round();
    expect([asked, rungBy(one)]).toEqual([0, []]);
  });

  it('looks again by itself as often as it should, and is never put off by its own look before', async () => {
    const id = await held('anna');
    present = new Set();
    const looks: number[] = [];
    let seen: () => void = () => undefined;
    const sixLooks = new Promise<void>((resolve) => (seen = resolve));
    const one = await courier(async (addresses) => {
      if (looks.push(performance.now()) === 6) seen();
      return presence(addresses);
    });
    watch(one, 100);
    await sixLooks;
    expect(looks[5]! - looks[0]!).toBeLessThan(2000);
    expect((await world.row(id))['state']).toBe('waiting');
  });

  it('counts a look for less than the time until the next round, which may come a moment early', async () => {
    await watch(await courier()).round();
    const { rows } = await world.database.pool.query<{ ms: number }>(
      'SELECT extract(epoch FROM next_at - now())::float8 * 1000 AS ms FROM presence_look',
    );
    expect(rows[0]!.ms).toBeLessThan(55_000);
    expect(rows[0]!.ms).toBeGreaterThan(30_000);
  });

  it('goes on after a round that failed; the log says so', async () => {
    await held('anna');
    present = new Set(['anna']);
    const one = await courier();
    let isAway = true;
    const pool = {
      query: (...given: unknown[]): unknown =>
        isAway
          ? Promise.reject(new Error('the database is away'))
          : (one.database.pool.query as (...args: unknown[]) => unknown).apply(one.database.pool, given),
    };
    const made = watch({ ...one, database: { ...one.database, pool: pool as never } });
    await made.round();
    expect([rungBy(one), one.lines('presence.watch_failed').length]).toEqual([[], 1]);
    isAway = false;
    await made.round();
    expect(rungBy(one)).toHaveLength(1);
  });

  it('comes to everybody, however many they are', async () => {
    const people = Array.from({ length: 450 }, (_, n) => `p${String(n).padStart(4, '0')}`);
    for (const to of people) await held(to);
    present = new Set([people[0]!, people[449]!]);
    const one = await courier();
    await watch(one).round();
    expect(rungBy(one).flatMap(([, ids]) => ids)).toHaveLength(2);
  });
});
