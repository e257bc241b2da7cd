/** Settling: what each settlement leaves behind, and that none harms another. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { newId } from '../new-id.ts';
import { settleDeliveries, type Settlement } from './settle.ts';
import { settlement } from './spec-builders.ts';
import { openFlow, type FlowWorld } from './spec-flow.ts';

let world: FlowWorld;
beforeAll(async () => {
  world = await openFlow();
});
afterAll(() => world.close());

const failed = { kind: 'retryable', reason: 'http_500' } as const;
const offline = { kind: 'recipientOffline', reason: 'offline' } as const;
const down = { kind: 'backendDown', reason: 'connection_refused' } as const;
const msOf = (value: unknown) => (value as Date).getTime();

/** Claims and settles, and answers the row before the claim and after the settlement. */
async function settled(overrides: Partial<Settlement>, id?: string) {
  const delivery = id ?? (await world.route()).id;
  const before = await world.row(delivery);
  await world.finish(delivery, overrides);
  return { id: delivery, before, after: await world.row(delivery) };
}

describe('a settlement', () => {
  it('that does not count leaves the number of attempts and the time at which it is due, and no entry', async () => {
    const { id, before, after } = await settled({ state: 'pending', counted: false, outcome: down });
    expect(after).toMatchObject({ state: 'pending', attempts: 0, lease: null, leased_until: null, last_outcome: down });
    expect(after['due_at']).toEqual(before['due_at']);
    expect(await world.attempts(id)).toBe(0);
    const { claimed } = await world.hold(id);
    expect(claimed.attempts).toBe(1);
  });

  it('that counts is due after its wait, and keeps the parts that were sent', async () => {
    const from = Date.now();
    const { id, after } = await settled({ state: 'retrying', waitMs: 90_000.4, partsSent: 2, outcome: failed });
    expect(after).toMatchObject({ state: 'retrying', attempts: 1, parts_sent: 2, finished_at: null, dead_at: null });
    expect(Math.abs(msOf(after['due_at']) - from - 90_000)).toBeLessThan(5000);
    expect(await world.attempts(id)).toBe(1);
  });

  it('notes since when a delivery waits for its person once, and keeps that', async () => {
    const first = await settled({ state: 'waiting', waitMs: 0, counted: false, outcome: offline });
    const since = first.after['held_since'];
    expect(Math.abs(msOf(since) - Date.now())).toBeLessThan(5000);
    const again = await settled({ state: 'waiting', waitMs: 0, counted: false, outcome: offline }, first.id);
    expect(again.after['held_since']).toEqual(since);
    const sent = await settled({}, first.id);
    expect(sent.after).toMatchObject({ state: 'delivered', held_since: since });
  });

  it('of one that never waited notes nothing of the kind', async () => {
    const { after } = await settled({ state: 'retrying', waitMs: 0, outcome: failed });
    expect(after['held_since']).toBeNull();
  });

  it('keeps the patience with an address unless it is told to drop it', async () => {
    const fallbacks = { next: [{ backend: 'mail', to: 'a@b.example' }], giveUpSeconds: 300 };
    const { id } = await world.route({ fallbacks });
    const kept = await settled({ state: 'retrying', waitMs: 0, outcome: failed }, id);
    expect(kept.after['give_up_at']).toEqual(kept.before['give_up_at']);
    expect(kept.before['give_up_at']).not.toBeNull();
    const dropped = await settled({ state: 'retrying', waitMs: 0, outcome: failed, dropPatience: true }, id);
    expect(dropped.after['give_up_at']).toBeNull();
  });

  it('that suppresses ends the delivery, and makes no dead letter', async () => {
    const outcome = { kind: 'permanent', reason: 'expired' } as const;
    const { id, after } = await settled({ state: 'suppressed', counted: false, outcome });
    expect(after).toMatchObject({ state: 'suppressed', attempts: 0, dead_at: null, last_outcome: outcome });
    expect(after['finished_at']).not.toBeNull();
    expect(await world.claim([id])).toEqual([]);
  });

  it('hands to the successor what still holds, with patience of its own while another address is left', async () => {
    const validUntil = new Date('2030-01-01T00:00:00Z');
    const { id } = await world.route({ correlationKey: 'handed on', validUntil, whenOffline: 'fallback' });
    const next = [{ backend: 'sms', to: '+7' }];
    const to = { backend: 'mail', to: 'a@b.example', orderKey: undefined };
    const patient = { ...to, id: uuidv7(), fallbacks: { next, giveUpSeconds: 60 } };
    const from = Date.now();
    await world.finish(id, { state: 'dead', outcome: failed, successor: patient });
    const row = await world.row(patient.id);
    expect(row).toMatchObject({ valid_until: validUntil, when_offline: 'fallback', fallbacks: patient.fallbacks });
    expect(Math.abs(msOf(row['give_up_at']) - from - 60_000)).toBeLessThan(5000);

    const last = { ...to, id: uuidv7(), backend: 'sms', fallbacks: undefined };
    const { claimed, lease } = await world.hold(patient.id, { backend: 'mail' });
    await settleDeliveries(world.database, [
      settlement(claimed, lease, { state: 'dead', outcome: failed, successor: last }),
    ]);
    expect(await world.row(last.id)).toMatchObject({ give_up_at: null, fallbacks: null, order_key: null });
  });
});

describe('a settlement that is written twice', () => {
  it('changes nothing the second time, and does not fail', async () => {
    const { id } = await world.route();
    const { claimed, lease } = await world.hold(id);
    const successor = { id: uuidv7(), backend: 'mail', to: 'x', fallbacks: undefined, orderKey: uuidv7() };
    const dead = settlement(claimed, lease, { state: 'dead', outcome: failed, successor });
    expect(await settleDeliveries(world.database, [dead])).toEqual([true]);
    const [before, next] = [await world.row(id), await world.row(successor.id)];
    expect(await settleDeliveries(world.database, [dead])).toEqual([false]);
    expect([await world.row(id), await world.row(successor.id)]).toEqual([before, next]);
    expect(await world.attempts(id)).toBe(1);
  });

  it('does not take back an attempt twice', async () => {
    const { id } = await world.route();
    const { claimed, lease } = await world.hold(id);
    const held = settlement(claimed, lease, { state: 'pending', counted: false, outcome: down });
    await settleDeliveries(world.database, [held]);
    await settleDeliveries(world.database, [held]);
    expect(await world.row(id)).toMatchObject({ attempts: 0 });
  });
});

describe('a batch', () => {
  async function batchOf(length: number) {
    const holds = [];
    for (let n = 0; n < length; n += 1) holds.push(await world.hold((await world.route()).id));
    return holds.map(({ claimed, lease }) => settlement(claimed, lease));
  }

  it('answers in its own order, whose lease still held', async () => {
    const batch = await batchOf(3);
    batch[1]!.lease = uuidv7();
    expect(await settleDeliveries(world.database, batch.toReversed())).toEqual([true, false, true]);
  });

  it('takes words that hold what text may not, to the letter', async () => {
    const outcome = { kind: 'delivered', reason: 'ok', detail: 'a \u0000 b \ud800 c' } as const;
    const { after } = await settled({ outcome });
    expect(after).toMatchObject({ state: 'delivered', last_outcome: outcome });
  });

  const bad = { backend: 'mail', to: 'nobody\u0000', id: uuidv7(), fallbacks: undefined, orderKey: undefined };
  /** An id of a day for which there is no partition. */
  const outOfTime = () => `00000000${newId().slice(8)}`;
  const poisons: [string, (good: Settlement) => Settlement, number][] = [
    ['an address', (good) => ({ ...good, state: 'dead', outcome: failed, successor: bad }), 1],
    ['a wait', (good) => ({ ...good, state: 'retrying', waitMs: Number.NaN, outcome: failed }), 1],
    ['an attempt', (good) => ({ ...good, attempt: { ...good.attempt, id: outOfTime() } }), 0],
  ];
  it.each(poisons)(
    'with %s that PostgreSQL refuses is stored but for that, which ends as a dead letter',
    async (_, poison, entries) => {
      const batch = await batchOf(5);
      batch[2] = poison(batch[2]!);
      expect(await settleDeliveries(world.database, batch)).toEqual([true, true, true, true, true]);
      const states = await Promise.all(batch.map(async ({ deliveryId }) => (await world.row(deliveryId))['state']));
      expect(states).toEqual(['delivered', 'delivered', 'dead', 'delivered', 'delivered']);
      expect(await world.row(batch[2]!.deliveryId)).toMatchObject({
        last_outcome: {
          kind: 'permanent',
          reason: 'outcome_unstorable',
          detail: expect.stringMatching(/not be stored/),
        },
        fallback_to: null,
      });
      expect(await world.attempts(batch[2]!.deliveryId)).toBe(entries);
    },
  );

  it('is stored although PostgreSQL ended it a few times to untie a deadlock, but not for ever', async () => {
    const batch = await batchOf(2);
    let asked = 0;
    const deadlocked = (times: number) => {
      const query = (given: { text: string }) => {
        asked += 1;
        if (asked <= times) return Promise.reject(Object.assign(new Error('deadlock detected'), { code: '40P01' }));
        return world.database.pool.query(given);
      };
      return { pool: { query } as never };
    };
    await expect(settleDeliveries(deadlocked(Infinity), batch)).rejects.toThrow('deadlock');
    expect(asked).toBe(5);
    asked = 0;
    expect(await settleDeliveries(deadlocked(4), batch)).toEqual([true, true]);
    expect(await world.attempts(batch[0]!.deliveryId)).toBe(1);
  });

  it('takes its rows in the order of their ids, as the renewal of leases does', async () => {
    const batch = await batchOf(6);
    const ids: string[] = [];
    const query = ({ values }: { values: unknown[][] }) => {
      ids.push(...(values[0] as string[]));
      return Promise.resolve({ rows: [] });
    };
    await settleDeliveries({ pool: { query } as never }, batch.toReversed());
    expect(ids).toEqual(batch.map(({ deliveryId }) => deliveryId).sort());
  });
});
