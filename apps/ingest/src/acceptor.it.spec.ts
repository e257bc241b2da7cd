import { HouseError } from '#contract';
import type { Queues } from '#platform/queue';
import { ensurePartitions, newId, openDatabase, type Database, type NewEvent } from '#platform/store';
import { freshDatabase, type FreshDatabase } from '#testing/services';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAcceptor, type Acceptor } from './acceptor.ts';
import { readEvents } from './read-events.ts';

const wide = (start: number) => Array.from({ length: 512 }, (_, n) => String.fromCodePoint(start + n * 31)).join('');
const cloud = { specversion: '1.0', source: 's', type: 't' };

describe('the acceptor', () => {
  let fresh: FreshDatabase;
  let database: Database;
  let acceptor: Acceptor;
  const rung: string[] = [];

  beforeAll(async () => {
    fresh = await freshDatabase();
    database = openDatabase({ connectionString: fresh.url, poolSize: 3, onError: () => undefined });
    await ensurePartitions(database, Date.now(), 1);
    const ringRoute = async (ids: readonly string[]) => void rung.push(...ids);
    acceptor = createAcceptor(database, { ringRoute } as unknown as Queues);
  });

  afterAll(async () => {
    await acceptor.close();
    await database.close();
    await fresh.drop();
  });

  const read = (body: unknown): NewEvent[] =>
    readEvents({ headers: { 'content-type': 'application/json' }, body, defaultSource: 'k', nowMs: Date.now() }).events;

  it.each<[string, object]>([
    ['an offset as wide as RFC 3339 allows', { type: 't', time: '2026-01-01T00:00:00+23:59' }],
    ['more digits of a second than anybody keeps', { type: 't', time: '2026-01-01T00:00:00.12345678901234567890Z' }],
    ['NUL in an extension', { ...cloud, id: '1', severity: 'a\u0000b' }],
    ['the widest source and key', { type: 't', source: wide(0x4e00), idempotencyKey: wide(0x5000) }],
    ['the widest type and correlation key', { type: wide(0x4e00), correlationKey: wide(0x5000) }],
    ['a number beyond all bounds', { type: 't', data: JSON.parse('1e400') as number }],
  ])('stores an event with %s', async (_what, body) => {
    const [answer] = await acceptor.accept(read(body));
    expect(answer).toMatchObject({ status: 'accepted', duplicate: false });
    expect(rung).toContain(answer!.id);
  });

  it.each<[string, object]>([
    ['the year 0', { type: 't', time: '0000-01-01T00:00:00Z' }],
    ['a moment that ends up in the year 10000', { type: 't', time: '9999-12-31T23:59:59-15:00' }],
    ['NUL in a correlation key', { ...cloud, id: '2', correlationkey: 'a\u0000b' }],
    ['half a surrogate pair in a correlation key', { ...cloud, id: '3', correlationkey: '\ud800' }],
    ['an object as extension', { ...cloud, id: '4', severity: { deep: [] } }],
  ])('never sees an event with %s: the door refuses it', (_what, body) => {
    expect(() => read(body)).toThrow(HouseError);
  });

  it('lets a request that PostgreSQL refuses fail alone, not those it shared the batch with', async () => {
    const good = Array.from({ length: 20 }, () => read({ type: 'shared.batch' }));
    const [bad] = read({ type: 'shared.batch' });
    const requests = [...good.slice(0, 11), [{ ...bad!, id: newId(), time: 'no moment at all' }], ...good.slice(11)];
    const settled = await Promise.allSettled(requests.map((events) => acceptor.accept(events)));
    expect(settled.map(({ status }) => status === 'fulfilled')).toEqual(requests.map((_, index) => index !== 11));
    const { rows } = await database.pool.query(`SELECT id FROM event WHERE type = 'shared.batch'`);
    expect(rows).toHaveLength(20);
  });
});
