import { webhookSimulator, type WebhookSink } from '#testing/simulators';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startFleet, startMs, twoCouriers, type Fleet } from './fleet.ts';
import { untilSettled } from './story.ts';

const count = 50;

describe('events of one story', () => {
  let fleet: Fleet;
  let sink: WebhookSink;

  beforeAll(async () => {
    [fleet, sink] = await Promise.all([
      startFleet({ ...twoCouriers, apps: { ...twoCouriers.apps, router: 2 } }),
      webhookSimulator.start(),
    ]);
    const { admin } = fleet;
    await admin.put('/v1/backends/hook', {
      type: 'webhook',
      settings: sink.settings(),
      retry: { scheduleSeconds: [0.3] },
    });
    await admin.put('/v1/rules/story', {
      match: { type: ['story', 'apart'] },
      notify: [{ to: ['room:hook/dock', 'room:hook/gate'] }],
    });
  }, startMs);

  afterAll(async () => {
    await Promise.all([fleet?.stop(), sink?.stop()]);
  });

  const arrivedAt = (to: string, type: string) =>
    sink.requests().flatMap(({ body, behaviour }) => {
      const { to: address, event } = JSON.parse(body) as { to: string; event: { type: string; data: { n: number } } };
      return address === to && event.type === type && behaviour === 'ok' ? [event.data.n] : [];
    });

  it('arrive in the order of their acceptance, also when some fail, and keep nobody else waiting', async () => {
    // Every seventh request fails; never ten in a row, which would be an outage.
    for (let n = 0; n < 30; n += 1) {
      sink.plan('ok', 6);
      sink.plan({ kind: 'status', status: 503 });
    }
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1)
      ids.push(await fleet.ingest.send({ type: 'story', correlationKey: 'order-4711', data: { n } }));
    const sentAt = Date.now();
    const apart = await Promise.all(
      Array.from({ length: 10 }, (_, n) => fleet.ingest.send({ type: 'apart', data: { n } })),
    );
    for (const id of apart) await untilSettled(fleet.admin, id, { count: 2 });
    expect(Date.now() - sentAt).toBeLessThan(3000);
    for (const id of ids) await untilSettled(fleet.admin, id, { count: 2 });
    const inOrder = Array.from({ length: count }, (_, n) => n);
    expect(arrivedAt('dock', 'story')).toEqual(inOrder);
    expect(arrivedAt('gate', 'story')).toEqual(inOrder);
    expect(sink.requests().some(({ behaviour }) => behaviour === 'status')).toBe(true);
  });

  it('arrive in the order of an array, and of two arrays at once each in its own', async () => {
    sink.reset();
    const send = (correlationKey: string, first: number) =>
      fleet.ingest.call<{ events: { id: string }[] }>(
        'POST',
        '/v1/events',
        Array.from({ length: count }, (_, n) => ({ type: 'story', correlationKey, data: { n: first + n } })),
      );
    const answers = await Promise.all([send('a', 0), send('b', 1000)]);
    for (const { id } of answers.flatMap(({ body }) => body.events)) await untilSettled(fleet.admin, id, { count: 2 });
    const arrived = arrivedAt('dock', 'story');
    expect(arrived.filter((n) => n < 1000)).toEqual(Array.from({ length: count }, (_, n) => n));
    expect(arrived.filter((n) => n >= 1000)).toEqual(Array.from({ length: count }, (_, n) => 1000 + n));
  });
});
