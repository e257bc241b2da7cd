/** What the sweep and the watchdog ask: who is overdue, past a deadline, stranded, and how far behind the flow is. */
import { uuidFloor } from '#contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { acceptEvents } from './accept.ts';
import { storeRouted } from './route.ts';
import { event } from './spec-builders.ts';
import { openFlow, type FlowWorld } from './spec-flow.ts';
import { buryDeliveries, deliveriesPastDeadline, flowLag, overdueDeliveries, strandedDeliveries } from './sweep.ts';

let world: FlowWorld;
beforeAll(async () => {
  world = await openFlow();
});
beforeEach(async () => void (await world.database.pool.query('TRUNCATE event, delivery, delivery_line')));
afterAll(() => world.close());

const idsOf = (deliveries: readonly { id: string }[]) => deliveries.map(({ id }) => id);
const ago = (seconds: number) => `now() - interval '${seconds} seconds'`;
const future = `now() + interval '1 hour'`;

/** A delivery that has been due for so many seconds. */
async function due(seconds: number, fields: Parameters<FlowWorld['route']>[0] = {}): Promise<string> {
  const { id } = await world.route(fields);
  await world.change(id, `due_at = ${ago(seconds)}`);
  return id;
}

describe('what is overdue', () => {
  it('leaves out who is not first in line, until it is', async () => {
    const line = await world.line(3);
    for (const { id } of line) await world.change(id, `due_at = ${ago(60)}`);
    const unkeyed = await due(30);
    const overdue = async () => idsOf(await overdueDeliveries(world.database, 3000, ['hook'], 10));
    expect(await overdue()).toEqual([line[0]!.id, unkeyed]);
    await world.change(line[0]!.id, `due_at = ${future}`);
    expect(await overdue()).toEqual([unkeyed]);
    await world.change(line[0]!.id, `due_at = ${ago(90)}`);
    await world.finish(line[0]!.id);
    expect(await overdue()).toEqual([line[1]!.id, unkeyed]);
  });

  it('comes oldest first, also when a long line stands before it', async () => {
    const line = await world.line(5);
    for (const { id } of line) await world.change(id, `due_at = ${ago(60)}`);
    await world.hold(line[0]!.id);
    const [newer, older] = [await due(10), await due(20)];
    expect(idsOf(await overdueDeliveries(world.database, 3000, ['hook'], 2))).toEqual([older, newer]);
  });
});

describe('what is past its deadline', () => {
  it('is found whether it is due or not, earliest deadline first, of the given backends', async () => {
    const [stale, impatient] = [await world.route(), await world.route()];
    await world.change(stale.id, `valid_until = ${ago(10)}, due_at = ${future}`);
    await world.change(impatient.id, `give_up_at = ${ago(20)}, valid_until = ${future}, due_at = ${future}`);
    const elsewhere = await world.route({ backend: 'other' });
    await world.change(elsewhere.id, `valid_until = ${ago(10)}`);
    const found = await deliveriesPastDeadline(world.database, ['hook', 'mail'], 10);
    expect(found).toEqual([impatient, stale].map(({ id }) => ({ id, backend: 'hook' })));
    expect(idsOf(await deliveriesPastDeadline(world.database, ['hook', 'other'], 1))).toEqual([
      impatient.id,
      elsewhere.id,
    ]);
  });

  it('leaves out what has time left, what is leased, finished, or not first in line', async () => {
    const [soon, leased, done] = [await world.route(), await world.route(), await world.route()];
    await world.change(soon.id, `valid_until = ${future}, give_up_at = ${future}`);
    await world.change(leased.id, `valid_until = ${ago(10)}, leased_until = ${future}`);
    await world.finish(done.id);
    await world.change(done.id, `valid_until = ${ago(10)}`);
    const [first, second] = await world.line(2);
    await world.change(second!.id, `valid_until = ${ago(10)}`);
    const past = async () => idsOf(await deliveriesPastDeadline(world.database, ['hook'], 10));
    expect(await past()).toEqual([]);
    await world.finish(first!.id);
    expect(await past()).toEqual([second!.id]);
  });
});

describe('what is stranded', () => {
  it('is found among many backends that exist, and told up to the limit', async () => {
    for (const backend of ['a', 'b', 'c', 'd', 'e']) await due(10, { backend });
    const last = await due(10, { backend: 'e' });
    await due(1, { backend: 'f' });
    const stranded = async (known: string[], limit = 10) =>
      (await strandedDeliveries(world.database, 3000, known, limit)).map(({ backend }) => backend).sort();
    expect(await stranded(['a', 'c', 'x'])).toEqual(['b', 'd', 'e', 'e']);
    expect(await stranded([])).toEqual(['a', 'b', 'c', 'd', 'e', 'e']);
    expect(await stranded([], 2)).toHaveLength(2);
    expect(await stranded(['a', 'b', 'c', 'd', 'e', 'f'])).toEqual([]);
    await world.finish((await world.route()).id);
    await world.hold(last, { backend: 'e' });
    expect(await stranded(['a', 'b', 'c', 'd'])).toEqual(['e']);
  });

  it('is nothing where nothing waits', async () => {
    expect(await strandedDeliveries(world.database, 0, [], 10)).toEqual([]);
  });

  it('is buried with its place in line, and its neighbours keep theirs', async () => {
    const line = await world.line(3);
    await buryDeliveries(world.database, [line[1]!.id], { kind: 'permanent', reason: 'backend_gone' });
    const { rows } = await world.database.pool.query<{ id: string }>(
      'SELECT delivery_id AS id FROM delivery_line ORDER BY event_id',
    );
    expect(idsOf(rows)).toEqual([line[0]!.id, line[2]!.id]);
  });
});

describe('the lag of the flow', () => {
  const lag = (backends = ['hook', 'other']) => flowLag(world.database, backends);

  it('is nothing when all is routed and nothing is due', async () => {
    const later = await world.route();
    await world.change(later.id, `due_at = ${future}`);
    const nothing = { eventSeconds: 0, oldestEvent: undefined, deliverySeconds: 0, oldestDelivery: undefined };
    expect(await lag()).toEqual(nothing);
    expect(await lag([])).toEqual(nothing);
  });

  it('is the age of the oldest event that is not routed', async () => {
    const old = event({ id: uuidFloor(Date.now() - 40_000).slice(0, 14) + uuidv7().slice(14) });
    await acceptEvents(world.database, [old, event()]);
    const { eventSeconds } = await lag();
    expect(Math.abs(eventSeconds - 40)).toBeLessThan(5);
    await storeRouted(world.database, [{ id: old.id, rules: [], notes: [], deliveries: [] }]);
    expect((await lag()).eventSeconds).toBeLessThan(5);
  });

  it('is the time for which the longest-due delivery of the given backends has been due', async () => {
    await due(100, { backend: 'down' });
    const oldest = await due(50, { backend: 'other' });
    await due(30);
    const found = await lag();
    expect(found.oldestDelivery).toBe(oldest);
    expect(Math.abs(found.deliverySeconds - 50)).toBeLessThan(5);
  });

  it('does not count who is being sent, nor who stands behind somebody', async () => {
    const [first, second] = await world.line(2);
    for (const { id } of [first!, second!]) await world.change(id, `due_at = ${ago(60)}`);
    await world.hold(await due(90));
    expect((await lag()).oldestDelivery).toBe(first!.id);
    await world.hold(first!.id);
    expect((await lag()).oldestDelivery).toBeUndefined();
  });
});
