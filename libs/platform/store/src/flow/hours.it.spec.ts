/** Deliveries that wait for working hours or the end of quiet hours. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { countWaiting } from '../reading/waiting.ts';
import { createReading } from '../reading/index.ts';
import { acceptEvents } from './accept.ts';
import { heldAddresses, releaseHeld } from './held.ts';
import { firstInLine, orderKeyOf, outOfTurn } from './line.ts';
import { storeRouted, type NewDelivery } from './route.ts';
import { settleDeliveries } from './settle.ts';
import { delivery, event, settlement } from './spec-builders.ts';
import { openFlow, type FlowWorld } from './spec-flow.ts';
import { flowLag, overdueDeliveries } from './sweep.ts';

let world: FlowWorld;
beforeAll(async () => {
  world = await openFlow();
});
afterAll(() => world.close());

const inAnHour = () => new Date(Date.now() + 3_600_000);
/** Lets the hours of a delivery begin, a while ago. */
const open = async (id: string) => {
  await world.change(id, `due_at = now() - interval '10 seconds'`);
  await world.database.pool.query(`UPDATE delivery_line SET not_before = now() WHERE delivery_id = $1`, [id]);
};
const overdue = async (backend: string) =>
  (await overdueDeliveries(world.database, 3000, [backend], 100)).map(({ id }) => id);

describe('a delivery that waits for its hours', () => {
  it('is stored as waiting until then, is not answered to be rung for, and counts its age and patience from then', async () => {
    const accepted = event();
    await acceptEvents(world.database, [accepted]);
    const notBefore = inAnHour();
    const fallbacks = { next: [{ backend: 'desk', to: 'x' }], giveUpSeconds: 60 };
    const waits = delivery(accepted.id, { notBefore, fallbacks });
    const goes = delivery(accepted.id, { to: 'boris' });
    const routed = { id: accepted.id, rules: ['r'], notes: [], deliveries: [waits, goes] };
    expect(await storeRouted(world.database, [routed])).toEqual([{ id: goes.id, backend: 'hook' }]);
    expect(await world.row(waits.id)).toMatchObject({
      state: 'waiting',
      due_at: notBefore,
      opened_at: notBefore,
      give_up_at: new Date(notBefore.getTime() + 60_000),
      held_since: null,
    });
    expect(await world.row(goes.id)).toMatchObject({ state: 'pending', give_up_at: null });
  });

  it('is shown with its moment, and not as somebody who is waited for', async () => {
    const notBefore = inAnHour();
    const waits = await world.route({ notBefore, backend: 'shown', priority: 'high' });
    const reading = createReading(world.database);
    expect(await reading.getDelivery(waits.id)).toMatchObject({
      state: 'waiting',
      priority: 'high',
      notBefore: notBefore.toISOString(),
      nextAttemptAt: notBefore.toISOString(),
    });
    expect((await countWaiting(world.database)).get('shown')).toMatchObject({ waiting: 1, held: 0 });
    expect(await heldAddresses(world.database, 'shown', 10)).toEqual([]);
    expect(await releaseHeld(world.database, 'shown', ['anna'])).toEqual([]);
    await open(waits.id);
    const { claimed, lease } = await world.hold(waits.id, { backend: 'shown' });
    await settleDeliveries(world.database, [settlement(claimed, lease)]);
    expect(await reading.getDelivery(waits.id)).not.toHaveProperty('notBefore');
  });

  it('is nobody to take, to sweep up or to complain of before its hours, and all of it after', async () => {
    const { id } = await world.route({ notBefore: inAnHour(), backend: 'later' });
    const lag = async () => (await flowLag(world.database, ['later'])).oldestDelivery;
    expect([await world.claim([id], { backend: 'later' }), await overdue('later'), await lag()]).toEqual([
      [],
      [],
      undefined,
    ]);
    await open(id);
    expect([await overdue('later'), await lag()]).toEqual([[id], id]);
    expect(await world.claim([id], { backend: 'later' })).toEqual([id]);
  });

  it('can go stale while it waits', async () => {
    const validUntil = new Date(Date.now() - 1000);
    const { id } = await world.route({ notBefore: inAnHour(), validUntil });
    expect(await world.claim([id])).toEqual([]);
    expect(await world.claim([id], { pastDeadline: true })).toEqual([id]);
  });
});

describe('a line in which the first waits for its hours', () => {
  const line = async (backend: string, ...members: Partial<NewDelivery>[]) => {
    const correlationKey = uuidv7();
    const made: NewDelivery[] = [];
    for (const member of members) made.push(await world.route({ correlationKey, backend, ...member }));
    return { ids: made.map(({ id }) => id), made, key: orderKeyOf(made[0]!)! };
  };
  const tooEarly = async (made: NewDelivery[]) => {
    const asked = made.map((one) => ({ ...one, orderKey: orderKeyOf(one)!, priority: one.priority ?? null }));
    return [...(await outOfTurn(world.database, asked))];
  };

  it('holds up those behind, so that the order stays', async () => {
    const { ids, made, key } = await line('held', { notBefore: inAnHour() }, {}, { priority: 'high' });
    await world.change(ids[1]!, `due_at = now() - interval '10 seconds'`);
    expect([await world.claim(ids, { backend: 'held' }), await overdue('held')]).toEqual([[], []]);
    expect(await firstInLine(world.database, [key])).toEqual([]);
    expect(await tooEarly(made)).toEqual(ids.slice(1));
    await open(ids[0]!);
    expect(await world.claim(ids, { backend: 'held' })).toEqual([ids[0]]);
  });

  it('lets pass what is critical', async () => {
    const { ids, made, key } = await line(
      'urgent',
      { notBefore: inAnHour() },
      { priority: 'critical' },
      { priority: 'critical' },
    );
    const [, second, third] = ids;
    await world.change(second!, `due_at = now() - interval '10 seconds'`);
    expect(await overdue('urgent')).toEqual([second]);
    expect(await firstInLine(world.database, [key])).toEqual([{ id: second, backend: 'urgent' }]);
    expect(await tooEarly(made)).toEqual([third]);
    expect(await world.claim(ids, { backend: 'urgent' })).toEqual([second]);
  });

  it('lets nothing pass once its hours have begun', async () => {
    const { ids } = await line('begun', { notBefore: inAnHour() }, { priority: 'critical' });
    await open(ids[0]!);
    expect(await world.claim(ids, { backend: 'begun' })).toEqual([ids[0]]);
    expect(await world.claim(ids, { backend: 'begun' })).toEqual([]);
  });
});

describe('an event that was routed', () => {
  it('keeps when, by which revision, and whom the rules meant', async () => {
    const accepted = event();
    await acceptEvents(world.database, [accepted]);
    const trail = [{ rule: 'r', recipient: 'anna', through: ['group:a"b\u0000'], outcome: 'noAddress' as const }];
    const reading = createReading(world.database);
    expect(await reading.getEvent(accepted.id)).not.toHaveProperty('routedAt');
    await storeRouted(world.database, [
      { id: accepted.id, rules: [], notes: [], deliveries: [], trail, bookVersion: 42n },
    ]);
    const story = await reading.getEvent(accepted.id);
    expect(story).toMatchObject({ revision: 42, recipients: trail });
    expect(Math.abs(Date.parse(story!.routedAt!) - Date.now())).toBeLessThan(60_000);
  });
});
