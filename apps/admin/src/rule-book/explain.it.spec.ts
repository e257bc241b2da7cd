/** What the API tells of stored events, of drafts, and of rules that fail. */
import { toPublicId } from '#contract';
import {
  acceptEvents,
  ensurePartitions,
  openDatabase,
  recordTrouble,
  storeRouted,
  type Database,
} from '#platform/store';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { startApi, type Api } from './spec-api.ts';

let api: Api;
let database: Database;
const rule = (limit: number) => ({
  match: { type: ['stock.low'], data: { qty: [{ numeric: ['<', limit] }] } },
  notify: [{ to: ['recipient:anna'] }],
});

beforeAll(async () => {
  api = await startApi();
  database = openDatabase({ connectionString: api.databaseUrl, poolSize: 2, onError: () => undefined });
  await ensurePartitions(database, Date.now(), 1);
  await api.ask('PUT', '/v1/backends/inbox', { type: 'inbox', settings: {} });
  await api.ask('PUT', '/v1/recipients/anna', {
    displayName: 'Anna',
    addresses: [{ backend: 'inbox', to: 'anna' }],
  });
  expect((await api.ask('PUT', '/v1/rules/low', rule(3))).status).toBe(201);
});
afterAll(async () => {
  await database.close();
  await api.stop();
});

/** Stores an event as if it had been routed by the book of now, to nobody. */
async function routedEvent(qty: number): Promise<string> {
  const id = uuidv7();
  const absent = { subject: undefined, idempotencyKey: undefined, correlationKey: undefined, extensions: undefined };
  const event = { id, source: 'erp', type: 'stock.low', time: '2026-11-20T09:00:00Z', data: { qty }, ...absent };
  await acceptEvents(database, [event]);
  const { rows } = await database.pool.query<{ version: string }>('SELECT version FROM book');
  const bookVersion = BigInt(rows[0]!.version);
  await storeRouted(database, [{ id, rules: [], notes: [], deliveries: [], bookVersion }]);
  return toPublicId('event', id);
}

describe('explaining', () => {
  it('takes a stored event, and asks a draft as it would be', async () => {
    const eventId = await routedEvent(5);
    const live = await api.ask('POST', '/v1/rules/explain', { eventId });
    expect(live.body['rules']).toEqual([
      { rule: 'low', matched: false, failures: [{ path: 'data.qty', expected: [{ numeric: ['<', 3] }], actual: 5 }] },
    ]);
    const draft = (await api.ask('POST', '/v1/drafts', {})).body['id'] as string;
    await api.ask('PUT', `/v1/drafts/${draft}/rules/low`, rule(10));
    const drafted = await api.ask('POST', '/v1/rules/explain', { eventId, draft });
    expect(drafted.body).toMatchObject({
      rules: [{ rule: 'low', matched: true }],
      deliveries: [{ rule: 'low', recipient: 'anna' }],
      recipients: [{ recipient: 'anna', through: ['recipient:anna'], outcome: 'told' }],
    });
  });

  it('refuses what names no event, two events, or something that is not there', async () => {
    const ask = async (body: object) => (await api.ask('POST', '/v1/rules/explain', body)).status;
    const event = { type: 'stock.low' };
    const nowhere = toPublicId('event', uuidv7());
    expect(await ask({})).toBe(400);
    expect(await ask({ event, eventId: nowhere })).toBe(400);
    expect(await ask({ eventId: nowhere })).toBe(404);
    expect(await ask({ eventId: 'dlv_1' })).toBe(404);
    expect(await ask({ event, draft: `drf_${uuidv7()}` })).toBe(404);
  });
});

describe('the story of an event', () => {
  it('tells of the rules that came close by the book of its time, whatever they say now', async () => {
    const eventId = await routedEvent(7);
    await api.ask('PUT', '/v1/rules/low', rule(100));
    const { body } = await api.ask('GET', `/v1/events/${eventId}`);
    const failures = [{ path: 'data.qty', expected: [{ numeric: ['<', 3] }], actual: 7 }];
    expect(body['misses']).toEqual([{ rule: 'low', matched: false, failures }]);
    const later = await api.ask('GET', `/v1/events/${await routedEvent(7)}`);
    expect(later.body['misses']).toEqual([]);
  });
});

describe('a rule', () => {
  it('shows how often its `when` failed, in lists too, until it is changed', async () => {
    const eventId = uuidv7();
    const reason = 'when could not be evaluated: No such key: none.';
    await recordTrouble(database, [{ rule: 'low', count: 2, eventId, reason }]);
    const trouble = { count: 2, reason, eventId: toPublicId('event', eventId) };
    expect((await api.ask('GET', '/v1/rules/low')).body['trouble']).toMatchObject(trouble);
    expect((await api.ask('GET', '/v1/rules')).body['items']).toMatchObject([{ slug: 'low', trouble }]);
    await api.ask('PUT', '/v1/rules/low', rule(101));
    expect((await api.ask('GET', '/v1/rules/low')).body).not.toHaveProperty('trouble');
  });
});
