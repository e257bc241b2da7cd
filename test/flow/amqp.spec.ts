import { amqpPrefix, amqpUrl, freePort, freshDatabase, ownRabbitMq, redisUrl, waitFor } from '#testing/services';
import { webhookSimulator, type WebhookSink } from '#testing/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { createServer, connect as dial, type Socket } from 'node:net';
import pg from 'pg';
import { fleets, startFleet, startProcess, type Fleet } from './fleet.ts';
import { publishAll, type Outgoing } from './publisher.ts';

const json = { contentType: 'application/json' };
/** More of them by hand: `AMQP_MALFORMED=10000`. */
const malformedCount = Number(process.env['AMQP_MALFORMED'] ?? 2000);

/** Messages of every kind that nobody can use, with the code that says why. */
const malformed: [code: string, Outgoing][] = [
  ['BODY_NOT_JSON', { body: '{"type":' }],
  ['BODY_NOT_JSON', { body: '' }],
  ['REQUEST_INVALID', { body: '{"data":{"qty":3}}', options: json }],
  ['REQUEST_INVALID', { body: '[{"type":"flow"},{"type":7}]', options: { messageId: 'batch' } }],
  ['REQUEST_INVALID', { body: '[]' }],
  ['REQUEST_INVALID', { body: '{"type":"flow","data":1}', options: { type: 'another' } }],
  ['SPEC_VERSION_UNSUPPORTED', { body: '{"specversion":"3.0","id":"1","source":"s","type":"flow"}' }],
  ['MEDIA_TYPE_UNSUPPORTED', { body: 'PNG', options: { contentType: 'image/png' } }],
  ['MEDIA_TYPE_UNSUPPORTED', { body: 'zip', options: { contentEncoding: 'gzip', type: 'flow' } }],
  ['EVENT_TOO_DEEP', { body: `{"type":"flow","data":${'['.repeat(50)}${']'.repeat(50)}}` }],
];

const good = (n: number): Outgoing => ({
  body: JSON.stringify({ n }),
  options: { ...json, type: 'flow', messageId: `good-${n}`, appId: 'wms' },
});

/** The numbers of the events that reached the sink, each once, in order. */
function arrived(sink: WebhookSink): number[] {
  const numbers = sink
    .requests()
    .map(({ body }) => (JSON.parse(body) as { event: { data: { n: number } } }).event.data.n);
  return [...new Set(numbers)].sort((a, b) => a - b);
}

const countTo = (count: number) => Array.from({ length: count }, (_, n) => n);

async function startRouted(url: string, prefix: string): Promise<{ fleet: Fleet; sink: WebhookSink }> {
  const env = { AMQP_URL: url, AMQP_PREFIX: prefix };
  const [fleet, sink] = await Promise.all([startFleet(fleets[0]!, env), webhookSimulator.start()]);
  await fleet.admin.put('/v1/backends/hook', { type: 'webhook', settings: sink.settings() });
  await fleet.admin.put('/v1/recipients/ops', { displayName: 'Ops', addresses: [{ backend: 'hook', to: 'ops' }] });
  await fleet.admin.put('/v1/rules/flow', { match: { type: ['flow'] }, notify: [{ to: ['recipient:ops'] }] });
  await waitFor(() => fleet.logs().join().includes('amqp.connected'), { what: 'the AMQP door' });
  return { fleet, sink };
}

async function drain(channel: Channel, queue: string, count: number): Promise<ConsumeMessage[]> {
  const messages: ConsumeMessage[] = [];
  await channel.consume(queue, (message) => message && messages.push(message), { noAck: true });
  await waitFor(() => messages.length >= count, { what: `${count} messages in ${queue}`, timeoutMs: 60_000 });
  return messages;
}

describe('events by AMQP', () => {
  const prefix = `${amqpPrefix()}.flow`;
  let fleet: Fleet;
  let sink: WebhookSink;
  let connection: ChannelModel;
  let channel: Channel;

  beforeAll(async () => {
    [{ fleet, sink }, connection] = await Promise.all([startRouted(amqpUrl(), prefix), connect(amqpUrl())]);
    channel = await connection.createChannel();
  }, 60_000);
  afterEach(() => sink.reset());
  afterAll(async () => {
    await Promise.all([fleet?.stop(), sink?.stop()]);
    for (const name of ['ingest', 'rejected']) await channel.deleteQueue(`${prefix}.${name}`);
    for (const name of ['events', 'rejected']) await channel.deleteExchange(`${prefix}.${name}`);
    await connection.close();
  });

  const publish = (messages: readonly Outgoing[]) => publishAll(amqpUrl(), `${prefix}.events`, messages);

  it('arrive in every form', async () => {
    const cloud = { specversion: '1.0', source: '/wms', type: 'flow' };
    await publish([
      { body: '{"type":"flow","data":{"n":0}}' },
      { body: '[{"type":"flow","data":{"n":1}},{"type":"flow","data":{"n":2}}]', options: { messageId: 'a' } },
      good(3),
      {
        body: JSON.stringify({ ...cloud, id: 'c-4', data: { n: 4 } }),
        options: { contentType: 'application/cloudevents+json' },
      },
      {
        body: JSON.stringify([{ ...cloud, id: 'c-5', data: { n: 5 } }]),
        options: { contentType: 'application/cloudevents-batch+json' },
      },
      {
        body: '{"n":6}',
        options: {
          ...json,
          headers: {
            'cloudEvents:specversion': '1.0',
            'cloudEvents:id': 'c-6',
            'cloudEvents:source': '/wms',
            'cloudEvents:type': 'flow',
          },
        },
      },
    ]);
    await waitFor(() => sink.count() >= 7, { what: 'all events' });
    expect(arrived(sink)).toEqual(countTo(7));
  });

  it('arrive once although they are published twice, when they have a message id', async () => {
    await publish([good(10), good(10), good(11), good(10), good(11)]);
    await publish([good(12)]);
    await waitFor(() => arrived(sink).includes(12), { what: 'the last one' });
    expect(sink.count()).toBe(3);
  });

  it('that nobody can use are kept with the reason, and the good ones among them are delivered', async () => {
    const goods = Math.floor(malformedCount / 4);
    const bad = countTo(malformedCount).map((index) => malformed[index % malformed.length]!);
    const mixed = bad.flatMap(([, message], index) =>
      index % 4 === 0 ? [{ ...message }, good(1000 + index / 4)] : [{ ...message }],
    );
    const startedAt = Date.now();
    await publish(mixed);
    const rejected = await drain(channel, `${prefix}.rejected`, malformedCount);
    await waitFor(() => sink.count() >= goods, { what: 'the good ones', timeoutMs: 60_000 });
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    const tally = (codes: unknown[]) =>
      Object.fromEntries([...new Set(codes)].sort().map((code) => [code, codes.filter((one) => one === code).length]));
    const reasons = tally(rejected.map(({ properties }) => properties.headers?.['x-vestnik-reason'] as unknown));
    expect(reasons).toEqual(tally(bad.map(([code]) => code)));
    expect(rejected).toHaveLength(malformedCount);
    expect(rejected.every(({ properties }) => properties.headers?.['x-vestnik-detail'] !== '')).toBe(true);
    const bodies = new Set(rejected.map(({ content }) => content.toString()));
    expect(bodies).toEqual(new Set(malformed.map(([, { body }]) => body)));
    expect(arrived(sink)).toEqual(countTo(goods).map((n) => 1000 + n));
    const { messageCount } = await channel.checkQueue(`${prefix}.ingest`);
    expect(messageCount).toBe(0);
    if (process.env['AMQP_MALFORMED']) console.log({ malformed: malformedCount, goods, seconds, reasons });
  }, 120_000);
});

describe('a broker that is killed mid-stream', () => {
  it('loses nothing that it had confirmed, and delivers exactly what was accepted', async () => {
    const broker = await ownRabbitMq();
    const { fleet, sink } = await startRouted(broker.url, 'vestnik');
    try {
      await broker.flush();
      const count = 3000;
      const publish = (from: number, to: number) =>
        publishAll(broker.url, 'vestnik.events', countTo(to).slice(from).map(good));
      const midStream = publish(0, 2000);
      await waitFor(() => sink.count() > 100, { what: 'the stream' });
      await broker.kill();
      const whileAway = publish(2000, count);
      await broker.start();
      await Promise.all([midStream, whileAway]);
      await waitFor(() => sink.count() >= count, { what: 'all events', timeoutMs: 60_000 });
      expect(arrived(sink)).toEqual(countTo(count));
      // Whatever was delivered to us again was known by its message id.
      expect(sink.count()).toBe(count);
      const words = fleet
        .logs()
        .join()
        .match(/"msg":"amqp\.\w+"/g);
      expect(words).toEqual(['"msg":"amqp.connected"', '"msg":"amqp.disconnected"', '"msg":"amqp.connected"']);
    } finally {
      await Promise.all([fleet.stop(), sink.stop(), broker.stop()]);
    }
  }, 120_000);
});

/** A way to PostgreSQL that can be cut. */
async function cuttableWay(to: URL): Promise<{ url: string; cut(): void; mend(): void; close(): void }> {
  const sockets = new Set<Socket>();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return void near.destroy();
    const far = dial(Number(to.port), to.hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url: Object.assign(new URL(to), { hostname: '127.0.0.1', port: String(port) }).href,
    cut: () => {
      whole = false;
      cutAll();
    },
    mend: () => (whole = true),
    close: () => {
      server.close();
      cutAll();
    },
  };
}

describe('while PostgreSQL is away', () => {
  it('messages stay in the queue, nothing is rejected, and all are stored once it is back', async () => {
    const prefix = `${amqpPrefix()}.away`;
    const database = await freshDatabase();
    const way = await cuttableWay(new URL(database.url));
    const connection = await connect(amqpUrl());
    const channel = await connection.createChannel();
    const stored = new pg.Client(database.url);
    await stored.connect();
    const countStored = async () =>
      (await stored.query<{ n: number }>('SELECT count(*)::int AS n FROM event')).rows[0]!.n;
    const key = 'vst_a_key_of_no_importance';
    const app = await startProcess('ingest', {
      DATABASE_URL: way.url,
      AMQP_URL: amqpUrl(),
      AMQP_PREFIX: prefix,
      AMQP_PREFETCH: '100',
      REDIS_URL: redisUrl(),
      ADMIN_API_KEY: key,
      HOST: '127.0.0.1',
    });
    try {
      const publish = (from: number, to: number) =>
        publishAll(amqpUrl(), `${prefix}.events`, countTo(to).slice(from).map(good));
      const headers = { authorization: `Bearer ${key}` };
      const metrics = async () => (await fetch(`${app.url}/metrics`, { headers })).text();
      await waitFor(() => app.output().includes('amqp.connected'), { what: 'the AMQP door' });
      await publish(0, 50);
      await waitFor(async () => (await countStored()) === 50, { what: 'the first events' });
      way.cut();
      await publish(50, 1000);
      await waitFor(() => app.output().includes('amqp.paused'), { what: 'the pause', timeoutMs: 20_000 });
      await waitFor(async () => (await metrics()).includes('vestnik_amqp_consuming 0'), {
        what: 'the end of consuming',
      });
      const waiting = (await channel.checkQueue(`${prefix}.ingest`)).messageCount;
      expect(waiting).toBeGreaterThanOrEqual(950 - 100);
      expect(await countStored()).toBe(50);
      way.mend();
      await waitFor(async () => (await countStored()) === 1000, { what: 'all events', timeoutMs: 60_000 });
      expect((await channel.checkQueue(`${prefix}.rejected`)).messageCount).toBe(0);
      expect(app.output().match(/"msg":"amqp\.\w+"/g)).toEqual(
        ['connected', 'paused', 'resumed'].map((word) => `"msg":"amqp.${word}"`),
      );
    } finally {
      expect(await app.end()).toBe(0);
      for (const name of ['ingest', 'rejected']) await channel.deleteQueue(`${prefix}.${name}`);
      for (const name of ['events', 'rejected']) await channel.deleteExchange(`${prefix}.${name}`);
      await Promise.all([connection.close(), stored.end()]);
      way.close();
      await database.drop();
    }
  }, 120_000);
});
