import type { Lag } from '#platform/store';
import { renderMetrics } from '#platform/metrics';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { idFromBefore, makeDelivery, makeEvent, openWorld, type RouterWorld } from './spec-world.ts';
import { complaintOf, startWatchdog, type Watchdog, type WatchdogParts } from './watchdog.ts';

let world: RouterWorld;
let watchdog: Watchdog;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  world.circuits.clear();
  await world.database.pool.query('TRUNCATE event, delivery, delivery_line');
  watchdog = start();
});
afterEach(() => {
  jest.restoreAllMocks();
  watchdog.close();
});
afterAll(() => world.close());

function start(parts: Partial<WatchdogParts> = {}): Watchdog {
  const { database, circuits, log } = world;
  const backends = () =>
    new Map([
      ['hq', {}],
      ['resting', { paused: true }],
    ]);
  return startWatchdog({ database, circuits, log, backends, ...parts });
}

const realNow = Date.now.bind(Date);

/** Moves the clock of this process on. */
function later(ms: number): void {
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + ms);
}

/** A delivery that is due since so many seconds. */
async function makeDue(seconds: number, backend = 'hq'): Promise<string> {
  const id = await makeDelivery(world.database, backend);
  await world.database.pool.query(`UPDATE delivery SET due_at = now() - $2 * interval '1 second' WHERE id = $1`, [
    id,
    seconds,
  ]);
  return id;
}

const take = (id: string) =>
  world.database.pool.query(`UPDATE delivery SET leased_until = now() + interval '1 hour' WHERE id = $1`, [id]);
const told = (msg: string) => world.lines().filter((line) => line['msg'] === msg).length;
const complaint = () => watchdog.check().then(() => undefined, String);

describe('the complaint', () => {
  const lag: Lag = { eventSeconds: 0, oldestEvent: undefined, deliverySeconds: 0, oldestDelivery: undefined };
  const standstill = { eventMs: 0, deliveryMs: 0 };

  it('is about an event that stays the oldest for more than a minute, however old it is', () => {
    const waiting = { ...lag, eventSeconds: 86_400, oldestEvent: 'a' };
    expect(complaintOf(waiting, { ...standstill, eventMs: 60_000 })).toBeUndefined();
    expect(complaintOf(waiting, { ...standstill, eventMs: 60_001 })).toBe('an event waits for routing since 86400 s');
    expect(complaintOf(lag, { ...standstill, eventMs: 600_000 })).toBeUndefined();
  });

  it('is about a delivery that stays the oldest for more than a minute, however long it has been due', () => {
    const due = { ...lag, deliverySeconds: 7200, oldestDelivery: 'a' };
    expect(complaintOf(due, { ...standstill, deliveryMs: 60_000 })).toBeUndefined();
    expect(complaintOf(due, { ...standstill, deliveryMs: 60_001 })).toBe(
      'a delivery is due since 7200 s and nobody takes it',
    );
    expect(complaintOf(lag, { ...standstill, deliveryMs: 600_000 })).toBeUndefined();
  });
});

describe('the watchdog', () => {
  it('is content with a flow that has nothing to do', async () => {
    await watchdog.look();
    later(600_000);
    await watchdog.look();
    expect(await complaint()).toBeUndefined();
  });

  it('complains of a queue that stands, says so once, and takes it back when it moves', async () => {
    const stuck = await makeDue(100);
    await watchdog.look();
    later(59_000);
    await watchdog.look();
    expect(await complaint()).toBeUndefined();
    later(61_000);
    await watchdog.look();
    await watchdog.look();
    await expect(watchdog.check()).rejects.toMatchObject({ code: expect.stringMatching(/due since \d+ s and nobody/) });
    expect(told('flow.stalled')).toBe(1);
    expect(world.lines()).toContainEqual(expect.objectContaining({ msg: 'flow.stalled', level: 50 }));
    await take(stuck);
    await watchdog.look();
    expect(await complaint()).toBeUndefined();
    expect(told('flow.moves_again')).toBe(1);
  });

  it('is content with an old event that is replayed', async () => {
    await makeEvent(world.database, { id: idFromBefore(300_000) });
    await watchdog.look();
    expect(await complaint()).toBeUndefined();
  });

  it('is content with a long queue that moves, also while all of it is due since the same moment', async () => {
    const ids = [await makeDue(100), await makeDue(100), await makeDue(100), await makeDue(100)];
    await world.database.pool.query(`UPDATE delivery SET due_at = (SELECT min(due_at) FROM delivery)`);
    for (const [step] of ids.entries()) {
      later(step * 50_000);
      await watchdog.look();
      expect(await complaint()).toBeUndefined();
      const { rows } = await world.database.pool.query<{ id: string }>(
        'SELECT id FROM delivery WHERE leased_until IS NULL ORDER BY due_at, ctid LIMIT 1',
      );
      await take(rows[0]!.id);
    }
  });

  it('expects nothing of backends that are not well, paused, or gone', async () => {
    await makeDue(300, 'resting');
    await makeDue(300, 'gone');
    await makeDue(300);
    world.circuits.set('hq', 'open');
    await watchdog.look();
    later(600_000);
    await watchdog.look();
    expect(await complaint()).toBeUndefined();
    world.circuits.clear();
    await watchdog.look();
    later(661_000);
    await watchdog.look();
    expect(await complaint()).toMatch(/due since/);
  });

  it('complains of an event that nobody routes, until somebody does', async () => {
    await makeEvent(world.database, { id: idFromBefore(90_000) });
    await watchdog.look();
    later(61_000);
    await watchdog.look();
    expect(await complaint()).toMatch(/an event waits for routing since 15\d s/);
    await world.database.pool.query(`UPDATE event SET state = 'unmatched'`);
    await watchdog.look();
    expect(await complaint()).toBeUndefined();
  });

  it('moves the metrics', async () => {
    await makeEvent(world.database, { id: idFromBefore(90_000) });
    await makeDue(300);
    world.circuits.set('desk', 'paused');
    await watchdog.look();
    const { text } = await renderMetrics();
    expect(text).toMatch(/vestnik_flow_lag_seconds\{kind="event"\} (89|9\d)/);
    expect(text).toMatch(/vestnik_flow_lag_seconds\{kind="delivery"\} 30\d/);
    expect(text).toMatch(/vestnik_backend_circuit\{backend="desk",state="paused"\} 1/);
    world.circuits.clear();
    await watchdog.look();
    expect((await renderMetrics()).text).not.toMatch(/backend="desk"/);
  });

  it('looks by itself every few seconds, outlives a database that is away, and stops when it is closed', async () => {
    const set = jest.spyOn(globalThis, 'setInterval');
    const cleared = jest.spyOn(globalThis, 'clearInterval');
    const away = start({ database: { pool: { query: () => Promise.reject(new Error('away')) } as never } });
    const [tick, everyMs] = set.mock.calls.at(-1) as [() => void, number];
    expect(everyMs).toBe(5000);
    tick();
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.lines()).toContainEqual(expect.objectContaining({ msg: 'watchdog.failed', level: 40 }));
    away.close();
    expect(cleared).toHaveBeenCalledTimes(1);
  });
});
