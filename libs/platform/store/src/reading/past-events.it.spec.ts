import { freshDatabase, type FreshDatabase } from '#testing/services';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase, type Database } from '../database.ts';
import { acceptEvents, ensurePartitions } from '../flow/index.ts';
import { openPastEvents, type PastEvents, type PastSpan } from './past-events.ts';
import { idAt, makeEvent } from './spec-facts.ts';

const nowMs = Date.now();
const hourMs = 3_600_000;
let fresh: FreshDatabase;
let database: Database;
let past: PastEvents;

async function read(span: PastSpan): Promise<string[][]> {
  const pages = [];
  for await (const page of past.pages(span)) pages.push(page.map(({ id }) => id));
  return pages;
}

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ connectionString: fresh.url, poolSize: 2, onError: () => undefined });
  await ensurePartitions(database, nowMs, 1);
  past = openPastEvents(fresh.url);
});
afterAll(async () => {
  await past.close();
  await database.close();
  await fresh.drop();
});

describe('the events of the past', () => {
  it('come with all that planning needs', async () => {
    const atMs = nowMs - 2 * hourMs;
    const more = { subject: 'sku/1', correlationKey: 'c', extensions: { a: 1 }, data: { qty: 2 } };
    const id = await makeEvent(database, { id: idAt(atMs), type: 'whole', ...more });
    const pages = [];
    for await (const page of past.pages({ fromMs: atMs, toMs: atMs + 1 })) pages.push(page);
    expect(pages).toEqual([[{ id, source: 'erp', type: 'whole', time: '2026-11-20T09:00:00.000Z', ...more }]]);
  });

  it('come once each and oldest first, page by page, over the edges of days', async () => {
    const event = { source: 's', type: 'many', time: new Date(nowMs).toISOString(), data: {} };
    const bare = { subject: undefined, idempotencyKey: undefined, correlationKey: undefined, extensions: undefined };
    const [fromMs, toMs] = [nowMs - 24 * hourMs, nowMs - 3 * hourMs];
    const ids = Array.from({ length: 4500 }, (_, n) => idAt(fromMs + Math.floor((n * (toMs - fromMs)) / 4500)));
    await acceptEvents(
      database,
      ids.toReversed().map((id) => ({ ...event, ...bare, id })),
    );
    const outside = [fromMs - 1, toMs].map((ms) => ({ ...event, ...bare, id: idAt(ms) }));
    await acceptEvents(database, outside);
    const pages = await read({ fromMs, toMs });
    expect(pages.map(({ length }) => length)).toEqual([250, 500, 1000, 2000, 750]);
    expect(pages.flat()).toEqual(ids);
  });

  it('come narrowed to types, in pages that may be empty', async () => {
    const span = { fromMs: nowMs - 25 * hourMs, toMs: nowMs, types: ['rare', 'whole'] };
    const rare = await makeEvent(database, { id: idAt(nowMs - hourMs), type: 'rare' });
    const pages = await read(span);
    expect(pages.map(({ length }) => length)).toEqual([0, 0, 0, 0, 2]);
    expect(pages.flat()[1]).toBe(rare);
  });

  it('come in pages of bounded size, however large they are', async () => {
    const [fromMs, toMs] = [nowMs - 2.5 * hourMs, nowMs - 2.4 * hourMs];
    const data = 'x'.repeat(4 * 1024 * 1024);
    const ids = [];
    for (let n = 0; n < 11; n += 1) ids.push(await makeEvent(database, { id: idAt(fromMs + n), type: 'large', data }));
    const pages = await read({ fromMs, toMs });
    expect(pages.map(({ length }) => length)).toEqual([4, 4, 3]);
    expect(pages.flat()).toEqual(ids);
  });

  it('are none where there are none, and where there is no partition', async () => {
    expect(await read({ fromMs: 0, toMs: 1000 })).toEqual([]);
    expect(await past.estimate({ fromMs: 0, toMs: 1000 })).toBeLessThanOrEqual(1);
  });

  it('are estimated by the statistics', async () => {
    await database.pool.query('ANALYZE event');
    const estimate = await past.estimate({ fromMs: nowMs - 25 * hourMs, toMs: nowMs });
    expect(Math.abs(estimate - 4500)).toBeLessThan(1000);
    expect(await past.estimate({ fromMs: nowMs - 25 * hourMs, toMs: nowMs, types: ['rare'] })).toBeLessThan(500);
  });

  it('are read on a connection that others can tell from the rest', async () => {
    const own = openPastEvents(fresh.url);
    await own.followersOf(['x'], new Date());
    const { rows } = await database.pool.query<{ names: string[] }>(
      `SELECT array_agg(application_name) AS names FROM pg_stat_activity WHERE datname = current_database()`,
    );
    await own.close();
    expect(rows[0]!.names).toContain('vestnik back-test');
  });
});
