import { layWire, waitFor, type Wire } from '#testing/services';
import { webhookSimulator, type WebhookSink } from '#testing/simulators';
import type { DeliveryStory } from '#contract';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { fleets, startFleet, startMs, twoCouriers, type Fleet } from './fleet.ts';
import { untilSettled } from './story.ts';

interface World {
  fleet: Fleet;
  /** Behind a wire, and so can go away. */
  far: WebhookSink;
  wire: Wire;
  near: WebhookSink;
  ask(sql: string): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

async function openWorld(plan: typeof twoCouriers): Promise<World> {
  const [fleet, far, near] = await Promise.all([startFleet(plan), webhookSimulator.start(), webhookSimulator.start()]);
  const wire = await layWire(Number(new URL(far.url).port));
  const { admin } = fleet;
  await admin.put('/v1/backends/far', { type: 'webhook', settings: far.settingsAt!({ port: wire.port }) });
  await admin.put('/v1/backends/near', { type: 'webhook', settings: near.settings() });
  await admin.put('/v1/backends/inbox', { type: 'inbox', settings: {} });
  await admin.put('/v1/recipients/ops', {
    displayName: 'Ops',
    addresses: ['far', 'near', 'inbox'].map((backend) => ({ backend, to: 'ops' })),
  });
  const rule = (type: string, via: string[], step = {}, fields = {}) =>
    admin.put(`/v1/rules/${type.replaceAll('.', '-')}`, {
      match: { type: [type] },
      notify: [{ to: ['recipient:ops'], via, ...step }],
      ...fields,
    });
  await rule('to.far', ['far']);
  await rule('to.near', ['near']);
  await rule('stale.soon', ['far'], {}, { validForSeconds: 2 });
  await rule('far.or.near', ['far', 'near'], { fallbackAfterSeconds: 2 });
  await rule('vestnik.backend.paused', ['inbox']);
  const client = new pg.Client(fleet.databaseUrl);
  await client.connect();
  return {
    ...{ fleet, far, wire, near },
    ask: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    stop: async () => {
      await client.end();
      await Promise.all([fleet.stop(), far.stop(), near.stop(), wire.stop()]);
    },
  };
}

const sendAll = async (fleet: Fleet, events: Record<string, unknown>[]): Promise<string[]> => {
  const ids: string[] = [];
  for (const event of events) ids.push(await fleet.ingest.send(event));
  return ids;
};

const numbersAt = (sink: WebhookSink): number[] =>
  sink.requests().flatMap(({ body, behaviour }) => {
    const { n } = (JSON.parse(body) as { event: { data: { n?: number } } }).event.data;
    return n === undefined || behaviour !== 'ok' ? [] : [n];
  });

const counted = (count: number) => Array.from({ length: count }, (_, n) => n);

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);

/** What is quick, in milliseconds: far less than any wait for a backend that is down. */
const quickMs = 3000;

describe.each([twoCouriers, fleets[0]!])('a backend that fails as a whole, on $name,', (plan) => {
  let world: World;
  let waiting: string[];
  beforeAll(async () => {
    world = await openWorld(plan);
  }, startMs);
  afterAll(() => world?.stop());

  async function expectQuick(type: string): Promise<void> {
    const sentAt = Date.now();
    await untilSettled(world.fleet.admin, await world.fleet.ingest.send({ type, data: {} }));
    expect(Date.now() - sentAt).toBeLessThan(quickMs);
  }

  it('uses up no attempts while it is down, and leaves the others alone', async () => {
    const { fleet, wire, ask } = world;
    await untilSettled(fleet.admin, await fleet.ingest.send({ type: 'to.far', data: {} }));
    await wire.cut();
    const fields = (n: number) => (n % 2 === 0 ? { correlationKey: 'even' } : {});
    waiting = await sendAll(
      fleet,
      counted(20).map((n) => ({ type: 'to.far', data: { n }, ...fields(n) })),
    );
    await waitFor(async () => (await ask('SELECT 1 FROM circuit')).length > 0, { what: 'the circuit to open' });
    expect(await ask('SELECT backend, state, reason FROM circuit')).toEqual([
      { backend: 'far', state: 'open', reason: 'refused' },
    ]);
    await expectQuick('to.near');
    const { items } = await fleet.admin.get<{ items: DeliveryStory[] }>('/v1/deliveries?backend=far&limit=100');
    const held = items.filter(({ eventId }) => waiting.includes(eventId));
    // One of them may be a probe just now.
    const others = held.filter(({ state }) => state !== 'sending');
    expect(others.length).toBeGreaterThanOrEqual(19);
    expect(others.map(({ state, attempts }) => `${state} ${attempts}`)).toEqual(others.map(() => 'pending 0'));
  });

  it('does not keep what has a deadline: stale news is suppressed, and patience leads to the next address', async () => {
    const { fleet } = world;
    const stale = await fleet.ingest.send({ type: 'stale.soon', data: {} });
    const either = await fleet.ingest.send({ type: 'far.or.near', data: {} });
    const suppressed = await untilSettled(fleet.admin, stale, { states: ['suppressed'] });
    expect(suppressed.deliveries).toMatchObject([{ attempts: 0, lastOutcome: { reason: 'expired' }, attemptLog: [] }]);
    const fallen = await untilSettled(fleet.admin, either, { states: ['dead', 'delivered'], count: 2 });
    const [first, second] = [...fallen.deliveries].sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(first).toMatchObject({ backend: 'far', state: 'dead', attempts: 0, fallbackTo: second!.id });
    expect(second).toMatchObject({ backend: 'near', state: 'delivered', attempts: 1 });
  });

  it('gets what waited as soon as it is back, oldest first and each story in its order', async () => {
    const { fleet, far, wire, ask } = world;
    await wire.mend();
    for (const id of waiting) {
      const story = await untilSettled(fleet.admin, id);
      expect(story.deliveries[0]!.attemptLog).toMatchObject([{ number: 1, outcome: { kind: 'delivered' } }]);
    }
    const arrived = numbersAt(far);
    expect([...arrived].sort((a, b) => a - b)).toEqual(counted(20));
    expect(arrived.filter((n) => n % 2 === 0)).toEqual(counted(10).map((n) => n * 2));
    // The first is the probe: the oldest, or the next one while a probe that failed still holds the oldest. What is under way
    // at once may overtake each other a little.
    const odd = arrived.filter((n) => n % 2 === 1);
    expect([arrived[0]! < 2, sum(odd.slice(0, 5)) < sum(odd.slice(5))]).toEqual([true, true]);
    await waitFor(async () => (await ask('SELECT 1 FROM circuit')).length === 0, { what: 'the circuit to close' });
    await expectQuick('to.far');
  });

  it('is paused when it refuses us; operators hear of it once, and all is delivered when it was seen to', async () => {
    const { fleet, near, ask } = world;
    near.reset();
    near.plan({ kind: 'badAuth' }, Infinity);
    const ids = await Promise.all(counted(12).map((n) => fleet.ingest.send({ type: 'to.near', data: { n } })));
    const inbox = () => fleet.admin.get<{ items: object[] }>('/v1/inbox/ops');
    await waitFor(async () => (await inbox()).items.length > 0, { what: 'the operators to hear of it' });
    expect(JSON.stringify((await inbox()).items)).toContain('near');
    expect(await ask('SELECT backend, state FROM circuit')).toEqual([{ backend: 'near', state: 'paused' }]);
    ids.push(await fleet.ingest.send({ type: 'to.near', data: { n: 12 } }));
    const all = await Promise.all(ids.map((id) => untilSettled(fleet.admin, id, { states: ['pending'] })));
    expect(all.map(({ deliveries }) => deliveries[0]!.attempts)).toEqual(counted(13).map(() => 0));
    // Nobody is asked again and again.
    expect(near.requests().length).toBeLessThanOrEqual(12);

    near.reset();
    await fleet.admin.put('/v1/backends/near', { type: 'webhook', settings: near.settings() });
    for (const id of ids) await untilSettled(fleet.admin, id);
    expect(numbersAt(near).sort((a, b) => a - b)).toEqual(counted(13));
    const alerts = await fleet.admin.get<{ items: unknown[] }>('/v1/events?type=vestnik.backend.paused');
    expect([alerts.items.length, (await inbox()).items.length]).toEqual([1, 1]);
  });
});
