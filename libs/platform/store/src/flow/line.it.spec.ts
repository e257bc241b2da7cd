/** Order: only the first of a line may be sent, across processes, retries, fallbacks and redrives. */
import { uuidFloor } from '#contract';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { createReading } from '../reading/index.ts';
import { acceptEvents } from './accept.ts';
import { firstInLine, orderKeyOf, outOfTurn } from './line.ts';
import { dropExpired, ensurePartitions } from './partitions.ts';
import { storeRouted, type NewDelivery } from './route.ts';
import { settleDeliveries, type Settlement } from './settle.ts';
import { delivery, event, settlement } from './spec-builders.ts';
import { openFlow, type FlowWorld } from './spec-flow.ts';
import { buryDeliveries } from './sweep.ts';

const dayMs = 86_400_000;
let world: FlowWorld;
beforeAll(async () => {
  world = await openFlow();
});
afterAll(() => world.close());

const idsOf = (deliveries: readonly { id: string }[]) => deliveries.map(({ id }) => id);
const gone = { kind: 'permanent', reason: 'http_410' } as const;

describe('a claim', () => {
  it('takes only the first of a line, and nothing else waits for it', async () => {
    const [first, ...behind] = await world.line(3);
    const [other] = await world.line(2);
    const elsewhere = await world.route({ correlationKey: first!.correlationKey, to: 'boris' });
    const unkeyed = await world.route();
    const ids = idsOf([...behind, other!, elsewhere, unkeyed, first!]);
    expect(await world.claim(ids)).toEqual(idsOf([first!, other!, elsewhere, unkeyed]).sort());
    expect(await world.claim(idsOf(behind))).toEqual([]);
  });

  it('of a line goes to one only, when several connections try at once with different members', async () => {
    for (let round = 0; round < 10; round += 1) {
      const ids = idsOf(await world.line(4));
      const claims = await Promise.all([...ids, ...ids].map((id) => world.claim([id])));
      expect(claims.flat()).toEqual([ids[0]]);
    }
  });

  it('does not let the next go while the one before it is being claimed on another connection', async () => {
    const [first, second] = await world.line(2);
    const client = await world.database.pool.connect();
    await client.query('BEGIN');
    await client.query(`UPDATE delivery SET state = 'sending', lease = $2, leased_until = now() WHERE id = $1`, [
      first!.id,
      uuidv7(),
    ]);
    expect(await world.claim([second!.id])).toEqual([]);
    await client.query('COMMIT');
    client.release();
    expect(await world.claim([second!.id])).toEqual([]);
  });

  it('stands in the order of the events, not in that of their routing', async () => {
    const [early, late] = [event(), event()];
    await acceptEvents(world.database, [early, late]);
    const correlationKey = 'routed late';
    const [behind, before] = [delivery(late.id, { correlationKey }), delivery(early.id, { correlationKey })];
    for (const made of [behind, before])
      await storeRouted(world.database, [{ id: made.eventId, rules: ['r'], notes: [], deliveries: [made] }]);
    expect(behind.id < before.id).toBe(true);
    expect(await world.claim(idsOf([behind, before]))).toEqual([before.id]);
  });
});

describe('once the first of a line', () => {
  const ends: [string, (id: string) => Promise<unknown>][] = [
    ['was delivered', (id) => world.finish(id)],
    ['is dead', (id) => world.finish(id, { state: 'dead', outcome: gone })],
    ['was suppressed', (id) => world.finish(id, { state: 'suppressed', counted: false })],
    ['was buried', (id) => buryDeliveries(world.database, [id], gone)],
  ];
  it.each(ends)('%s, the next can be claimed, and only that', async (_how, end) => {
    const [first, second, third] = await world.line(3);
    await end(first!.id);
    expect(await world.claim(idsOf([third!, second!]))).toEqual([second!.id]);
  });

  const pauses: [string, Partial<Settlement>][] = [
    ['waits for another attempt', { state: 'retrying', waitMs: 60_000 }],
    ['waits for its person', { state: 'waiting', waitMs: 60_000, counted: false }],
    ['is held because its backend is down', { state: 'pending', counted: false }],
  ];
  it.each(pauses)('%s, the next has to wait too', async (_how, overrides) => {
    const [first, second] = await world.line(2);
    await world.finish(first!.id, { outcome: { kind: 'retryable', reason: 'http_500' }, ...overrides });
    expect(await world.claim([second!.id])).toEqual([]);
    await world.change(first!.id, 'due_at = now()');
    expect(await world.claim(idsOf([second!, first!]))).toEqual([first!.id]);
  });

  it('is a redriven dead letter, it stands where it stood before', async () => {
    const [first, second, third] = await world.line(3);
    await world.finish(first!.id, { state: 'dead', outcome: gone });
    await world.finish(second!.id);
    await createReading(world.database).redrive({ ids: [first!.id] }, 'ops');
    expect(await world.claim(idsOf([first!, third!]))).toEqual([first!.id]);
  });

  it('gave up, its successor stands in the line of its new address, by its event', async () => {
    const correlationKey = uuidv7();
    const to = 'a@b.example';
    const [first, next] = await world.line(2, { correlationKey });
    const mail = { backend: 'mail', to, toKind: 'person', correlationKey } as const;
    const later = await world.route(mail);
    const successor = { id: uuidv7(), backend: 'mail', to, fallbacks: undefined, orderKey: orderKeyOf(mail) };
    await world.finish(first!.id, { state: 'dead', outcome: gone, successor });
    expect(await world.claim([later.id], { backend: 'mail' })).toEqual([]);
    expect(await world.claim([next!.id])).toEqual([next!.id]);
    expect(await world.claim([later.id, successor.id], { backend: 'mail' })).toEqual([successor.id]);
  });
});

describe('the first in line', () => {
  it('is who stands first now, if it is due and nobody has it', async () => {
    const lines = [await world.line(2), await world.line(2), await world.line(2), await world.line(1)];
    const [open, leased, waiting, done] = lines.map((line) => line[0]!);
    await world.hold(leased!.id);
    await world.finish(waiting!.id, { state: 'retrying', waitMs: 60_000 });
    await world.finish(done!.id);
    const keys = lines.map((line) => orderKeyOf(line[0]!)!);
    expect(await firstInLine(world.database, [...keys, ...keys])).toEqual([{ id: open!.id, backend: 'hook' }]);
    await world.finish(open!.id);
    expect(await firstInLine(world.database, keys)).toEqual([{ id: lines[0]![1]!.id, backend: 'hook' }]);
    expect(await firstInLine(world.database, [])).toEqual([]);
  });
});

describe('out of turn', () => {
  const claimed = (delivery: NewDelivery) => ({
    ...delivery,
    orderKey: orderKeyOf(delivery) ?? null,
    priority: delivery.priority ?? null,
  });
  const tooEarly = async (deliveries: NewDelivery[], nowMs?: number) => [
    ...(await outOfTurn(world.database, deliveries.map(claimed), nowMs)),
  ];

  it('is what comes after an event that is not routed, unless that is older than anything that could still come', async () => {
    const [before] = await world.line(1);
    const older = event();
    await acceptEvents(world.database, [older]);
    const [[after], apart] = [await world.line(1), await world.route()];
    const newer = event();
    await acceptEvents(world.database, [newer]);
    const all = [before!, after!, apart];
    expect(await tooEarly(all)).toEqual([after!.id]);
    expect(await tooEarly(all, Date.now() + 3 * dayMs)).toEqual([]);
    await storeRouted(world.database, [{ id: older.id, rules: [], notes: [], deliveries: [] }]);
    expect(await tooEarly(all)).toEqual([]);
    await storeRouted(world.database, [{ id: newer.id, rules: [], notes: [], deliveries: [] }]);
  });

  it('is who was claimed before the one that stands first in its line was there', async () => {
    const [first, second] = await world.line(2);
    expect(await tooEarly([first!, second!])).toEqual([second!.id]);
    await world.finish(first!.id);
    expect(await tooEarly([second!])).toEqual([]);
  });
});

describe('the places in line', () => {
  const placesOf = async (orderKey: string) =>
    (
      await world.database.pool.query<{ id: string }>(
        'SELECT delivery_id AS id FROM delivery_line WHERE order_key = $1 ORDER BY event_id',
        [orderKey],
      )
    ).rows.map(({ id }) => id);

  it('go with their partition, so that what came later can be sent', async () => {
    const longAgo = Date.now() - 40 * dayMs;
    await ensurePartitions(world.database, longAgo, 1);
    const idOf = () => uuidFloor(longAgo).slice(0, 14) + uuidv7().slice(14);
    const old = event({ id: idOf() });
    await acceptEvents(world.database, [old]);
    const correlationKey = 'for ages';
    const lost = delivery(old.id, { id: idOf(), correlationKey });
    await storeRouted(world.database, [{ id: old.id, rules: ['r'], notes: [], deliveries: [lost] }]);
    const young = await world.route({ correlationKey });
    expect(await world.claim([young.id])).toEqual([]);
    await dropExpired(world.database, Date.now(), 30);
    expect(await placesOf(orderKeyOf(young)!)).toEqual([young.id]);
    expect(await world.claim([young.id])).toEqual([young.id]);
  });

  it('are left by whoever lost its lease to nobody but itself', async () => {
    const [first] = await world.line(2);
    const { claimed, lease } = await world.hold(first!.id);
    await world.change(first!.id, 'leased_until = now()');
    await world.hold(first!.id);
    await settleDeliveries(world.database, [settlement(claimed, lease)]);
    expect((await placesOf(orderKeyOf(first!)!))[0]).toBe(first!.id);
  });
});
