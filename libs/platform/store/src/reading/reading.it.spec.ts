import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidFloor, type Outcome } from '#contract';
import { freshDatabase, type FreshDatabase } from '#testing/services';
import { uuidv7 } from 'uuidv7';
import { openDatabase, type Database } from '../database.ts';
import {
  acceptEvents,
  claimDeliveries,
  ensurePartitions,
  settleDeliveries,
  storeRouted,
  type NewDelivery,
  type NewEvent,
} from '../flow/index.ts';
import { createAudit } from '../management/audit.ts';
import { createReading, type Reading } from './reading.ts';

let fresh: FreshDatabase;
let database: Database;
let reading: Reading;
const dayMs = 86_400_000;
const nowMs = Date.now();
let count = 0;

/** An id of any moment; later calls give higher ids within the same millisecond. */
function idAt(ms: number): string {
  count += 1;
  return `${uuidFloor(ms).slice(0, 14)}7000-8000-${count.toString(16).padStart(12, '0')}`;
}

async function makeEvent(fields: Partial<NewEvent> = {}): Promise<string> {
  const event: NewEvent = {
    id: uuidv7(),
    source: 'erp',
    type: 'stock.low',
    subject: undefined,
    time: '2026-11-20T12:00:00+03:00',
    idempotencyKey: undefined,
    correlationKey: undefined,
    data: '{"qty":3}',
    extensions: undefined,
    ...fields,
  };
  await acceptEvents(database, [event]);
  return event.id;
}

async function makeDelivery(eventId: string, fields: Partial<NewDelivery> = {}): Promise<string> {
  const delivery: NewDelivery = {
    id: uuidv7(),
    eventId,
    rule: 'stock-low',
    recipient: 'anna',
    backend: 'inbox',
    to: 'anna',
    toKind: 'person',
    message: { title: 'Low', markdown: 'Only **3**' },
    correlationKey: undefined,
    fallbacks: undefined,
    retry: undefined,
    ...fields,
  };
  await storeRouted(database, [{ id: eventId, rules: ['stock-low'], notes: [], deliveries: [delivery] }]);
  return delivery.id;
}

const bad: Outcome = {
  kind: 'permanent',
  reason: 'http_400',
  detail: 'no \u0000 such "reason":"http_500" person',
  statusCode: 400,
};

async function attempt(
  id: string,
  state: 'delivered' | 'retrying' | 'dead',
  outcome: Outcome,
  backend = 'inbox',
): Promise<void> {
  const lease = uuidv7();
  await database.pool.query('UPDATE delivery SET due_at = now() WHERE id = $1', [id]);
  const [claimed] = await claimDeliveries(database, [id], { backend, lease, leaseMs: 60_000 });
  const waitMs = state === 'retrying' ? 5000 : undefined;
  const tried = { id: uuidv7(), number: claimed!.attempts, startedAt: new Date(), durationMs: 12.5 };
  await settleDeliveries(database, [
    { deliveryId: id, lease, state, waitMs, partsSent: 1, attempt: tried, outcome, successor: undefined },
  ]);
}

async function makeDead(
  fields: Partial<NewDelivery> = {},
  outcome = bad,
  event: Partial<NewEvent> = {},
): Promise<string> {
  const id = await makeDelivery(await makeEvent(event), fields);
  await attempt(id, 'dead', outcome, fields.backend);
  return id;
}

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
    const id = await makeEvent({
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
    await makeEvent({ type: 'viewed-bare' });
    const [bare] = (await reading.listEvents({ type: 'viewed-bare', limit: 1 })).items;
    expect(Object.keys(bare!)).not.toEqual(expect.arrayContaining(['subject']));
  });

  it('goes through all of them, newest first, across days, without repeating or missing one', async () => {
    const times = [0, 1, 2, 3, 4].map((n) => nowMs - (n < 2 ? 10 * dayMs : 0) - n);
    const ids = [];
    for (const ms of times) ids.push(await makeEvent({ id: idAt(ms), type: 'paged' }));
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
    const id = await makeEvent({ type: 'narrow', source: 'wms', subject: 's', correlationKey: 'narrow' });
    await makeEvent({ type: 'narrow', source: 'other' });
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
    const id = await makeEvent({ id: idAt(at), type: 'spanned' });
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
    const eventId = await makeEvent();
    const id = await makeDelivery(eventId);
    await attempt(id, 'retrying', { kind: 'retryable', reason: 'http_503' });
    await attempt(id, 'delivered', { kind: 'delivered', reason: 'ok' });
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
    const eventId = await makeEvent({ id: idAt(nowMs - 10 * dayMs) });
    const id = await makeDelivery(eventId);
    expect((await reading.getEvent(eventId))!.deliveries.map((delivery) => delivery.id)).toEqual([`dlv_${id}`]);
  });

  it('says when there are more deliveries than it tells', async () => {
    const eventId = await makeEvent();
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
    const eventId = await makeEvent({ type: 'narrowed' });
    const id = await makeDelivery(eventId, { rule: 'narrow', recipient: 'nora', backend: 'narrow-hq' });
    await makeDelivery(await makeEvent(), { rule: 'narrow', backend: 'narrow-hq' });
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
    for (let n = 0; n < 5; n += 1) made.push(await makeDelivery(await makeEvent({ type: 'typed' })));
    const pages = await everyPage((cursor) => reading.listDeliveries({ eventType: 'typed', limit: 2, cursor }));
    expect(pages.flat().map((delivery) => delivery.id)).toEqual(made.toReversed().map((id) => `dlv_${id}`));
    expect(pages.flat().every((delivery) => delivery.eventType === 'typed')).toBe(true);
  });

  it('tells the next attempt only of what waits for one, and the end only of what has ended', async () => {
    const view = async (id: string) => (await reading.getDelivery(id))!;
    const pending = await view(await makeDelivery(await makeEvent()));
    expect(pending).toMatchObject({ state: 'pending', attempts: 0, attemptLog: [], nextAttemptAt: expect.any(String) });
    expect(pending).not.toHaveProperty('finishedAt');
    const sendingId = await makeDelivery(await makeEvent());
    await claimDeliveries(database, [sendingId], { backend: 'inbox', lease: uuidv7(), leaseMs: 60_000 });
    const sending = await view(sendingId);
    expect(sending.state).toBe('sending');
    expect(sending).not.toHaveProperty('nextAttemptAt');
    const dead = await view(await makeDead());
    expect(dead).toMatchObject({ state: 'dead', finishedAt: expect.any(String), lastOutcome: bad });
    expect(dead).not.toHaveProperty('nextAttemptAt');
  });

  it('tells the last attempts of a delivery that has very many', async () => {
    const id = await makeDelivery(await makeEvent());
    await database.pool.query(
      `INSERT INTO attempt (id, delivery_id, number, started_at, duration_ms, outcome)
       SELECT t.id, $2, n, now(), 1, '{"kind":"retryable","reason":"r"}' FROM unnest($1::uuid[]) WITH ORDINALITY AS t(id, n)`,
      [Array.from({ length: 130 }, () => uuidv7()), id],
    );
    const numbers = (await reading.getDelivery(id))!.attemptLog.map((entry) => entry.number);
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, index) => index + 31));
  });
});

describe('a redrive', () => {
  it('makes a dead letter pending, due now, with its history kept', async () => {
    const id = await makeDead();
    await database.pool.query(`UPDATE delivery SET opened_at = now() - interval '3 days' WHERE id = $1`, [id]);
    expect(await reading.redrive({ ids: [id, id] }, 'ops')).toEqual({
      redriven: [{ id, backend: 'inbox' }],
      notFound: [],
      notDead: [],
    });
    const { rows } = await database.pool.query<Record<string, unknown>>(
      `SELECT state, attempts, parts_sent, finished_at, lease, last_outcome, due_at <= now() AS due, opened_at > now() - interval '1 minute' AS reopened
       FROM delivery WHERE id = $1`,
      [id],
    );
    expect(rows).toEqual([
      {
        state: 'pending',
        attempts: 1,
        parts_sent: 1,
        finished_at: null,
        lease: null,
        last_outcome: bad,
        due: true,
        reopened: true,
      },
    ]);
    await attempt(id, 'delivered', { kind: 'delivered', reason: 'ok' });
    expect((await reading.getDelivery(id))!.attemptLog.map((entry) => entry.number)).toEqual([1, 2]);
  });

  it('tells which ids it does not know and which are not dead', async () => {
    const [alive, dead, nobody] = [await makeDelivery(await makeEvent()), await makeDead(), uuidv7()];
    const answer = await reading.redrive({ ids: [alive, dead, nobody] }, 'ops');
    expect(answer).toEqual({ redriven: [{ id: dead, backend: 'inbox' }], notFound: [nobody], notDead: [alive] });
  });

  it('takes only what fits every field of the filter', async () => {
    const id = await makeDead({ backend: 'hq', rule: 'r1', recipient: 'boris' }, bad, { type: 'filtered' });
    await makeDead(
      { backend: 'hq', rule: 'r2', recipient: 'boris' },
      { kind: 'permanent', reason: 'http_404' },
      { type: 'filtered-not' },
    );
    for (const filter of [
      { rule: 'r9' },
      { reason: 'http_500' },
      { reason: 'http_40' },
      { eventType: 'nothing' },
      { to: '2020-01-01T00:00:00Z' },
    ]) {
      expect((await reading.redrive({ filter: { backend: 'hq', ...filter } }, 'ops')).redriven).toEqual([]);
    }
    const from = new Date(nowMs - 1000).toISOString();
    const filter = { backend: 'hq', rule: 'r1', recipient: 'boris', eventType: 'filtered', reason: 'http_400', from };
    expect((await reading.redrive({ filter }, 'ops')).redriven).toEqual([{ id, backend: 'hq' }]);
  });

  it('works through thousands in chunks and leaves one audit entry with the sum', async () => {
    const ids = Array.from({ length: 2500 }, () => uuidv7());
    await database.pool.query(
      `INSERT INTO delivery (id, event_id, rule, backend, address, address_kind, message, state, finished_at)
       SELECT id, id, 'r', 'bulk', 'a', 'person', '{"markdown":""}', 'dead', now() FROM unnest($1::uuid[]) AS t(id)`,
      [ids],
    );
    const answer = await reading.redrive({ filter: { backend: 'bulk' } }, 'bulk-ops');
    expect(answer.redriven.map(({ id }) => id).toSorted()).toEqual(ids);
    const entries = await createAudit(database).list({ actor: 'bulk-ops', limit: 10 });
    expect(entries).toMatchObject([
      { action: 'redrive', noun: 'delivery', after: { redriven: 2500, filter: { backend: 'bulk' } } },
    ]);
  });

  it('gives each dead letter to one of two that ask at once', async () => {
    const ids = [];
    for (let n = 0; n < 6; n += 1) ids.push(await makeDead({ backend: 'race' }));
    const answers = await Promise.all([1, 2].map(() => reading.redrive({ filter: { backend: 'race' } }, 'ops')));
    expect(answers.flatMap((answer) => answer.redriven.map(({ id }) => id)).toSorted()).toEqual(ids);
  });

  it('leaves no audit entry when there was nothing to do', async () => {
    await reading.redrive({ filter: { backend: 'nowhere' } }, 'idle-ops');
    expect(await createAudit(database).list({ actor: 'idle-ops', limit: 1 })).toEqual([]);
  });
});

describe('a replay', () => {
  it('makes a routed event wait for routing again, and is recorded', async () => {
    const eventId = await makeEvent();
    await makeDelivery(eventId);
    await reading.replay(eventId, 'replayer');
    expect(await reading.getEvent(eventId)).toMatchObject({ state: 'accepted' });
    const entries = await createAudit(database).list({ actor: 'replayer', limit: 2 });
    expect(entries).toMatchObject([
      { action: 'replay', noun: 'event', name: `evt_${eventId}`, before: { state: 'routed' } },
    ]);
  });

  it('is refused for an event that waits already, and for one that is not there', async () => {
    await expect(reading.replay(await makeEvent(), 'ops')).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await expect(reading.replay(uuidv7(), 'ops')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
