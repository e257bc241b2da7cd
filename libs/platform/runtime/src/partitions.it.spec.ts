import type { Logger } from '#platform/log';
import { acceptEvents, newId, openDatabase, type Database } from '#platform/store';
import { freshDatabase, type FreshDatabase } from '#testing/services';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { keepPartitions } from './partitions.ts';

const dayMs = 86_400_000;
const log = { error: jest.fn() } as unknown as Logger;
let fresh: FreshDatabase;
let database: Database;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ connectionString: fresh.url, poolSize: 2, onError: () => undefined });
});

afterAll(async () => {
  await database.close();
  await fresh.drop();
});

async function partitionsOf(table: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass`,
    [table],
  );
  return rows.map((row) => row.name);
}

const nameOf = (table: string, day: number) =>
  `${table}_${new Date(Date.now() + day * dayMs).toISOString().slice(0, 10).replaceAll('-', '')}`;

function storeEvent() {
  const bare = { subject: undefined, idempotencyKey: undefined, correlationKey: undefined, extensions: undefined };
  const time = new Date().toISOString();
  return acceptEvents(database, [{ id: newId(), source: 's', type: 't', time, data: {}, ...bare }]);
}

describe('the partitions of the days to come', () => {
  it('are there once an app has started, so that events find a place', async () => {
    await expect(storeEvent()).rejects.toThrow('no partition');
    clearInterval(await keepPartitions(database, log));
    await storeEvent();
    for (const table of ['event', 'delivery', 'attempt'])
      expect(await partitionsOf(table)).toEqual(expect.arrayContaining([-1, 0, 1, 7].map((day) => nameOf(table, day))));
  });

  it('are looked after every hour, also after a round that failed', async () => {
    const set = jest.spyOn(globalThis, 'setInterval');
    let away = false;
    const query = (...args: unknown[]): unknown =>
      away
        ? Promise.reject(new Error('the database is away'))
        : (database.pool.query as (...given: unknown[]) => unknown).apply(database.pool, args);
    const timer = await keepPartitions({ pool: { query } as never }, log);
    const [tick, everyMs] = set.mock.calls.at(-1) as [() => void, number];
    set.mockRestore();
    expect(everyMs).toBe(3_600_000);
    away = true;
    tick();
    await new Promise((resolve) => setImmediate(resolve));
    expect(log.error).toHaveBeenCalledWith(expect.anything(), 'partitions.failed');
    clearInterval(timer);
  });
});
