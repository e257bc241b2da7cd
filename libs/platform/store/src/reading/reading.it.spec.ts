import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidFloor } from '#contract';
import { freshDatabase, type FreshDatabase } from '#testing/services';
import { uuidv7 } from 'uuidv7';
import { openDatabase, type Database } from '../database.ts';
import { claimDeliveries, ensurePartitions } from '../flow/index.ts';
import { createReading, type Reading } from './reading.ts';
import { attempt, bad, idAt, makeDead, makeDelivery, makeEvent } from './spec-facts.ts';

let fresh: FreshDatabase;
let database: Database;
let reading: Reading;
const dayMs = 86_400_000;
const nowMs = Date.now();
async function everyPage<T>(
  ask: (cursor?: string) => Promise<{ items: T[]; next?: string | undefined }>,
): Promise<T[][]> {
  const pages: T[][] = [];
  let cursor: string | undefined;
  do {
    const page = await ask(cursor);
    pages.push(page.items);
    cursor = page.next;
  } while (cursor);
  return pages;
}

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ connectionString: fresh.url, poolSize: 4, onError: () => undefined });
  await ensurePartitions(database, nowMs, 2);
  await ensurePartitions(database, nowMs - 10 * dayMs, 2);
  reading = createReading(database);
});
afterAll(async () => {
  await database.close();
  await fresh.drop();
});

describe('the list of events', () => {
  it('shows an event with public id, times in UTC and no empty fields', async () => {
    const at = nowMs - 10 * dayMs;
    const id = await makeEvent(database, {
      id: idAt(at),
      type: 'viewed',
      subject: 'sku/1',
      correlationKey: 'c',
      idempotencyKey: 'k',
      extensions: { a: 1 },
    });
    const { items } = await reading.listEvents({ type: 'viewed', limit: 10 });
    expect(items).toEqual([
      {
        id: `evt_${id}`,
        source: 'erp',
        type: 'viewed',
        subject: 'sku/1',
        time: '2026-11-20T09:00:00.000Z',
        acceptedAt: new Date(at).toISOString(),
        state: 'accepted',
        idempotencyKey: 'k',
        correlationKey: 'c',
        data: { qty: 3 },
        extensions: { a: 1 },
        rules: [],
        notes: [],
      },
    ]);
    await makeEvent(database, { type: 'viewed-bare' });
    const [bare] = (await reading.listEvents({ type: 'viewed-bare', limit: 1 })).items;
    expect(Object.keys(bare!)).not.toEqual(expect.arrayContaining(['subject']));
  });

  it('goes through all of them, newest first, across days, without repeating or missing one', async () => {
    const times = [0, 1, 2, 3, 4].map((n) => nowMs - (n < 2 ? 10 * dayMs : 0) - n);
    const ids = [];
    for (const ms of times) ids.push(await makeEvent(database, { id: idAt(ms), type: 'paged' }));
    const pages = await everyPage((cursor) => reading.listEvents({ type: 'paged', limit: 2, cursor }));
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(pages.flat().map((event) => event.id)).toEqual(
      ids
        .toSorted()
        .reverse()
        .map((id) => `evt_${id}`),
    );
  });

  it('narrows by every filter', async () => {
    const id = await makeEvent(database, { type: 'narrow', source: 'wms', subject: 's', correlationKey: 'narrow' });
    await makeEvent(database, { type: 'narrow', source: 'other' });
    for (const filter of [
      { source: 'wms' },
      { subject: 's' },
      { correlationKey: 'narrow' },
      { source: 'wms', state: 'accepted' as const },
    ]) {
      const { items } = await reading.listEvents({ type: 'narrow', ...filter, limit: 10 });
      expect(items.map((event) => event.id)).toEqual([`evt_${id}`]);
    }
    expect((await reading.listEvents({ type: 'narrow', state: 'routed', limit: 10 })).items).toEqual([]);
  });

  it('takes a span of time, from inclusive, to exclusive, and looks only into its partitions', async () => {
    const at = nowMs - 10 * dayMs;
    const iso = (ms: number) => new Date(ms).toISOString();
    const id = await makeEvent(database, { id: idAt(at), type: 'spanned' });
    const list = (from: number, to: number) =>
      reading.listEvents({ type: 'spanned', from: iso(from), to: iso(to), limit: 10 });
    expect((await list(at, at + 1)).items.map((event) => event.id)).toEqual([`evt_${id}`]);
    expect((await list(at - 1, at)).items).toEqual([]);
    expect((await list(at + 1, nowMs)).items).toEqual([]);
  });

  it('refuses a cursor of somebody else', async () => {
    await expect(reading.listEvents({ limit: 1, cursor: 'nonsense' })).rejects.toMatchObject({
      code: 'CURSOR_INVALID',
    });
  });
});

describe('the story of an event', () => {
  it('tells of its deliveries and every attempt', async () => {
    const eventId = await makeEvent(database);
    const id = await makeDelivery(database, eventId);
    await attempt(database, id, 'retrying', { kind: 'retryable', reason: 'http_503' });
    await attempt(database, id, 'delivered', { kind: 'delivered', reason: 'ok' });
    const story = await reading.getEvent(eventId);
    expect(story).toMatchObject({ id: `evt_${eventId}`, state: 'routed', rules: ['stock-low'], moreDeliveries: false });
    expect(story!.deliveries).toMatchObject([
      {
        id: `dlv_${id}`,
        eventId: `evt_${eventId}`,
        eventType: 'stock.low',
        state: 'delivered',
        attempts: 2,
        lastOutcome: { kind: 'delivered' },
        attemptLog: [
          { number: 1, durationMs: 12.5, waitMs: 5000, outcome: { reason: 'http_503' } },
          { number: 2, outcome: { kind: 'delivered' } },
        ],
      },
    ]);
    expect(story!.deliveries[0]!.attemptLog[1]).not.toHaveProperty('waitMs');
  });

  it('tells of deliveries made long after the event, as a replay makes them', async () => {
    const eventId = await makeEvent(database, { id: idAt(nowMs - 10 * dayMs) });
    const id = await makeDelivery(database, eventId);
    expect((await reading.getEvent(eventId))!.deliveries.map((delivery) => delivery.id)).toEqual([`dlv_${id}`]);
  });

  it('says when there are more deliveries than it tells', async () => {
    const eventId = await makeEvent(database);
    const deliveries = Array.from({ length: 501 }, () => uuidv7());
    await database.pool.query(
      `INSERT INTO delivery (id, event_id, rule, backend, address, address_kind, message)
       SELECT id, $2, 'r', 'inbox', 'a', 'person', '{"markdown":""}' FROM unnest($1::uuid[]) AS t(id)`,
      [deliveries, eventId],
    );
    const story = await reading.getEvent(eventId);
    expect(story).toMatchObject({ moreDeliveries: true });
    expect(story!.deliveries.map((delivery) => delivery.id)).toEqual(deliveries.slice(0, 500).map((id) => `dlv_${id}`));
  });

  it('is not told of an event that is not there', async () => {
    expect(await reading.getEvent(uuidv7())).toBeUndefined();
    expect(await reading.getEvent(uuidFloor(0).replace('-0000-0000', '-7000-8000'))).toBeUndefined();
  });
});

describe('the list of deliveries', () => {
  it('narrows by every filter', async () => {
    const eventId = await makeEvent(database, { type: 'narrowed' });
    const id = await makeDelivery(database, eventId, { rule: 'narrow', recipient: 'nora', backend: 'narrow-hq' });
    await makeDelivery(database, await makeEvent(database), { rule: 'narrow', backend: 'narrow-hq' });
    const ids = async (filter: object) =>
      (await reading.listDeliveries({ limit: 10, ...filter })).items.map((delivery) => delivery.id);
    const own = [`dlv_${id}`];
    expect(await ids({ recipient: 'nora' })).toEqual(own);
    expect(await ids({ eventId })).toEqual(own);
    expect(await ids({ eventType: 'narrowed' })).toEqual(own);
    expect(await ids({ rule: 'narrow' })).toHaveLength(2);
    expect(await ids({ backend: 'narrow-hq', state: 'pending' })).toHaveLength(2);
    expect(await ids({ backend: 'narrow-hq', state: 'dead' })).toEqual([]);
    expect(await ids({ eventId, to: new Date(nowMs - dayMs).toISOString() })).toEqual([]);
  });

  it('goes through all of them with a filter by the type of the event', async () => {
    const made = [];
    for (let n = 0; n < 5; n += 1)
      made.push(await makeDelivery(database, await makeEvent(database, { type: 'typed' })));
    const pages = await everyPage((cursor) => reading.listDeliveries({ eventType: 'typed', limit: 2, cursor }));
    expect(pages.flat().map((delivery) => delivery.id)).toEqual(made.toReversed().map((id) => `dlv_${id}`));
    expect(pages.flat().every((delivery) => delivery.eventType === 'typed')).toBe(true);
  });

  it('tells the next attempt only of what waits for one, and the end only of what has ended', async () => {
    const view = async (id: string) => (await reading.getDelivery(id))!;
    const pending = await view(await makeDelivery(database, await makeEvent(database)));
    expect(pending).toMatchObject({ state: 'pending', attempts: 0, attemptLog: [], nextAttemptAt: expect.any(String) });
    expect(pending).not.toHaveProperty('finishedAt');
    const sendingId = await makeDelivery(database, await makeEvent(database));
    await claimDeliveries(database, [sendingId], { backend: 'inbox', lease: uuidv7(), leaseMs: 60_000 });
    const sending = await view(sendingId);
    expect(sending.state).toBe('sending');
    expect(sending).not.toHaveProperty('nextAttemptAt');
    const dead = await view(await makeDead(database));
    expect(dead).toMatchObject({ state: 'dead', finishedAt: expect.any(String), lastOutcome: bad });
    expect(dead).not.toHaveProperty('nextAttemptAt');
  });

  it('tells the last attempts of a delivery that has very many', async () => {
    const id = await makeDelivery(database, await makeEvent(database));
    await database.pool.query(
      `INSERT INTO attempt (id, delivery_id, number, started_at, duration_ms, outcome)
       SELECT t.id, $2, n, now(), 1, '{"kind":"retryable","reason":"r"}' FROM unnest($1::uuid[]) WITH ORDINALITY AS t(id, n)`,
      [Array.from({ length: 130 }, () => uuidv7()), id],
    );
    const numbers = (await reading.getDelivery(id))!.attemptLog.map((entry) => entry.number);
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, index) => index + 31));
  });
});
