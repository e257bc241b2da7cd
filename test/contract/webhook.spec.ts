/** What is peculiar to webhooks: the signature, the body, and a verdict from the status alone. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { adapterOf } from '#backends/registry';
import type { OutcomeKind } from '#contract';
import { listen, webhookSimulator, type WebhookSink } from '#testing/simulators';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { Bench } from './suite/bench.ts';

const verdicts: [status: number, kind: OutcomeKind][] = [
  ...[200, 201, 202, 204].map((status): [number, OutcomeKind] => [status, 'delivered']),
  ...[301, 302, 304, 307, 308].map((status): [number, OutcomeKind] => [status, 'permanent']),
  ...[400, 404, 405, 410, 413, 415, 422].map((status): [number, OutcomeKind] => [status, 'permanent']),
  ...[401, 403].map((status): [number, OutcomeKind] => [status, 'authBroken']),
  ...[408, 409, 425, 429, 500, 502, 503, 504].map((status): [number, OutcomeKind] => [status, 'retryable']),
];

describe('a webhook', () => {
  const adapter = adapterOf('webhook')!;
  let bench: Bench;
  let sink: WebhookSink;
  beforeAll(async () => {
    bench = await Bench.open({ adapter, simulator: webhookSimulator, variant: 'http' });
    sink = bench.running as WebhookSink;
  });
  afterEach(() => sink.reset());
  afterAll(() => bench.close());

  const verify = (secret: string) => {
    const { body, headers } = sink.requests().at(-1)!;
    return new Webhook(secret).verify(body, headers);
  };

  it('is signed so that the standardwebhooks package accepts it, and refuses it under another key', async () => {
    await bench.send({ text: 'Łódź 👨‍👩‍👧‍👦' });
    expect(verify(sink.secret)).toMatchObject({ message: { text: 'Łódź 👨‍👩‍👧‍👦' } });
    expect(() => verify('whsec_' + Buffer.alloc(32, 9).toString('base64'))).toThrow();
  });

  it('is signed with both keys while a key is being replaced', async () => {
    const older = 'whsec_' + Buffer.alloc(24, 7).toString('base64');
    await bench.send({}, { settings: sink.settings({ secret: `${sink.secret} ${older}` }) });
    expect(verify(sink.secret)).toBeDefined();
    expect(verify(older)).toBeDefined();
  });

  it('carries id and time but no signature without a secret', async () => {
    await bench.send({}, { settings: sink.settings({ secret: undefined }) });
    const { headers } = sink.requests()[0]!;
    expect(headers['webhook-signature']).toBeUndefined();
    expect(headers['webhook-id']).toMatch(/^dlv_/);
    expect(headers['webhook-timestamp']).toMatch(/^\d{10}$/);
  });

  it('has exactly the documented body and the headers of the settings', async () => {
    const message = bench.message({ title: 'Склад', attempt: 3 });
    await bench.send(message);
    const { body, headers } = sink.requests()[0]!;
    const { id, ...event } = message.event;
    expect(JSON.parse(body)).toEqual({
      deliveryId: `dlv_${message.deliveryId}`,
      attempt: 3,
      recipient: 'anna',
      to: message.to,
      message: { title: 'Склад', text: message.text },
      event: { id: `evt_${id}`, ...event },
    });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Bearer sink-token-4711',
      'webhook-id': `dlv_${message.deliveryId}`,
    });
  });

  it.each(verdicts)('takes status %i for %s', async (status, kind) => {
    const headers = status < 400 && status >= 300 ? { location: sink.url } : {};
    sink.plan({ kind: 'status', status, headers });
    expect(await bench.send()).toMatchObject({ kind, statusCode: status });
    expect(sink.requests()).toHaveLength(1);
  });

  it('tells what to do about a redirect', async () => {
    sink.plan({ kind: 'status', status: 308, headers: { location: 'http://169.254.169.254/' } });
    expect((await bench.send()).detail).toMatch(/never followed.*set the URL/);
  });

  it('is delivered by its status, whatever becomes of the body', async () => {
    const huge = Buffer.alloc(10 * 1024 * 1024, 'x');
    sink.plan({ kind: 'status', status: 200, body: huge.toString() });
    expect(await bench.send()).toMatchObject({ kind: 'delivered', statusCode: 200 });
    const { port, stop } = await listen(createServer((_, response) => void response.writeHead(200).write('slow')));
    const outcome = await bench.send({}, { settings: sink.settingsAt!({ port }), timeoutMs: 200 });
    expect(outcome).toMatchObject({ kind: 'delivered', statusCode: 200 });
    await stop();
  });

  it('keeps the words of the consumer without the tokens that it prints back', async () => {
    sink.plan('reject');
    const { detail } = await bench.send();
    expect(detail).toContain('Request was: POST /hook');
    expect(detail).toContain('***');
    expect(detail).not.toContain('sink-token');
  });
});
