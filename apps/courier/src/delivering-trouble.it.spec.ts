import type { Outcome } from '#contract';
import { layWire, waitFor } from '#testing/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Send } from './spec-courier.ts';
import { openWorld, type CourierWorld } from './spec-world.ts';

const arrived: Outcome = { kind: 'delivered', reason: 'ok' };

let world: CourierWorld;
beforeAll(async () => {
  world = await openWorld();
});
afterEach(async () => {
  await world.database.pool.query('DELETE FROM circuit');
});
afterAll(() => world.close());

const free = { lease: null, leased_until: null };

describe('while PostgreSQL is away for a moment', () => {
  it('keeps what came of an attempt until it can be stored, and sends nothing twice', async () => {
    const wire = await layWire(Number(new URL(world.fresh.url).port));
    const url = new URL(world.fresh.url);
    url.port = String(wire.port);
    const sent: string[] = [];
    const send: Send = async ({ deliveryId }) => {
      sent.push(deliveryId);
      await wire.cut();
      return arrived;
    };
    const courier = await world.courier({ send, url: url.href });
    const ids = [await world.route(), await world.route()];
    const delivering = courier.deliver(ids);
    await waitFor(() => courier.lines('settling.delayed').length > 1, { what: 'the storing to be delayed' });
    await wire.mend();
    await delivering;
    for (const id of ids) {
      expect(await world.row(id)).toMatchObject({ state: 'delivered', attempts: 1, ...free });
      expect(await world.attempts(id)).toEqual([[1, 'delivered']]);
    }
    await courier.deliver(ids);
    expect([...sent].sort()).toEqual([...ids].sort());
    await courier.close();
    await wire.stop();
  });

  it('goes on over a new connection when its own are ended between sending and storing', async () => {
    const killer = new pg.Client(world.fresh.url);
    await killer.connect();
    const sent: string[] = [];
    const courier = await world.courier(async ({ deliveryId }) => {
      sent.push(deliveryId);
      await killer.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      );
      return arrived;
    });
    const id = await world.route();
    await courier.deliver([id]);
    await killer.end();
    expect(await world.row(id)).toMatchObject({ state: 'delivered', attempts: 1 });
    expect(sent).toEqual([id]);
  });

  it('begins nothing on a lease that others may have by now, and gives it back', async () => {
    let finish: () => void = () => undefined;
    const sent: string[] = [];
    const send: Send = ({ deliveryId }) =>
      new Promise((resolve) => (sent.push(deliveryId), (finish = () => resolve(arrived))));
    const times = { leaseMs: 300, renewEveryMs: 60_000, marginMs: 100 };
    const courier = await world.courier({ send, places: 1, times });
    const ids = [await world.route(), await world.route()];
    const delivering = courier.deliver(ids);
    await waitFor(() => sent.length === 1, { what: 'the first attempt' });
    const until = Date.now() + 350;
    await waitFor(() => Date.now() > until, { what: 'the lease to end' });
    finish();
    await delivering;
    expect(sent).toEqual([ids[0]]);
    expect(await world.row(ids[1]!)).toMatchObject({ state: 'pending', attempts: 0, ...free });
    expect(courier.queues.rings).toMatchObject([{ queue: 'hq', ids: [ids[1]] }]);
  });

  it('goes on with a claim that takes longer than a lease, for its leases are renewed', async () => {
    const sent: string[] = [];
    const send: Send = async ({ deliveryId }) => {
      sent.push(deliveryId);
      await new Promise((resolve) => setTimeout(resolve, 120));
      return arrived;
    };
    const times = { leaseMs: 500, renewEveryMs: 50, marginMs: 100 };
    const courier = await world.courier({ send, places: 1, times });
    const ids: string[] = [];
    for (let n = 0; n < 8; n += 1) ids.push(await world.route());
    await courier.deliver(ids);
    expect(sent).toEqual(ids);
    expect(courier.queues.rings).toEqual([]);
  });

  it('writes down the attempt, and leaves the state alone, when somebody else has claimed since', async () => {
    const send: Send = async ({ deliveryId }) => {
      await world.change(deliveryId, 'lease = gen_random_uuid()');
      return { kind: 'permanent', reason: 'http_400' };
    };
    const courier = await world.courier(send);
    const id = await world.route({ fallbacks: { next: [{ backend: 'desk', to: '2' }], giveUpSeconds: 9 } });
    await courier.deliver([id]);
    expect(await world.row(id)).toMatchObject({ state: 'sending', fallback_to: null });
    expect(await world.attempts(id)).toEqual([[1, 'permanent']]);
    expect(courier.lines('delivery.attempted')).toMatchObject([{ leaseLost: true }]);
    expect(courier.queues.rings).toEqual([]);
  });
});

describe('a delivery that does harm', () => {
  it('harms only itself when the adapter throws, or does not end', async () => {
    const hanging = new Promise<never>(() => undefined);
    const [good, thrown, hung, later] = [
      await world.route(),
      await world.route(),
      await world.route(),
      await world.route(),
    ];
    const send: Send = async ({ deliveryId }) => {
      if (deliveryId === thrown) throw new Error('a bug');
      return deliveryId === hung ? hanging : arrived;
    };
    const courier = await world.courier({ send, limits: { timeoutMs: 30 } });
    await courier.deliver([good, thrown, hung, later]);
    for (const id of [good, later]) expect(await world.row(id)).toMatchObject({ state: 'delivered' });
    for (const id of [thrown, hung])
      expect(await world.row(id)).toMatchObject({
        state: 'retrying',
        attempts: 1,
        last_outcome: { reason: 'adapter_fault' },
        ...free,
      });
    expect(await world.circuits()).toEqual([]);
  });

  it('harms only itself when its text cannot be rendered', async () => {
    const courier = await world.courier(async () => arrived);
    const [good, broken] = [await world.route(), await world.route()];
    await world.change(broken, `message = '{"markdown": 7}'`);
    await courier.deliver([broken, good]);
    expect(await world.row(good)).toMatchObject({ state: 'delivered' });
    expect(await world.row(broken)).toMatchObject({ state: 'retrying', last_outcome: { reason: 'adapter_fault' } });
    expect(courier.lines('adapter.fault')).toMatchObject([{ deliveryId: broken }]);
  });

  it('harms only itself when what came of it cannot be stored', async () => {
    const [good, broken] = [await world.route(), await world.route()];
    const courier = await world.courier(async ({ deliveryId }) =>
      deliveryId === broken ? { kind: 'retryable', reason: 'odd', retryAfterMs: 1e30 } : arrived,
    );
    await courier.deliver([broken, good]);
    expect(await world.row(good)).toMatchObject({ state: 'delivered' });
    expect(await world.row(broken)).toMatchObject({ state: 'dead', last_outcome: { reason: 'outcome_unstorable' } });
  });

  it('lets the others of its claim end, with their leases, before it fails the whole', async () => {
    const [poison, slow] = [await world.route(), await world.route()];
    let finish: () => void = () => undefined;
    const slowly = new Promise<void>((resolve) => (finish = resolve));
    const courier = await world.courier(async ({ deliveryId }) => {
      if (deliveryId === slow) await slowly;
      return deliveryId === poison ? { kind: 'retryable', reason: 'r', statusCode: 429 } : arrived;
    });
    courier.queues.ringDeliver = () => Promise.reject(new Error('a bug'));
    const delivering = courier.deliver([poison, slow]);
    let ended = false;
    const end = expect(delivering)
      .rejects.toThrow('a bug')
      .then(() => (ended = true));
    await waitFor(async () => (await world.row(poison))['state'] === 'retrying', { what: 'the first to be settled' });
    await world.change(slow, `leased_until = now() + interval '1 second'`);
    await courier.leases.renew();
    const left = (await world.row(slow))['leased_until'] as Date;
    expect(left.getTime() - Date.now()).toBeGreaterThan(5000);
    expect(ended).toBe(false);
    finish();
    await end;
    expect(await world.row(slow)).toMatchObject({ state: 'delivered' });
  });
});
