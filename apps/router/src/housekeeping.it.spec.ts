import { uuidFloor } from '#contract';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startHousekeeping } from './housekeeping.ts';
import { openWorld, type RouterWorld } from './spec-world.ts';

const dayMs = 86_400_000;
let world: RouterWorld;
beforeAll(async () => {
  world = await openWorld(0);
});
afterAll(() => world.close());

async function partitionsOf(table: string): Promise<string[]> {
  const { rows } = await world.database.pool.query<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass ORDER BY 1`,
    [table],
  );
  return rows.map((row) => row.name);
}

const nameOf = (table: string, day: number) =>
  `${table}_${new Date(Date.now() + day * dayMs).toISOString().slice(0, 10).replaceAll('-', '')}`;

/** Makes the partition of a day; the days are counted from today. */
async function makePartition(table: string, day: number): Promise<string> {
  const start = (Math.floor(Date.now() / dayMs) + day) * dayMs;
  const bounds = `FROM ('${uuidFloor(start)}') TO ('${uuidFloor(start + dayMs)}')`;
  await world.database.pool.query(`CREATE TABLE ${nameOf(table, day)} PARTITION OF ${table} FOR VALUES ${bounds}`);
  return nameOf(table, day);
}

describe('housekeeping', () => {
  it('drops whole days that are past the retention, and says which', async () => {
    const old = await makePartition('event', -40);
    const kept = await makePartition('event', -30);
    (await startHousekeeping(world.database, world.log, 30)).close();
    const present = await partitionsOf('event');
    expect(present).not.toContain(old);
    expect(present).toContain(kept);
    expect(world.lines()).toContainEqual(expect.objectContaining({ msg: 'retention.dropped', dropped: [old] }));
  });

  it('goes on every hour until it is closed, also after a round that failed', async () => {
    const set = jest.spyOn(globalThis, 'setInterval');
    let away = false;
    const query = (...args: unknown[]): unknown =>
      away
        ? Promise.reject(new Error('the database is away'))
        : (world.database.pool.query as (...given: unknown[]) => unknown).apply(world.database.pool, args);
    const running = await startHousekeeping({ ...world.database, pool: { query } as never }, world.log, 30);
    const [tick, everyMs] = set.mock.calls.at(-1) as [() => void, number];
    set.mockRestore();
    expect(everyMs).toBe(3_600_000);
    away = true;
    tick();
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.lines()).toContainEqual(expect.objectContaining({ msg: 'housekeeping.failed', level: 50 }));
    running.close();
  });
});
