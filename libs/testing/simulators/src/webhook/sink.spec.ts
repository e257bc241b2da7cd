import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { webhookSimulator, type WebhookSink } from './sink.ts';

const body = JSON.stringify({ deliveryId: 'dlv_1', to: 'anna', message: { title: 'Склад', text: 'пусто 👋' } });

describe('the webhook sink', () => {
  let sink: WebhookSink;
  beforeAll(async () => {
    sink = await webhookSimulator.start();
  });
  afterEach(() => sink.reset());
  afterAll(() => sink.stop());

  const post = () => fetch(sink.url, { method: 'POST', body, headers: { 'webhook-id': 'dlv_1' }, redirect: 'manual' });

  it('takes a message and keeps headers, body and text exactly', async () => {
    expect((await post()).status).toBe(204);
    expect(sink.received()).toMatchObject([{ deliveryId: 'dlv_1', to: 'anna', title: 'Склад', text: 'пусто 👋' }]);
    expect(sink.requests()).toMatchObject([{ body, headers: { 'webhook-id': 'dlv_1' }, behaviour: 'ok' }]);
    expect(sink.count()).toBe(1);
  });

  it('plays 503, 503, then takes the message', async () => {
    sink.plan('busy', 2);
    expect([(await post()).status, (await post()).status, (await post()).status]).toEqual([503, 503, 204]);
    expect([sink.requests().length, sink.count()]).toEqual([3, 1]);
  });

  it('plays each failure in its own way', async () => {
    sink.plan({ kind: 'busyFor', seconds: 2 });
    const busy = await post();
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '2']);
    sink.plan('reject');
    expect((await post()).status).toBe(400);
    sink.plan('badAuth');
    const refused = await post();
    expect([refused.status, await refused.text()]).toEqual([401, expect.stringContaining('"webhook-id":"dlv_1"')]);
    sink.plan('reset');
    await expect(post()).rejects.toThrow();
    sink.plan({ kind: 'status', status: 302, headers: { location: 'http://127.0.0.1:1/' } });
    expect((await post()).status).toBe(302);
    expect(sink.count()).toBe(0);
  });

  it('never answers when it is to hang', async () => {
    sink.plan('hang');
    await expect(fetch(sink.url, { method: 'POST', body, signal: AbortSignal.timeout(50) })).rejects.toThrow();
    expect(sink.count()).toBe(0);
  });

  it('counts a planned 2xx as taken', async () => {
    sink.plan({ kind: 'status', status: 202, body: 'queued' });
    await post();
    expect(await sink.untilReceived(1)).toHaveLength(1);
  });

  it('also serves TLS with a certificate that nobody signed', async () => {
    const secure = await webhookSimulator.start('https');
    await expect(fetch(secure.url, { method: 'POST', body })).rejects.toThrow();
    expect(secure.url).toMatch(/^https:/);
    await secure.stop();
  });
});
