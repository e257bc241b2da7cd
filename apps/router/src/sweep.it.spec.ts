import type { Rounds } from '#platform/runtime';
import { waitFor } from '#testing/services';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { idFromBefore, makeDelivery, makeEvent, openWorld, type RouterWorld } from './spec-world.ts';
import { startSweep, type SweepParts } from './sweep.ts';

let world: RouterWorld;
let sweep: Rounds | undefined;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  world.rings.splice(0);
  world.circuits.clear();
  world.jobs.clear();
  await world.database.pool.query('TRUNCATE event, delivery');
});
afterEach(async () => {
  jest.restoreAllMocks();
  await sweep?.close();
});
afterAll(() => world.close());

function start(parts: Partial<SweepParts> = {}): Rounds {
  const { database, queues, circuits, log } = world;
  const route = async () => undefined;
  const backends = () =>
    new Map([
      ['hq', {}],
      ['resting', { paused: true }],
      ['desk', {}],
    ]);
  sweep = startSweep({ database, queues, circuits, log, backends, route, ...parts });
  return sweep;
}

/** Makes deliveries due so many milliseconds ago. */
async function makeDue(ids: readonly string[], agoMs: number): Promise<void> {
  await world.database.pool.query(
    `UPDATE delivery SET due_at = now() - $2 * interval '1 millisecond' WHERE id = ANY($1::uuid[])`,
    [ids, agoMs],
  );
}

const realNow = Date.now.bind(Date);

/** Moves the clock of this process on. */
function later(ms: number): void {
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + ms);
}

describe('the sweep', () => {
  it('rings for events that were not routed in time, and leaves fresh ones to their own ring', async () => {
    const overdue = await makeEvent(world.database, { id: idFromBefore(60_000) });
    await makeEvent(world.database);
    await start().round();
    expect(world.rings).toEqual([['route', [overdue]]]);
    expect(world.lines()).toContainEqual(expect.objectContaining({ msg: 'sweep.rang', what: 'event', count: 1 }));
  });

  it('rings for deliveries that were not attempted in time, per backend, and leaves the others', async () => {
    const [first, second, third] = [
      await makeDelivery(world.database, 'hq'),
      await makeDelivery(world.database, 'desk'),
      await makeDelivery(world.database, 'hq'),
    ];
    await makeDelivery(world.database, 'hq');
    await makeDue([first, second, third], 10_000);
    await start().round();
    expect(world.rings.map(([backend, ids]) => [backend, ids.toSorted()]).sort()).toEqual([
      ['desk', [second]],
      ['hq', [first, third].toSorted()],
    ]);
  });

  it('does not ring again within half a minute, and does after it', async () => {
    const event = await makeEvent(world.database, { id: idFromBefore(60_000) });
    const delivery = await makeDelivery(world.database, 'hq');
    await makeDue([delivery], 10_000);
    const { round } = start();
    for (let n = 0; n < 3; n += 1) await round();
    const once = [
      ['route', [event]],
      ['hq', [delivery]],
    ];
    expect(world.rings).toEqual(once);
    later(29_000);
    await round();
    expect(world.rings).toEqual(once);
    later(31_000);
    await round();
    expect(world.rings).toEqual([...once, ...once]);
  });

  it('lets the deliveries of a paused backend wait', async () => {
    const waiting = await makeDelivery(world.database, 'resting');
    await makeDue([waiting], 10_000);
    await start().round();
    expect(world.rings).toEqual([]);
    const { rows } = await world.database.pool.query('SELECT state FROM delivery');
    expect(rows).toEqual([{ state: 'pending' }]);
  });

  it('buries deliveries whose backend is gone, with a reason that says what to do', async () => {
    const orphan = await makeDelivery(world.database, 'gone');
    await makeDue([orphan], 10_000);
    await start().round();
    const { rows } = await world.database.pool.query(
      'SELECT state, last_outcome, finished_at IS NOT NULL AS finished FROM delivery WHERE id = $1',
      [orphan],
    );
    expect(rows).toEqual([
      {
        state: 'dead',
        finished: true,
        last_outcome: {
          kind: 'permanent',
          reason: 'backend_gone',
          detail: expect.stringMatching(/"gone".*redrive/),
        },
      },
    ]);
    expect(world.rings).toEqual([]);
  });

  it('looks by itself, and no more once it is closed', async () => {
    const first = await makeEvent(world.database, { id: idFromBefore(60_000) });
    const running = start();
    await waitFor(() => world.rings.length > 0, { what: 'the sweep to ring' });
    expect(world.rings).toEqual([['route', [first]]]);
    const cleared = jest.spyOn(globalThis, 'clearInterval');
    await running.close();
    expect(cleared).toHaveBeenCalledTimes(1);
  });

  it('outlives a database that is away, and says so', async () => {
    const away = { pool: { query: () => Promise.reject(new Error('the database is away')) } };
    await start({ database: away as never }).round();
    expect(world.lines()).toContainEqual(expect.objectContaining({ msg: 'sweep.failed', level: 40 }));
  });

  it('does one round at a time', async () => {
    const { round } = start();
    expect(round()).toBe(round());
    await round();
  });
});
