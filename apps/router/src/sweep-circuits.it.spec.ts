/** The sweep and what is not as usual: backends that are down or draining, long queues, and queues that are away. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Rounds } from '#platform/runtime';
import { idFromBefore, makeDelivery, makeEvent, openWorld, type RouterWorld } from './spec-world.ts';
import { startSweep } from './sweep.ts';

let world: RouterWorld;
let sweep: Rounds;
let routed: string[][];
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  await world.database.pool.query('TRUNCATE event, delivery, delivery_line');
  world.rings.splice(0);
  world.circuits.clear();
  world.jobs.clear();
  world.away(false);
  routed = [];
  const { database, queues, circuits, log } = world;
  const backends = () => new Map(['hq', 'desk'].map((slug) => [slug, {}]));
  const route = async (ids: readonly string[]) => void routed.push([...ids]);
  sweep = startSweep({ database, queues, circuits, log, backends, route });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await sweep.close();
});
afterAll(() => world.close());

/** A delivery that is due since so many milliseconds; `set` is more SQL. */
async function makeDue(agoMs: number, backend = 'hq', set = ''): Promise<string> {
  const id = await makeDelivery(world.database, backend);
  await world.database.pool.query(
    `UPDATE delivery SET due_at = now() - $2 * interval '1 millisecond' ${set} WHERE id = $1`,
    [id, agoMs],
  );
  return id;
}

const finish = (id: string) =>
  world.database.pool.query(`UPDATE delivery SET state = 'delivered', finished_at = now() WHERE id = $1`, [id]);
const realNow = Date.now.bind(Date);

/** Moves the clock of this process on. */
function later(ms: number): void {
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + ms);
}

const stale = `, valid_until = now() - interval '1 second'`;

describe('a backend that drains', () => {
  it('is rung for without a grace, oldest first', async () => {
    world.circuits.set('hq', 'draining');
    const [newest, oldest, middle] = [await makeDue(100), await makeDue(60_000), await makeDue(30_000)];
    await makeDue(100, 'desk');
    await sweep.round();
    expect(world.rings).toEqual([['hq', [oldest, middle, newest]]]);
  });

  it('is as usual again once nothing is behind, and says so', async () => {
    world.circuits.set('hq', 'draining');
    const behind = await makeDue(60_000);
    await sweep.round();
    expect(world.circuits.closed).toEqual([]);
    await finish(behind);
    await makeDue(100);
    await sweep.round();
    expect(world.circuits.closed).toEqual(['hq']);
    expect(world.lines()).toContainEqual(expect.objectContaining({ msg: 'backend.drained', backend: 'hq' }));
  });

  it('drains on while another is done', async () => {
    for (const slug of ['hq', 'desk']) world.circuits.set(slug, 'draining');
    await makeDue(60_000);
    await sweep.round();
    expect(world.circuits.closed).toEqual(['desk']);
  });
});

describe('a backend that is down or refuses us', () => {
  it.each(['open', 'paused'] as const)('(%s) is rung for only what is past its deadline, due or not', async (state) => {
    world.circuits.set('hq', state);
    await makeDue(60_000);
    await makeDue(60_000, 'hq', `, valid_until = now() + interval '1 hour'`);
    const expired = await makeDue(60_000, 'hq', stale);
    const impatient = await makeDue(-60_000, 'hq', `, give_up_at = now() - interval '1 minute', state = 'retrying'`);
    await sweep.round();
    expect(world.rings).toEqual([['hq', [impatient, expired]]]);
    expect(world.circuits.closed).toEqual([]);
  });

  it('keeps nobody else waiting', async () => {
    world.circuits.set('hq', 'open');
    await makeDue(60_000);
    const other = await makeDue(10_000, 'desk');
    await sweep.round();
    expect(world.rings).toEqual([['desk', [other]]]);
  });
});

describe('a line', () => {
  it('is rung for at its head only', async () => {
    const correlationKey = 'order/1';
    const ids = [];
    for (let n = 0; n < 3; n += 1) ids.push(await makeDelivery(world.database, 'hq', { correlationKey }));
    await world.database.pool.query(`UPDATE delivery SET due_at = now() - interval '1 minute'`);
    await sweep.round();
    expect(world.rings).toEqual([['hq', [ids[0]]]]);
  });
});

describe('a queue', () => {
  it('that holds enough is not rung for, be it of events or of deliveries', async () => {
    const event = await makeEvent(world.database, { id: idFromBefore(60_000) });
    const [full, free] = [await makeDue(60_000), await makeDue(60_000, 'desk')];
    world.jobs.set('route', 50).set('hq', 50).set('desk', 49);
    await sweep.round();
    expect(world.rings).toEqual([['desk', [free]]]);
    world.jobs.set('route', 49).set('hq', 49);
    await sweep.round();
    expect(world.rings.slice(1)).toEqual([
      ['route', [event]],
      ['hq', [full]],
    ]);
  });

  it('that is empty has lost what was rung for more than a grace ago, and is rung for again', async () => {
    const event = await makeEvent(world.database, { id: idFromBefore(60_000) });
    const delivery = await makeDue(60_000);
    const once: unknown = [
      ['route', [event]],
      ['hq', [delivery]],
    ];
    await sweep.round();
    world.jobs.set('route', 0).set('hq', 0);
    later(2500);
    await sweep.round();
    expect(world.rings).toEqual(once);
    later(3500);
    await sweep.round();
    expect(world.rings).toEqual([...(once as unknown[]), ...(once as unknown[])]);
  });
});

describe('while the queues are away', () => {
  it('events are routed here and now, after a short grace, and nothing is rung for', async () => {
    world.away(true);
    const waiting = [idFromBefore(2000), idFromBefore(1500)];
    for (const id of waiting) await makeEvent(world.database, { id });
    await makeEvent(world.database);
    await makeDue(60_000);
    await sweep.round();
    expect(routed).toEqual([waiting]);
    expect(world.rings).toEqual([]);
  });

  it('deliveries whose backend is gone are buried all the same', async () => {
    world.away(true);
    const orphan = await makeDue(60_000, 'gone');
    await sweep.round();
    const { rows } = await world.database.pool.query('SELECT state FROM delivery WHERE id = $1', [orphan]);
    expect(rows).toEqual([{ state: 'dead' }]);
  });

  it('ends, all is rung for as before', async () => {
    world.away(true);
    const event = await makeEvent(world.database, { id: idFromBefore(60_000) });
    const delivery = await makeDue(60_000);
    await sweep.round();
    world.away(false);
    await sweep.round();
    expect(world.rings).toEqual([
      ['route', [event]],
      ['hq', [delivery]],
    ]);
  });
});
