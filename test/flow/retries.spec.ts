import { webhookSimulator, type WebhookSink } from '#testing/simulators';
import type { DeliveryStory } from '#contract';
import { waitFor } from '#testing/services';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fleets, startFleet, type Fleet } from './fleet.ts';
import { untilSettled } from './story.ts';

describe('deliveries that do not work at once', () => {
  let fleet: Fleet;
  let sink: WebhookSink;

  beforeAll(async () => {
    [fleet, sink] = await Promise.all([startFleet(fleets[1]!), webhookSimulator.start()]);
    const { admin } = fleet;
    await admin.put('/v1/backends/hook', { type: 'webhook', settings: sink.settings() });
    await admin.put('/v1/backends/inbox', { type: 'inbox', settings: {} });
    await admin.put('/v1/recipients/ops', {
      displayName: 'Ops',
      addresses: [
        { backend: 'hook', to: 'ops' },
        { backend: 'inbox', to: 'ops' },
      ],
    });
    await admin.put('/v1/rules/alert', {
      match: { type: ['alert'] },
      notify: [{ to: ['recipient:ops'], via: ['hook'] }],
    });
    await admin.put('/v1/rules/alert-either', {
      match: { type: ['alert.either'] },
      notify: [{ to: ['recipient:ops'] }],
    });
    // Rules reach the router a moment after they are saved.
    await untilRouted('alert.either');
    await untilRouted('alert');
  });

  beforeEach(() => sink.reset());

  afterAll(async () => {
    await Promise.all([fleet?.stop(), sink?.stop()]);
  });

  async function untilRouted(type: string): Promise<void> {
    for (;;) {
      const id = await fleet.ingest.send({ type, data: {} });
      const story = await untilSettled(fleet.admin, id, { count: 0 });
      if (story.state === 'routed') return void (await untilSettled(fleet.admin, id));
    }
  }

  it('tries again with growing waits after 503, 503, and stores every attempt', async () => {
    sink.plan({ kind: 'status', status: 503, body: 'the dock is full' }, 2);
    const id = await fleet.ingest.send({ type: 'alert', data: {} });
    const { deliveries } = await untilSettled(fleet.admin, id, { timeoutMs: 30_000 });
    const story = await fleet.admin.get<DeliveryStory>(`/v1/deliveries/${deliveries[0]!.id}`);
    expect(
      story.attemptLog.map((attempt) => [attempt.number, attempt.outcome.kind, attempt.outcome.statusCode]),
    ).toEqual([
      [1, 'retryable', 503],
      [2, 'retryable', 503],
      [3, 'delivered', 204],
    ]);
    expect(story.attemptLog[0]!.outcome.detail).toBe('the dock is full');
    const [first, second] = story.attemptLog.map((attempt) => attempt.waitMs ?? 0) as [number, number];
    expect(second).toBeGreaterThan(first * 2);
    const began = story.attemptLog.map((attempt) => Date.parse(attempt.startedAt));
    expect(began[1]! - began[0]!).toBeGreaterThanOrEqual(first);
    expect(began[2]! - began[1]!).toBeGreaterThanOrEqual(second);
  });

  it('waits as long as Retry-After asks after a 429', async () => {
    sink.plan({ kind: 'busyFor', seconds: 2 });
    const id = await fleet.ingest.send({ type: 'alert', data: {} });
    const { deliveries } = await untilSettled(fleet.admin, id);
    const [refused, taken] = deliveries[0]!.attemptLog;
    expect(refused).toMatchObject({
      waitMs: 2000,
      outcome: { kind: 'retryable', statusCode: 429, retryAfterMs: 2000 },
    });
    expect(Date.parse(taken!.startedAt) - Date.parse(refused!.startedAt)).toBeGreaterThanOrEqual(2000);
  });

  it('gives up at once on a 400, and delivers after one redrive', async () => {
    sink.plan({ kind: 'status', status: 400, body: 'no such dock' });
    const id = await fleet.ingest.send({ type: 'alert', data: { dock: 9 } });
    const { deliveries } = await untilSettled(fleet.admin, id, { states: ['dead'] });
    const dead = deliveries[0]!;
    expect(dead).toMatchObject({
      attempts: 1,
      lastOutcome: { kind: 'permanent', statusCode: 400, detail: 'no such dock' },
    });
    const redriven = await fleet.admin.call<{ redriven: number }>('POST', '/v1/deliveries/redrive', { ids: [dead.id] });
    expect(redriven).toMatchObject({ status: 200, body: { redriven: 1 } });
    const after = await untilSettled(fleet.admin, id);
    expect(after.deliveries[0]!.attemptLog.map((attempt) => attempt.outcome.kind)).toEqual(['permanent', 'delivered']);
    expect(sink.received()).toHaveLength(1);
  });

  it('falls back to the next address when the first gives up', async () => {
    sink.plan({ kind: 'status', status: 410 });
    const id = await fleet.ingest.send({ type: 'alert.either', data: {} });
    const { deliveries } = await untilSettled(fleet.admin, id, { states: ['dead', 'delivered'], count: 2 });
    const [first, second] = [...deliveries].sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(first).toMatchObject({ backend: 'hook', state: 'dead', fallbackTo: second!.id });
    expect(second).toMatchObject({ backend: 'inbox', state: 'delivered', recipient: 'ops' });
  });

  it('does not tell people twice when a delivery whose fallback took over is redriven', async () => {
    const { admin } = fleet;
    sink.plan({ kind: 'status', status: 410 }, 2);
    const id = await fleet.ingest.send({ type: 'alert.either', data: {} });
    const before = await untilSettled(admin, id, { states: ['dead', 'delivered'], count: 2 });
    const dead = before.deliveries.find((delivery) => delivery.state === 'dead')!;
    const byFilter = await admin.call<{ redriven: number }>('POST', '/v1/deliveries/redrive', {
      filter: { backend: 'hook' },
    });
    expect(byFilter.body.redriven).toBe(0);
    await admin.call('POST', '/v1/deliveries/redrive', { ids: [dead.id] });
    await waitFor(async () => (await admin.get<DeliveryStory>(`/v1/deliveries/${dead.id}`)).attempts === 2, {
      what: 'the second attempt',
    });
    const after = await untilSettled(admin, id, { states: ['dead', 'delivered'], count: 2 });
    expect(after.deliveries).toHaveLength(2);
  });

  it('begins the schedule of waits anew after a redrive', async () => {
    sink.plan({ kind: 'status', status: 503 }, 1);
    sink.plan({ kind: 'status', status: 400 }, 1);
    const id = await fleet.ingest.send({ type: 'alert', data: {} });
    const { deliveries } = await untilSettled(fleet.admin, id, { states: ['dead'] });
    sink.plan({ kind: 'status', status: 503 }, 1);
    await fleet.admin.call('POST', '/v1/deliveries/redrive', { ids: [deliveries[0]!.id] });
    const { deliveries: after } = await untilSettled(fleet.admin, id);
    const waits = after[0]!.attemptLog.map((attempt) => attempt.waitMs);
    expect(after[0]!.attemptLog.map((attempt) => attempt.number)).toEqual([1, 2, 3, 4]);
    expect(waits[2]).toBeLessThan(2000);
    expect(waits[2]).toBeGreaterThan(500);
  });

  it('hides the secret of a backend wherever the backend repeats it', async () => {
    const { admin, ingest } = fleet;
    const token = 'tok-5f0c2a9be1';
    await admin.put('/v1/backends/hook', {
      type: 'webhook',
      settings: sink.settings({ headers: { 'x-token': token } }),
    });
    sink.plan({ kind: 'status', status: 422, body: `who is ${token}?` }, Infinity);
    const id = await ingest.send({ type: 'alert', data: {} });
    const { deliveries } = await untilSettled(admin, id, { states: ['dead'] });
    expect(deliveries[0]!.lastOutcome!.detail).toContain('who is');
    expect(JSON.stringify(deliveries)).not.toContain(token);
    expect(fleet.logs().join('\n')).not.toContain(token);
    expect(JSON.stringify(await admin.get('/v1/backends/hook'))).not.toContain(token);
    expect(JSON.stringify(await admin.get('/v1/audit'))).not.toContain(token);
  });
});
