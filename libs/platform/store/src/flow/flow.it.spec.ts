import { uuidFloor, uuidTimeMs, type JsonValue } from '#contract';
import { freshDatabase, type FreshDatabase } from '#testing/services';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { openDatabase, type Database } from '../database.ts';
import { acceptEvents, type NewEvent } from './accept.ts';
import { claimDeliveries, releaseDeliveries } from './claim.ts';
import { loadFacts } from './facts.ts';
import { dropExpired, ensurePartitions } from './partitions.ts';
import { storeRouted, type NewDelivery } from './route.ts';
import { settleDeliveries } from './settle.ts';
import { event, delivery, settlement } from './spec-builders.ts';
import { buryDeliveries, overdueDeliveries, overdueEvents, strandedDeliveries } from './sweep.ts';

let fresh: FreshDatabase;
let database: Database;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ connectionString: fresh.url, poolSize: 6, onError: () => undefined });
  await ensurePartitions(database, Date.now());
});

afterAll(async () => {
  await database.close();
  await fresh.drop();
});

async function routedDelivery(overrides: Partial<NewDelivery> = {}): Promise<NewDelivery> {
  const stored = event();
  await acceptEvents(database, [stored]);
  const made = delivery(stored.id, overrides);
  await storeRouted(database, [{ id: stored.id, rules: ['r'], notes: [], deliveries: [made] }]);
  return made;
}

const row = async (id: string) =>
  (await database.pool.query<Record<string, unknown>>('SELECT * FROM delivery WHERE id = $1', [id])).rows[0]!;
const claim = async (...args: Parameters<typeof claimDeliveries>) => (await claimDeliveries(...args)).deliveries;
const terms = (lease = uuidv7()) => ({ backend: 'hook', lease, leaseMs: 60_000 });

describe('accepting events', () => {
  it('stores a batch and keeps data to the letter', async () => {
    const dataText = '{"b": 1, "a": "\\u0000 \\ud800"}';
    const stored = event({ data: JSON.parse(dataText) as JsonValue, dataText, extensions: { severity: 'high' } });
    expect(await acceptEvents(database, [stored])).toEqual([{ id: stored.id, status: 'accepted', duplicate: false }]);
    const { rows } = await database.pool.query<{ data: string }>('SELECT data::text FROM event WHERE id = $1', [
      stored.id,
    ]);
    expect(rows[0]!.data).toBe(dataText);
  });

  it('answers a repeat within one batch, and in a later one, with the first', async () => {
    const [first, second, third] = ['k1', 'k1', 'k2'].map((idempotencyKey) => event({ idempotencyKey })) as [
      NewEvent,
      NewEvent,
      NewEvent,
    ];
    const answers = await acceptEvents(database, [first, second, third]);
    expect(answers.map(({ id, duplicate }) => [id, duplicate])).toEqual([
      [first.id, false],
      [first.id, true],
      [third.id, false],
    ]);
    expect(await acceptEvents(database, [event({ idempotencyKey: 'k2' })])).toEqual([
      { id: third.id, status: 'accepted', duplicate: true },
    ]);
  });

  it('takes the widest source and key that the door lets pass', async () => {
    const wide = Array.from({ length: 512 }, (_, n) => String.fromCodePoint(0x4e00 + ((n * 7919) % 20_000))).join('');
    const [first, second] = [1, 2].map(() =>
      event({ source: wide, idempotencyKey: wide, type: wide, correlationKey: wide }),
    );
    expect(await acceptEvents(database, [first!])).toMatchObject([{ duplicate: false }]);
    expect(await acceptEvents(database, [second!])).toMatchObject([{ id: first!.id, duplicate: true }]);
  });

  it('lets exactly one of many concurrent batches with the same keys win each key', async () => {
    const keys = Array.from({ length: 20 }, (_, n) => `race-${n}`);
    const batches = Array.from({ length: 12 }, (_, n) =>
      (n % 2 ? keys : keys.toReversed()).map((idempotencyKey) => event({ source: 'race', idempotencyKey })),
    );
    const answers = (await Promise.all(batches.map((batch) => acceptEvents(database, batch)))).flat();
    expect(answers.filter((answer) => !answer.duplicate)).toHaveLength(keys.length);
    const { rows } = await database.pool.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM event WHERE source = 'race'`,
    );
    expect(rows[0]!.n).toBe(keys.length);
    expect(new Set(answers.map((answer) => answer.id)).size).toBe(keys.length);
  });
});

describe('the facts of events', () => {
  it('are the same from the memory of the process that stored them and from the database', async () => {
    const stored = event({
      subject: 'order/1',
      time: '2026-11-20T12:00:00.123+03:00',
      correlationKey: 'c',
      data: { b: [1, { a: 'Ж' }], a: null },
      extensions: { severity: 'high' },
    });
    await acceptEvents(database, [stored]);
    const elsewhere = openDatabase({ connectionString: fresh.url, poolSize: 1, onError: () => undefined });
    const [near, far] = await Promise.all([database, elsewhere].map((from) => loadFacts(from, [stored.id])));
    await elsewhere.close();
    expect(near!.facts.get(stored.id)).toMatchObject({
      id: stored.id,
      time: '2026-11-20T09:00:00.123Z',
      correlationKey: 'c',
    });
    expect(far).toEqual(near);
    expect(far!.bookVersion).toBeGreaterThan(0n);
  });

  it('leave out what is not there', async () => {
    expect((await loadFacts(database, [uuidv7()])).facts.size).toBe(0);
  });
});

describe('routing', () => {
  it('writes the deliveries of an event once, however many routers try at once', async () => {
    const stored = event();
    await acceptEvents(database, [stored]);
    const tries = Array.from({ length: 5 }, () =>
      storeRouted(database, [{ id: stored.id, rules: ['r'], notes: ['a note'], deliveries: [delivery(stored.id)] }]),
    );
    const written = (await Promise.all(tries)).flat();
    expect(written).toHaveLength(1);
    const { rows } = await database.pool.query('SELECT state, rules, notes FROM event WHERE id = $1', [stored.id]);
    expect(rows[0]).toEqual({ state: 'routed', rules: ['r'], notes: ['a note'] });
  });

  it('stores texts made from odd data, which PostgreSQL would otherwise refuse together with the whole batch', async () => {
    const stored = event();
    await acceptEvents(database, [stored]);
    const odd = 'a\u0000b\ud800';
    const made = delivery(stored.id, { to: odd, correlationKey: odd, message: { markdown: odd } });
    await storeRouted(database, [{ id: stored.id, rules: ['r'], notes: [odd], deliveries: [made] }]);
    expect(await row(made.id)).toMatchObject({ address: 'a\ufffdb\ufffd', correlation_key: 'a\ufffdb\ufffd' });
  });

  it('marks an event that no rule wanted', async () => {
    const stored = event();
    await acceptEvents(database, [stored]);
    expect(await storeRouted(database, [{ id: stored.id, rules: [], notes: [], deliveries: [] }])).toEqual([]);
    const { rows } = await database.pool.query('SELECT state FROM event WHERE id = $1', [stored.id]);
    expect(rows[0]).toEqual({ state: 'unmatched' });
  });
});

describe('claiming and settling', () => {
  it('gives a delivery to one courier only, with its event', async () => {
    const made = await routedDelivery();
    const claims = await Promise.all(Array.from({ length: 5 }, () => claim(database, [made.id], terms())));
    const claimed = claims.flat();
    expect(claimed).toMatchObject([{ id: made.id, attempts: 1, partsSent: 0, message: { markdown: 'hello' } }]);
  });

  it('stores the attempt and the end of a delivery', async () => {
    const made = await routedDelivery();
    const lease = uuidv7();
    const [claimed] = await claim(database, [made.id], terms(lease));
    expect(await settleDeliveries(database, [settlement(claimed!, lease)])).toEqual([true]);
    expect(await row(made.id)).toMatchObject({
      state: 'delivered',
      attempts: 1,
      lease: null,
      last_outcome: { kind: 'delivered', reason: 'ok' },
    });
    const { rows } = await database.pool.query(
      'SELECT number, duration_ms, outcome FROM attempt WHERE delivery_id = $1',
      [made.id],
    );
    expect(rows).toEqual([{ number: 1, duration_ms: 1.5, outcome: { kind: 'delivered', reason: 'ok' } }]);
    expect(await claim(database, [made.id], terms())).toEqual([]);
  });

  it('does not hand a retrying delivery out before its wait is over', async () => {
    const made = await routedDelivery();
    const lease = uuidv7();
    const [claimed] = await claim(database, [made.id], terms(lease));
    await settleDeliveries(database, [settlement(claimed!, lease, { state: 'retrying', waitMs: 60_000 })]);
    expect(await claim(database, [made.id], terms())).toEqual([]);
    await database.pool.query(`UPDATE delivery SET due_at = now(), leased_until = NULL WHERE id = $1`, [made.id]);
    expect(await claim(database, [made.id], terms())).toMatchObject([{ attempts: 2 }]);
  });

  it('keeps the state of whoever claimed since, but logs the attempt of one whose lease was lost', async () => {
    const made = await routedDelivery();
    const [late, current] = [uuidv7(), uuidv7()];
    const [claimed] = await claim(database, [made.id], terms(late));
    await database.pool.query(`UPDATE delivery SET due_at = now(), leased_until = NULL WHERE id = $1`, [made.id]);
    expect(await claim(database, [made.id], terms(current))).toHaveLength(1);
    expect(await settleDeliveries(database, [settlement(claimed!, late)])).toEqual([false]);
    expect(await row(made.id)).toMatchObject({ state: 'sending', lease: current });
    const { rows } = await database.pool.query('SELECT number FROM attempt WHERE delivery_id = $1', [made.id]);
    expect(rows).toHaveLength(1);
  });

  it('makes the successor of a delivery that gave up, in the same commit', async () => {
    const made = await routedDelivery({
      fallbacks: { next: [{ backend: 'mail', to: 'a@b.example' }], giveUpSeconds: 300 },
      correlationKey: 'c',
    });
    const lease = uuidv7();
    const [claimed] = await claim(database, [made.id], terms(lease));
    const successor = { id: uuidv7(), backend: 'mail', to: 'a@b.example', fallbacks: undefined, orderKey: undefined };
    await settleDeliveries(database, [
      settlement(claimed!, lease, { state: 'dead', successor, outcome: { kind: 'permanent', reason: 'http_410' } }),
    ]);
    expect(await row(made.id)).toMatchObject({ state: 'dead', fallback_to: successor.id });
    expect(await row(successor.id)).toMatchObject({
      state: 'pending',
      backend: 'mail',
      address: 'a@b.example',
      event_id: made.eventId,
      recipient: 'anna',
      correlation_key: 'c',
      message: { markdown: 'hello' },
    });
  });

  it('gives back what a stopping courier did not start, without counting an attempt', async () => {
    const made = await routedDelivery();
    const lease = uuidv7();
    await claim(database, [made.id], terms(lease));
    await releaseDeliveries(database, [made.id], lease);
    expect(await row(made.id)).toMatchObject({ state: 'pending', attempts: 0, lease: null });
    expect(await claim(database, [made.id], terms())).toMatchObject([{ attempts: 1 }]);
  });
});

describe('the sweep', () => {
  it('finds events and deliveries that are overdue, and none that are not', async () => {
    const stored = event({ id: uuidFloor(Date.now() - 10_000).replace('-0000-0000-', '-7000-8000-') });
    await acceptEvents(database, [stored, event()]);
    expect(await overdueEvents(database, Date.now() - 5000, 10)).toEqual([stored.id]);
    const [late, waiting, paused] = [
      await routedDelivery(),
      await routedDelivery(),
      await routedDelivery({ backend: 'paused' }),
    ];
    await database.pool.query(`UPDATE delivery SET due_at = now() - interval '1 minute' WHERE id = ANY($1)`, [
      [late.id, paused.id],
    ]);
    const found = (await overdueDeliveries(database, 3000, ['hook', 'other'], 100)).map(({ id }) => id);
    expect(found).toContain(late.id);
    expect(found).not.toContain(waiting.id);
    expect(found).not.toContain(paused.id);
  });

  it('finds what is overdue of each backend, however much there is of another', async () => {
    const one = await routedDelivery({ backend: 'other' });
    await database.pool.query(`UPDATE delivery SET due_at = now() - interval '10 seconds' WHERE id = $1`, [one.id]);
    const found = await overdueDeliveries(database, 3000, ['hook', 'other'], 1);
    expect(found.map(({ backend }) => backend).sort()).toEqual(['hook', 'other']);
  });

  it('finds deliveries whose backend is gone', async () => {
    const made = await routedDelivery({ backend: 'nowhere' });
    await database.pool.query(`UPDATE delivery SET due_at = now() - interval '10 seconds' WHERE id = $1`, [made.id]);
    const found = await strandedDeliveries(database, 3000, ['hook', 'other', 'paused', 'mail', 'gone'], 100);
    expect(found.map(({ id }) => id)).toEqual([made.id]);
  });

  it('buries what can never be attempted, where it can be redriven from', async () => {
    const made = await routedDelivery({ backend: 'gone' });
    await buryDeliveries(database, [made.id], { kind: 'permanent', reason: 'backend_gone' });
    expect(await row(made.id)).toMatchObject({ state: 'dead', last_outcome: { reason: 'backend_gone' } });
  });
});

describe('partitions', () => {
  it('are made ahead of time, also by several processes at once, and dropped whole after the retention', async () => {
    const day = 86_400_000;
    const longAgo = Date.now() - 40 * day;
    await Promise.all([1, 2, 3].map(() => ensurePartitions(database, longAgo, 1)));
    const old = event({ id: uuidFloor(longAgo).replace('-0000-0000-', '-7000-8000-'), idempotencyKey: 'old' });
    const young = event({ idempotencyKey: 'young' });
    await acceptEvents(database, [old, young]);
    expect(uuidTimeMs(old.id)).toBe(longAgo);
    const dropped = await dropExpired(database, Date.now(), 30);
    expect(dropped.length).toBe(9);
    expect(dropped.every((name) => /^(event|delivery|attempt)_\d{8}$/.test(name))).toBe(true);
    const { rows } = await database.pool.query<{ id: string }>('SELECT id FROM event WHERE id = ANY($1)', [
      [old.id, young.id],
    ]);
    expect(rows.map(({ id }) => id)).toEqual([young.id]);
    const keys = await database.pool.query<{ event_id: string }>(
      'SELECT event_id FROM event_key WHERE event_id = ANY($1)',
      [[old.id, young.id]],
    );
    expect(keys.rows).toEqual([{ event_id: young.id }]);
    expect(await dropExpired(database, Date.now(), 30)).toEqual([]);
  });

  it('are the only ones looked into when ids are given', async () => {
    const stored = event();
    await acceptEvents(database, [stored]);
    const { rows } = await database.pool.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT * FROM event WHERE id = ANY(ARRAY['${stored.id}']::uuid[]) AND id BETWEEN '${stored.id}' AND '${stored.id}'`,
    );
    const tables = new Set(rows.flatMap((line) => line['QUERY PLAN'].match(/event_\d{8}/g) ?? []));
    expect(tables.size).toBe(1);
  });
});
