import { mychatSimulator, webhookSimulator, type MyChatServer, type WebhookSink } from '#testing/simulators';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '#testing/services';
import { fleets, startFleet, type Fleet } from './fleet.ts';
import { untilSettled } from './story.ts';

const words = 'Склад «МСК-1»: осталось 3 шт. 📦👨‍👩‍👧 — проверьте!';

describe.each(fleets)('the main job on $name', (plan) => {
  let fleet: Fleet;
  let sink: WebhookSink;
  let rest: MyChatServer;
  let socket: MyChatServer;

  beforeAll(async () => {
    [fleet, sink, rest, socket] = await Promise.all([
      startFleet(plan),
      webhookSimulator.start(),
      mychatSimulator.start('rest'),
      mychatSimulator.start('socket'),
    ]);
    const { admin } = fleet;
    await admin.put('/v1/backends/inbox', { type: 'inbox', settings: {} });
    await admin.put('/v1/backends/hook', { type: 'webhook', settings: sink.settings() });
    await admin.put('/v1/backends/chat-rest', { type: 'mychat', settings: rest.settings() });
    await admin.put('/v1/backends/chat-socket', { type: 'mychat', settings: socket.settings() });
    await admin.put('/v1/recipients/anna', {
      displayName: 'Анна',
      locale: 'ru',
      timeZone: 'Europe/Moscow',
      groups: ['storekeepers'],
      addresses: [
        { backend: 'chat-rest', to: rest.address.to },
        { backend: 'chat-socket', to: socket.address.to },
        { backend: 'inbox', to: 'anna' },
        { backend: 'hook', to: 'anna' },
      ],
    });
    await admin.put('/v1/templates/stock-low', { title: 'Мало: {{ data.sku }}', text: '{{ data.words }}' });
    await admin.put('/v1/rules/stock-low', {
      match: { type: ['warehouse.stock.low'], data: { qty: [{ numeric: ['<', 10] }] } },
      notify: [{ to: ['group:storekeepers'], strategy: 'all', template: 'stock-low' }],
    });
  });

  afterAll(async () => {
    await Promise.all([fleet?.stop(), sink?.stop(), rest?.stop(), socket?.stop()]);
  });

  it('brings an event to every address of its recipient, byte for byte, and tells the whole story', async () => {
    const id = await fleet.ingest.send({
      type: 'warehouse.stock.low',
      source: 'erp',
      data: { sku: '4711', qty: 3, words },
    });
    const story = await untilSettled(fleet.admin, id, { count: 4 });
    expect(story).toMatchObject({ id, state: 'routed', rules: ['stock-low'], notes: [] });
    expect(story.deliveries.map((delivery) => delivery.backend).sort()).toEqual([
      'chat-rest',
      'chat-socket',
      'hook',
      'inbox',
    ]);
    for (const delivery of story.deliveries) {
      expect(delivery).toMatchObject({ rule: 'stock-low', recipient: 'anna', attempts: 1 });
      expect(delivery.attemptLog).toMatchObject([{ number: 1, outcome: { kind: 'delivered' } }]);
    }
    expect(sink.received().at(-1)?.text).toBe(words);
    expect(rest.received().at(-1)?.text).toContain(words);
    expect(socket.received().at(-1)?.text).toContain(words);
    const inbox = await fleet.admin.get<{ unread: number; items: { title: string; text: string }[] }>('/v1/inbox/anna');
    expect(inbox).toMatchObject({ unread: 1, items: [{ title: 'Мало: 4711', text: words }] });
  });

  it('leaves an event that no rule wants unmatched, and a rule changed meanwhile counts for the next one', async () => {
    const { ingest, admin } = fleet;
    const before = await ingest.send({
      type: 'warehouse.stock.low',
      source: 'erp',
      data: { sku: '1', qty: 30, words },
    });
    const unmatched = await waitFor(
      async () => (await admin.get<{ state: string }>(`/v1/events/${before}`)).state === 'unmatched',
      { what: 'the event to be unmatched' },
    );
    expect(unmatched).toBe(true);
    await admin.put('/v1/rules/stock-mid', {
      match: { type: ['warehouse.stock.low'], data: { qty: [{ numeric: ['>=', 10] }] } },
      notify: [{ to: ['recipient:anna'], via: ['inbox'], template: 'stock-low' }],
    });
    const after = await waitFor(
      async () => {
        const id = await ingest.send({
          type: 'warehouse.stock.low',
          source: 'erp',
          data: { sku: '2', qty: 30, words },
        });
        await waitFor(async () => (await admin.get<{ state: string }>(`/v1/events/${id}`)).state !== 'accepted', {
          what: 'routing',
        });
        return (await admin.get<{ state: string }>(`/v1/events/${id}`)).state === 'routed' ? id : undefined;
      },
      { what: 'the new rule to be known to every router' },
    );
    await untilSettled(admin, after);
  });

  it('delivers each of many concurrent events once', async () => {
    sink.reset();
    await fleet.admin.put('/v1/rules/many', {
      match: { type: ['flood.drop'] },
      notify: [{ to: ['recipient:anna'], via: ['hook'] }],
    });
    // A rule is known to all routers a moment after it was saved; one event through proves it for the batch that follows.
    await waitFor(
      async () => {
        const id = await fleet.ingest.send({ type: 'flood.drop', data: { warmUp: true } });
        return (
          (await waitFor(
            async () => {
              const { state } = await fleet.admin.get<{ state: string }>(`/v1/events/${id}`);
              return state === 'accepted' ? undefined : state;
            },
            { what: 'routing' },
          )) === 'routed'
        );
      },
      { what: 'the rule to be known' },
    );
    const singles = Array.from({ length: 100 }, (_, n) =>
      fleet.ingest.send({ type: 'flood.drop', idempotencyKey: `single-${n}`, data: { n } }),
    );
    const array = fleet.ingest.call<{ accepted: number; events: { id: string }[] }>(
      'POST',
      '/v1/events',
      Array.from({ length: 200 }, (_, n) => ({ type: 'flood.drop', data: { n } })),
    );
    const ids = [...(await Promise.all(singles)), ...(await array).body.events.map((event) => event.id)];
    for (const id of ids) await untilSettled(fleet.admin, id);
    const perDelivery = new Map<string, number>();
    for (const { deliveryId } of sink.received()) perDelivery.set(deliveryId!, (perDelivery.get(deliveryId!) ?? 0) + 1);
    expect(new Set(perDelivery.values())).toEqual(new Set([1]));
    expect(perDelivery.size).toBeGreaterThanOrEqual(300);
  });

  it('says it is ready, and ends with 0 on SIGTERM', async () => {
    for (const { url } of fleet.processes) expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    const codes = await Promise.all(fleet.processes.map((found) => found.end()));
    expect(codes.every((code) => code === 0)).toBe(true);
  });
});
