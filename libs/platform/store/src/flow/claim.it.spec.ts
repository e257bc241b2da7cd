/** Claims: what they take, how long they hold, and what they cost. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { openDatabase, type Database } from '../database.ts';
import { claimDeliveries, releaseDeliveries, renewLeases } from './claim.ts';
import { openFlow, type FlowWorld } from './spec-flow.ts';

let world: FlowWorld;
beforeAll(async () => {
  world = await openFlow();
});
afterAll(() => world.close());

const past = `now() - interval '1 second'`;
const future = `now() + interval '1 hour'`;

describe('a claim', () => {
  it('tells all that delivering needs to know', async () => {
    const validUntil = new Date('2030-01-01T00:00:00Z');
    const fallbacks = { next: [{ backend: 'mail', to: 'a@b.example' }], giveUpSeconds: 300 };
    const before = Date.now();
    const made = await world.route({ correlationKey: 'told', validUntil, fallbacks, whenOffline: 'fallback' });
    const { claimed } = await world.hold(made.id);
    expect(claimed).toMatchObject({
      correlationKey: 'told',
      orderKey: expect.stringMatching(/^[0-9a-f-]{36}$/),
      validUntil,
      whenOffline: 'fallback',
      heldSince: null,
      fallbacks,
    });
    expect(Math.abs(claimed.giveUpAt!.getTime() - before - 300_000)).toBeLessThan(5000);
    expect(Math.abs(claimed.openedAt.getTime() - before)).toBeLessThan(5000);
  });

  it('knows no line, no deadline and no patience of a delivery that has none', async () => {
    const { claimed } = await world.hold((await world.route()).id);
    expect(claimed).toMatchObject({ orderKey: null, validUntil: null, giveUpAt: null, whenOffline: null });
  });

  it('takes nothing of another backend, nothing that is not due, and nothing that is finished', async () => {
    const [elsewhere, early, done, open] = [
      await world.route({ backend: 'mail' }),
      await world.route(),
      await world.route(),
      await world.route(),
    ];
    await world.change(early.id, `due_at = ${future}`);
    await world.finish(done.id);
    expect(await world.claim([elsewhere, early, done, open].map(({ id }) => id))).toEqual([open.id]);
  });

  it('for what is past its deadline takes that alone, due or not, and still in line', async () => {
    const [stale, impatient, fresh, unbounded, soon] = [
      await world.route(),
      await world.route(),
      await world.route(),
      await world.route(),
      await world.route(),
    ];
    await world.change(stale.id, `valid_until = ${past}, due_at = ${future}`);
    await world.change(impatient.id, `give_up_at = ${past}, valid_until = ${future}`);
    await world.change(fresh.id, `give_up_at = ${future}, valid_until = ${future}`);
    await world.change(soon.id, `valid_until = ${past}, leased_until = ${future}`);
    const [, behind] = await world.line(2);
    await world.change(behind!.id, `valid_until = ${past}`);
    const ids = [stale, impatient, fresh, unbounded, soon, behind!].map(({ id }) => id);
    expect(await world.claim(ids, { pastDeadline: true })).toEqual([stale.id, impatient.id].sort());
  });

  it('finds its rows by their ids, however much waits for the backend and whatever is known of the table', async () => {
    const made = await world.route();
    let plan = '';
    const pool = {
      query: async ({ text, values }: { text: string; values: unknown[] }) => {
        const { rows } = await world.database.pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
        plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        return { rows: [] };
      },
    };
    await world.database.pool.query(
      `INSERT INTO delivery (id, event_id, rule, backend, address, address_kind, message)
       SELECT ('${made.id.slice(0, 23)}-' || lpad(to_hex(n), 12, '0'))::uuid, '${made.eventId}', 'r', 'hook', 'a', 'person', '{"markdown":""}'
       FROM generate_series(1, 3000) AS n`,
    );
    const terms = { backend: 'hook', lease: uuidv7(), leaseMs: 1000 };
    const ids = Array.from(
      { length: 50 },
      (_, n) => `${made.id.slice(0, 23)}-${(n + 1).toString(16).padStart(12, '0')}`,
    );
    await claimDeliveries({ pool: pool as unknown as Database['pool'] }, ids, terms);
    expect(plan).toMatch(/delivery_\d{8}_pkey/);
    expect(plan).not.toMatch(/due_at_idx|Seq Scan on delivery_\d/);
    await world.database.pool.query(`DELETE FROM delivery WHERE address = 'a'`);
  });
});

describe('a lease', () => {
  it('keeps others away until it ends', async () => {
    const made = await world.route();
    await world.hold(made.id, { leaseMs: 60_000 });
    expect(await world.claim([made.id])).toEqual([]);
    await world.change(made.id, `leased_until = ${past}`);
    const { claimed } = await world.hold(made.id);
    expect(claimed.attempts).toBe(2);
  });

  it('lasts longer once it is renewed, and only that of its own token', async () => {
    const [mine, theirs] = [await world.route(), await world.route()];
    const { lease } = await world.hold(mine.id, { leaseMs: 1 });
    await world.hold(theirs.id, { leaseMs: 1 });
    const kept = await renewLeases(world.database, [mine.id, theirs.id], [lease, uuidv7()], 60_000);
    expect([...kept]).toEqual([mine.id]);
    expect(await world.claim([mine.id, theirs.id])).toEqual([theirs.id]);
  });

  it('that ended without anybody taking the delivery holds again once it is renewed', async () => {
    const made = await world.route();
    const { lease } = await world.hold(made.id);
    await world.change(made.id, `leased_until = ${past}`);
    expect([...(await renewLeases(world.database, [made.id], [lease], 60_000))]).toEqual([made.id]);
    expect(await world.claim([made.id])).toEqual([]);
  });

  it('that was lost to somebody else is not renewed, nor one of a delivery that is settled', async () => {
    const [lost, done] = [await world.route(), await world.route()];
    const { lease: late } = await world.hold(lost.id);
    await world.change(lost.id, `leased_until = ${past}`);
    const { lease: current } = await world.hold(lost.id, { leaseMs: 5000 });
    await world.finish(done.id);
    expect((await renewLeases(world.database, [lost.id, done.id], [late], 3_600_000)).size).toBe(0);
    expect(await world.row(lost.id)).toMatchObject({ lease: current });
    const { leased_until: until } = await world.row(lost.id);
    expect((until as Date).getTime()).toBeLessThan(Date.now() + 60_000);
  });

  it('is given back by its holder alone, and the attempt does not count', async () => {
    const made = await world.route();
    const { lease } = await world.hold(made.id);
    await releaseDeliveries(world.database, [made.id], uuidv7());
    expect(await world.claim([made.id])).toEqual([]);
    await releaseDeliveries(world.database, [made.id], lease);
    expect(await world.row(made.id)).toMatchObject({ state: 'pending', attempts: 0, lease: null, leased_until: null });
    expect(await world.claim([made.id])).toEqual([made.id]);
  });

  it('given back after an attempt leaves the delivery retrying', async () => {
    const made = await world.route();
    await world.finish(made.id, { state: 'retrying', waitMs: 0, outcome: { kind: 'retryable', reason: 'http_500' } });
    const { lease } = await world.hold(made.id);
    await releaseDeliveries(world.database, [made.id], lease);
    expect(await world.row(made.id)).toMatchObject({ state: 'retrying', attempts: 1 });
  });
});

describe('rewriting a row', () => {
  it('touches no index, be it to claim, to renew or to give back', async () => {
    const fallbacks = { next: [{ backend: 'mail', to: 'a@b.example' }], giveUpSeconds: 300 };
    const made = await world.route({ correlationKey: 'hot', validUntil: new Date('2030-01-01'), fallbacks });
    await world.change(made.id, 'held_since = now()');
    // A connection of its own, so that it counts nothing but these rewrites.
    const counting = openDatabase({ connectionString: world.url, poolSize: 1, onError: () => undefined });
    const rewrites = async () => {
      const { rows } = await counting.pool.query<{ all: number; hot: number }>(
        `SELECT sum(n_tup_upd)::int AS all, sum(n_tup_hot_upd)::int AS hot FROM pg_stat_xact_user_tables WHERE relname ~ '^delivery_[0-9]+$'`,
      );
      return rows[0];
    };
    await counting.pool.query('BEGIN');
    const lease = uuidv7();
    const { deliveries } = await claimDeliveries(counting, [made.id], { backend: 'hook', lease, leaseMs: 1000 });
    const claimed = await rewrites();
    await renewLeases(counting, [made.id], [lease], 1000);
    const renewed = await rewrites();
    await releaseDeliveries(counting, [made.id], lease);
    const released = await rewrites();
    await counting.pool.query('ROLLBACK');
    await counting.close();
    expect(deliveries).toHaveLength(1);
    expect([claimed, renewed, released]).toEqual([1, 2, 3].map((n) => ({ all: n, hot: n })));
  });
});
