import type { Outcome } from '#contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Send } from './spec-courier.ts';
import { openWorld, type CourierWorld, type SpecCourier } from './spec-world.ts';

const arrived: Outcome = { kind: 'delivered', reason: 'ok' };
const down: Outcome = { kind: 'backendDown', reason: 'refused' };
const busy: Outcome = { kind: 'retryable', reason: 'http_503', statusCode: 503 };

let world: CourierWorld;
beforeAll(async () => {
  world = await openWorld();
});
afterEach(async () => {
  await world.database.pool.query('DELETE FROM circuit');
});
afterAll(() => world.close());

/** A backend that notes what it is sent, and answers as the spec says. */
function backend(answer: (id: string, nth: number) => Outcome | Promise<Outcome> = () => arrived) {
  const sent: string[] = [];
  const send: Send = async ({ deliveryId }) => answer(deliveryId, sent.push(deliveryId));
  return { sent, send };
}

const routeMany = async (count: number): Promise<string[]> => {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) ids.push(await world.route());
  return ids;
};
const free = { lease: null, leased_until: null };
const rungIds = ({ queues }: SpecCourier) => queues.rings.map(({ queue, ids }) => [queue, ids]);

describe('delivering', () => {
  it('sends each once, stores the attempt, and answers that the backend was asked', async () => {
    const { sent, send } = backend();
    const courier = await world.courier(send);
    const ids = await routeMany(3);
    expect(await courier.deliver(ids)).toBe(true);
    expect([...sent].sort()).toEqual([...ids].sort());
    for (const id of ids) {
      expect(await world.row(id)).toMatchObject({
        state: 'delivered',
        attempts: 1,
        finished_at: expect.any(Date),
        ...free,
      });
      expect(await world.attempts(id)).toEqual([[1, 'delivered']]);
    }
    expect(courier.lines('delivery.attempted')).toHaveLength(3);
    expect(rungIds(courier)).toEqual([]);
    expect(await courier.deliver(ids)).toBe(false);
    expect(sent).toHaveLength(3);
  });

  it('sends each once also when two couriers are rung for the same', async () => {
    const { sent, send } = backend();
    const couriers = [await world.courier(send), await world.courier(send)];
    const ids = await routeMany(20);
    await Promise.all(couriers.map((courier) => courier.deliver(ids)));
    expect([...sent].sort()).toEqual([...ids].sort());
  });

  it('begins with the oldest event, in whatever order it was rung for', async () => {
    const { sent, send } = backend();
    const courier = await world.courier({ send, places: 1 });
    const events: string[] = [];
    for (let n = 0; n < 8; n += 1) events.push(await world.event());
    const newestFirst: string[] = [];
    for (const eventId of [...events].reverse()) newestFirst.push(await world.route({ eventId }));
    await courier.deliver(newestFirst);
    expect(sent).toEqual([...newestFirst].reverse());
  });

  it('rings for the next attempt a little after it is due', async () => {
    const { send } = backend(() => ({ ...busy, retryAfterMs: 2000 }));
    const courier = await world.courier(send);
    const [id] = await routeMany(1);
    await courier.deliver([id!]);
    expect(await world.row(id!)).toMatchObject({ state: 'retrying', attempts: 1, ...free });
    expect(courier.queues.rings).toEqual([{ queue: 'hq', ids: [id], options: { delayMs: 2025 } }]);
  });

  it('leaves long waits to the sweep, and rings for whoever takes over', async () => {
    const { send } = backend((_id, nth) =>
      nth === 1 ? { ...busy, retryAfterMs: 601_000 } : { kind: 'permanent', reason: 'r' },
    );
    const courier = await world.courier({ send, places: 1 });
    const waiting = await world.route();
    const fallbacks = { next: [{ backend: 'desk', to: '2' }], giveUpSeconds: 300 };
    const dead = await world.route({ fallbacks });
    await courier.deliver([waiting, dead]);
    const successor = (await world.row(dead))['fallback_to'];
    expect(rungIds(courier)).toEqual([['desk', [successor]]]);
    expect(await world.row(successor as string)).toMatchObject({ backend: 'desk', address: '2', state: 'pending' });
  });

  it('suppresses news that went stale without an attempt', async () => {
    const { sent, send } = backend();
    const courier = await world.courier(send);
    const id = await world.route({ validUntil: new Date(Date.now() - 1000) });
    expect(await courier.deliver([id])).toBe(false);
    const row = await world.row(id);
    expect(row).toMatchObject({ state: 'suppressed', attempts: 0, last_outcome: { reason: 'expired' }, ...free });
    expect([await world.attempts(id), sent]).toEqual([[], []]);
    expect(courier.lines('delivery.not_attempted')).toMatchObject([{ reason: 'expired', state: 'suppressed' }]);
  });

  it('does nothing for a backend that is paused or gone', async () => {
    const { sent, send } = backend();
    const courier = await world.courier(send);
    const [id] = await routeMany(1);
    expect(await courier.deliver([id!], { current: () => undefined })).toBe(false);
    expect(await world.row(id!)).toMatchObject({ state: 'pending', attempts: 0, ...free });
    expect(sent).toEqual([]);
  });
});

describe('delivering through a backend that is down', () => {
  it('gives back what was not begun as if it had never been claimed, and rings for none of it', async () => {
    const { sent, send } = backend(() => down);
    const courier = await world.courier({ send, places: 1 });
    const ids = await routeMany(5);
    await courier.deliver(ids);
    expect(sent).toEqual([ids[0]]);
    for (const id of ids) {
      expect(await world.row(id)).toMatchObject({ state: 'pending', attempts: 0, ...free });
      expect(await world.attempts(id)).toEqual([]);
    }
    expect(courier.queues.rings).toEqual([]);
    expect(await world.circuits()).toEqual([{ backend: 'hq', state: 'open', reason: 'refused' }]);
    expect(await courier.deliver(ids)).toBe(false);
    expect(sent).toHaveLength(1);
  });

  it('lets the next address take over when patience is over, also while nothing can be sent', async () => {
    const { sent, send } = backend(() => down);
    const courier = await world.courier(send);
    await courier.deliver(await routeMany(1));
    const fallbacks = { next: [{ backend: 'desk', to: '2' }], giveUpSeconds: 0 };
    const [over, early] = [await world.route({ fallbacks }), await world.route()];
    await world.change(over, `state = 'retrying', due_at = now() + interval '1 hour'`);
    await courier.deliver([over, early]);
    const row = await world.row(over);
    expect(row).toMatchObject({ state: 'dead', attempts: 0, last_outcome: { reason: 'patience_over' } });
    expect(rungIds(courier)).toEqual([['desk', [row['fallback_to']]]]);
    expect(await world.row(early)).toMatchObject({ state: 'pending', attempts: 0, ...free });
    expect(sent).toHaveLength(1);
  });

  it('sends a probe all the same; what it says for certain counts, what is unclear does not', async () => {
    const answers = [busy, down, arrived];
    const { sent, send } = backend((_id, nth) => answers[nth - 1]!);
    const courier = await world.courier(send);
    await courier.circuits.open('hq', { reason: 'spec', detail: undefined }, 60_000);
    const [first, second, third] = await routeMany(3);
    for (const id of [first!, second!, third!]) expect(await courier.deliver([id], { isProbe: true })).toBe(true);
    expect(sent).toEqual([first, second, third]);
    expect(await world.row(first!)).toMatchObject({ state: 'retrying', attempts: 0 });
    expect(await world.row(second!)).toMatchObject({ state: 'pending', attempts: 0 });
    expect(await world.row(third!)).toMatchObject({ state: 'delivered', attempts: 1 });
    expect(await world.circuits()).toMatchObject([{ state: 'draining' }]);
  });

  it('pauses one that refuses us, and tells the operators once, though several couriers hear of it', async () => {
    const refused: Outcome = { kind: 'authBroken', reason: 'http_401' };
    const couriers = await Promise.all([1, 2, 3].map(() => world.courier(backend(() => refused).send)));
    const ids = await routeMany(9);
    await Promise.all(couriers.map((courier, n) => courier.deliver(ids.slice(n * 3, n * 3 + 3))));
    expect(await world.circuits()).toMatchObject([{ backend: 'hq', state: 'paused', reason: 'http_401' }]);
    const { rows } = await world.database.pool.query<{ id: string; subject: string }>(
      `SELECT id, subject FROM event WHERE type = 'vestnik.backend.paused'`,
    );
    expect(rows).toMatchObject([{ subject: 'hq' }]);
    expect(couriers.flatMap(rungIds)).toEqual([['route', [rows[0]!.id]]]);
    for (const id of ids) expect(await world.row(id)).toMatchObject({ state: 'pending', attempts: 0, ...free });
  });
});

describe('a courier that stops', () => {
  it('gives back what was not begun at once, and rings for it, so that others go on', async () => {
    let begun: () => void = () => undefined;
    let finish: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (begun = resolve));
    const { sent, send } = backend(() => new Promise((resolve) => (begun(), (finish = () => resolve(arrived)))));
    const courier = await world.courier({ send, places: 1 });
    const ids = await routeMany(3);
    const delivering = courier.deliver(ids);
    await first;
    courier.delivering.drain();
    finish();
    await delivering;
    expect(sent).toEqual([ids[0]]);
    expect(await world.row(ids[0]!)).toMatchObject({ state: 'delivered' });
    for (const id of ids.slice(1))
      expect(await world.row(id)).toMatchObject({ state: 'pending', attempts: 0, ...free });
    expect(rungIds(courier)).toEqual([['hq', ids.slice(1)]]);
  });

  it('cuts short what takes too long; it may be tried again elsewhere at once, and says nothing of the backend', async () => {
    let begun: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (begun = resolve));
    const send: Send = (_message, _settings, { signal }) =>
      new Promise((resolve) => {
        begun();
        signal.addEventListener('abort', () => resolve(down), { once: true });
      });
    const courier = await world.courier(send);
    const [id] = await routeMany(1);
    const delivering = courier.deliver([id!]);
    await first;
    courier.delivering.drain();
    courier.delivering.abort();
    await delivering;
    expect(await world.row(id!)).toMatchObject({ state: 'pending', ...free });
    expect(await world.circuits()).toEqual([]);
  });
});
