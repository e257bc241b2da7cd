import type { PresenceAnswer } from '#backends/kit';
import type { Outcome } from '#contract';
import { storeRouted, type NewDelivery } from '#platform/store';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import type { Send } from './spec-courier.ts';
import { openWorld, type CourierPlan, type CourierWorld, type SpecCourier } from './spec-world.ts';

const arrived: Outcome = { kind: 'delivered', reason: 'ok' };

let world: CourierWorld;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function openCourier(answer: () => Outcome = () => arrived, plan: Partial<CourierPlan> = {}) {
  const sent: string[] = [];
  const send: Send = async ({ deliveryId }) => (sent.push(deliveryId), answer());
  return { courier: await world.courier({ send, ...plan }), sent };
}

const rings = ({ queues }: SpecCourier) => queues.rings.map(({ queue, ids }) => [queue, ids]);

describe('deliveries with the same correlation key and address', () => {
  it('go one after the other; whoever is done rings for the next', async () => {
    const { courier, sent } = await openCourier();
    const correlationKey = uuidv7();
    const ids = [];
    for (let n = 0; n < 3; n += 1) ids.push(await world.route({ correlationKey }));
    const apart = await world.route();
    await courier.deliver([...ids, apart]);
    expect([...sent].sort()).toEqual([ids[0], apart].sort());
    expect(rings(courier)).toEqual([['hq', [ids[1]]]]);
    await courier.deliver([ids[1]!]);
    await courier.deliver([ids[2]!]);
    expect(sent.filter((id) => id !== apart)).toEqual(ids);
  });

  it('ring for the next also when the one before gave up or went stale, not while it is to be tried again', async () => {
    const answers: Outcome[] = [
      { kind: 'permanent', reason: 'r' },
      { kind: 'retryable', reason: 'r', retryAfterMs: 700_000 },
    ];
    const { courier, sent } = await openCourier(() => answers.shift()!);
    const correlationKey = uuidv7();
    const dead = await world.route({ correlationKey });
    const stale = await world.route({ correlationKey, validUntil: new Date(Date.now() - 1000) });
    const retried = await world.route({ correlationKey });
    const last = await world.route({ correlationKey });
    for (const [id, next] of [
      [dead, stale],
      [stale, retried],
    ] as const) {
      await courier.deliver([id]);
      expect(rings(courier).splice(-1)).toEqual([['hq', [next]]]);
    }
    courier.queues.rings.splice(0);
    await courier.deliver([retried]);
    await courier.deliver([last]);
    expect(sent).toEqual([dead, retried]);
    expect(rings(courier)).toEqual([]);
  });

  it('wait for an event that came before and is not routed yet; others do not', async () => {
    const { courier, sent } = await openCourier();
    const correlationKey = uuidv7();
    const unrouted = await world.event({ correlationKey });
    const [later, apart] = [await world.route({ correlationKey }), await world.route()];
    await courier.deliver([later, apart]);
    expect(sent).toEqual([apart]);
    expect(await world.row(later)).toMatchObject({ state: 'pending', attempts: 0, lease: null });
    expect(courier.queues.rings).toEqual([{ queue: 'hq', ids: [later], options: { delayMs: expect.any(Number) } }]);
    const earlier = await world.route({ eventId: unrouted, correlationKey });
    await courier.deliver([later, earlier]);
    await courier.deliver([later]);
    expect(sent).toEqual([apart, earlier, later]);
  });

  it('wait for it also when it is routed just between the claim and the look for such events', async () => {
    const { courier, sent } = await openCourier();
    const correlationKey = uuidv7();
    const unrouted = await world.event({ correlationKey });
    const later = await world.route({ correlationKey });
    let earlier: string | undefined;
    const { pool } = courier.database;
    const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
    pool.query = (async (...args: [{ name?: string }]) => {
      const answer = await query(...args);
      if (args[0].name === 'claim') earlier ??= await world.route({ eventId: unrouted, correlationKey });
      return answer;
    }) as never;
    await courier.deliver([later]);
    expect([typeof earlier, sent]).toEqual(['string', []]);
    await courier.deliver([earlier!]);
    await courier.deliver([later]);
    expect(sent).toEqual([earlier, later]);
  });

  it('are released in the lines of all their events, and nobody’s attempt is used up', async () => {
    const { courier, sent } = await openCourier();
    const correlationKey = uuidv7();
    const event = await world.event({ correlationKey });
    const made = (to: string): NewDelivery => ({
      ...{ id: uuidv7(), eventId: event, rule: 'r', recipient: 'anna', backend: 'hq', to, toKind: 'person' },
      ...{ message: { markdown: 'x' }, correlationKey, fallbacks: undefined, retry: undefined },
      ...{ whenOffline: undefined, validUntil: undefined },
    });
    const both = [made('anna'), made('boris')];
    await storeRouted(world.database, [{ id: event, rules: ['r'], notes: [], deliveries: both }]);
    await courier.deliver(both.map(({ id }) => id));
    expect([...sent].sort()).toEqual(both.map(({ id }) => id).sort());
  });
});

describe('a delivery to somebody who may be offline', () => {
  const whenOffline = 'hold';
  const asks = (answer: PresenceAnswer | ((addresses: readonly string[]) => PresenceAnswer)): Partial<CourierPlan> => ({
    presence: async (addresses) => (typeof answer === 'function' ? answer(addresses) : answer),
  });
  const absent = (addresses: readonly string[]): PresenceAnswer => ({
    ok: true,
    online: new Set(addresses.filter((to) => to !== 'off')),
    offline: new Set(addresses.filter((to) => to === 'off')),
  });

  it('waits while they are away, and uses up no attempt; whoever is there gets theirs', async () => {
    const { courier, sent } = await openCourier(undefined, asks(absent));
    const [held, there, sentAnyway] = [
      await world.route({ to: 'off', whenOffline }),
      await world.route({ to: 'anna', whenOffline }),
      await world.route({ to: 'off' }),
    ];
    expect(await courier.deliver([held, there, sentAnyway])).toBe(true);
    expect([...sent].sort()).toEqual([there, sentAnyway].sort());
    const row = await world.row(held);
    expect(row).toMatchObject({ state: 'waiting', attempts: 0, held_since: expect.any(Date), lease: null });
    expect((row['due_at'] as Date).getTime()).toBeGreaterThan(Date.now() + 71 * 3_600_000);
    expect(courier.lines('delivery.not_attempted')).toMatchObject([{ outcome: 'recipientOffline', state: 'waiting' }]);
  });

  it('is not sent when the backend does not tell, but tried again as its answer says', async () => {
    const outcome: Outcome = { kind: 'retryable', reason: 'http_500', statusCode: 500, retryAfterMs: 3000 };
    const { courier, sent } = await openCourier(undefined, asks({ ok: false, outcome }));
    const id = await world.route({ whenOffline });
    await courier.deliver([id]);
    expect(await world.row(id)).toMatchObject({
      state: 'retrying',
      last_outcome: { reason: 'http_500' },
      held_since: null,
    });
    expect(courier.queues.rings).toMatchObject([{ ids: [id], options: { delayMs: 3025 } }]);
    expect(sent).toEqual([]);
  });

  it('is held back by a backend that is down, whose circuit opens', async () => {
    const outcome: Outcome = { kind: 'backendDown', reason: 'refused' };
    const { courier, sent } = await openCourier(undefined, asks({ ok: false, outcome }));
    const id = await world.route({ whenOffline });
    await courier.deliver([id]);
    expect(await world.row(id)).toMatchObject({ state: 'pending', attempts: 0 });
    expect(await world.circuits()).toMatchObject([{ backend: 'hq', state: 'open' }]);
    expect(sent).toEqual([]);
    await courier.circuits.drain('hq', 'open');
    await courier.circuits.close('hq');
  });

  it('is handed to the next address when patience is over', async () => {
    const { courier } = await openCourier(undefined, asks(absent));
    const fallbacks = { next: [{ backend: 'desk', to: '2' }], giveUpSeconds: 0 };
    const id = await world.route({ to: 'off', whenOffline: 'fallback', fallbacks });
    await courier.deliver([id]);
    const row = await world.row(id);
    expect(row).toMatchObject({ state: 'dead', attempts: 0, last_outcome: { kind: 'recipientOffline' } });
    expect(rings(courier)).toEqual([['desk', [row['fallback_to']]]]);
  });

  it('of a room is never asked about', async () => {
    const { courier, sent } = await openCourier(undefined, {
      presence: () => Promise.reject(new Error('must not be called')),
    });
    const id = await world.route({ to: 'off', toKind: 'room', whenOffline });
    await courier.deliver([id]);
    expect(sent).toEqual([id]);
  });
});
