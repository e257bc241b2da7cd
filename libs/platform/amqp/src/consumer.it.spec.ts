import { amqpUrl, freePort, waitFor } from '#testing/services';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { GetMessage } from 'amqplib';
import type { Handler } from './message.ts';
import { numbers, SpecBench, timing } from './spec-bench.ts';

let bench: SpecBench;
beforeEach(() => {
  bench = new SpecBench(amqpUrl());
});
afterEach(() => bench.close());

describe('a consumer', () => {
  it('declares what it needs, and declares it again without harm', async () => {
    await bench.consuming();
    bench.consume();
    await bench.until(() => bench.words().length === 2, 'the second connection');
    const channel = await bench.channel();
    await bench.send(channel, numbers(0, 50));
    await bench.until(() => bench.taken.length === 50, 'all messages');
    expect((await channel.checkQueue(bench.names.ingest)).messageCount).toBe(0);
  });

  it('acknowledges only what has its verdict, whatever the order, and leaves the rest to the broker', async () => {
    const open = new Map<string, () => void>();
    const handle: Handler = ({ content }) =>
      new Promise((resolve) => open.set(content.toString(), () => resolve('taken')));
    const consumer = await bench.consuming(handle, { timing: { ...timing, drain: 50 } });
    const channel = await bench.channel();
    await bench.send(channel, numbers(0, 10));
    await bench.until(() => open.size === 10, 'the deliveries');
    for (const text of ['7', '0', '1', '3']) open.get(text)!();
    await consumer.close();
    bench.consume();
    await bench.until(() => bench.taken.length === 6, 'the rest');
    expect(bench.taken.sort()).toEqual(['2', '4', '5', '6', '8', '9']);
  });

  it('has no more in hand than its prefetch says', async () => {
    let inHand = 0;
    let most = 0;
    let go: (() => void)[] = [];
    const handle: Handler = async () => {
      most = Math.max(most, (inHand += 1));
      await new Promise<void>((resolve) => go.push(resolve));
      inHand -= 1;
      bench.taken.push('');
      return 'taken';
    };
    await bench.consuming(handle, { prefetch: 8 });
    await bench.send(await bench.channel(), numbers(0, 40));
    while (bench.taken.length < 40) {
      await bench.until(() => go.length > 0 || bench.taken.length === 40, 'a delivery');
      const some = go;
      go = [];
      for (const next of some) next();
    }
    expect(most).toBe(8);
  });

  it('puts what is rejected beside, with the reason, as it was, and exactly once', async () => {
    await bench.consuming(bench.rejectBad);
    const channel = await bench.channel();
    const mixed = numbers(0, 300).map((text) => (Number(text) % 3 === 0 ? `bad ${text}` : text));
    const headers = { tenant: 'msk', when: { '!': 'timestamp', value: 1_700_000_000 } };
    await bench.send(channel, mixed, { headers, messageId: 'm', type: 't', expiration: 60_000, userId: 'guest' });
    await bench.until(() => bench.taken.length === 200, 'the good ones');
    const { rejected, ingest } = bench.names;
    await bench.until(async () => (await channel.checkQueue(rejected)).messageCount === 100, 'the bad ones');
    const one = (await channel.get(rejected)) as GetMessage;
    expect(one.content.toString()).toMatch(/^bad \d+$/);
    expect(one.fields.routingKey).toBe('a.key');
    expect(one.properties).toMatchObject({ messageId: 'm', type: 't', deliveryMode: 2, expiration: undefined });
    expect(one.properties.headers).toMatchObject({
      ...headers,
      'x-vestnik-reason': 'BODY_NOT_JSON',
      'x-vestnik-expiration': '60000',
      'x-vestnik-user-id': 'guest',
    });
    const detail = one.properties.headers?.['x-vestnik-detail'] as string;
    expect(detail).toMatch(/^ü+…$/);
    expect(Buffer.byteLength(detail)).toBeLessThanOrEqual(1024);
    expect((await channel.checkQueue(ingest)).messageCount).toBe(0);
  });

  it('rejects a message whose headers leave no room, without them', async () => {
    await bench.consuming(bench.rejectBad);
    const channel = await bench.channel();
    await bench.send(channel, ['bad'], { headers: { wide: 'x'.repeat(65_000) } });
    const { rejected } = bench.names;
    const one = (await waitFor(() => channel.get(rejected), { what: 'the rejected one' })) as GetMessage;
    expect(one.content.toString()).toBe('bad');
    expect(one.properties.headers).toMatchObject({ 'x-vestnik-reason': 'BODY_NOT_JSON' });
  });

  it('declares and consumes again when the queue is deleted, with one line for each change', async () => {
    await bench.consuming(bench.takeAll, { timing: { ...timing, watch: 60_000 } });
    const channel = await bench.channel();
    await channel.deleteQueue(bench.names.ingest);
    await bench.until(
      () => bench.words().filter((word) => word === 'amqp.connected').length === 2,
      'the connection anew',
    );
    await bench.send(channel, ['after']);
    await bench.until(() => bench.taken.length === 1, 'the message');
    expect(bench.words()).toEqual(['amqp.connected', 'amqp.disconnected', 'amqp.connected']);
    expect(bench.lines[1]).toMatchObject({ error: expect.stringContaining('the queue was deleted') });
  });

  it('takes nothing while it is paused, and goes on afterwards', async () => {
    const consumer = await bench.consuming();
    const channel = await bench.channel();
    const { ingest } = bench.names;
    consumer.pause();
    await bench.until(async () => (await channel.checkQueue(ingest)).consumerCount === 0, 'the pause');
    await bench.send(channel, numbers(0, 5));
    expect((await channel.checkQueue(ingest)).messageCount).toBe(5);
    expect(bench.taken).toEqual([]);
    consumer.resume();
    await bench.until(() => bench.taken.length === 5, 'the messages');
  });

  it('gives a message back when its handler breaks, and says so', async () => {
    let broken = 0;
    const handle: Handler = async (message, hand) => {
      if (message.content.toString() === '3' && !message.redelivered) {
        broken += 1;
        throw new Error('It broke.');
      }
      return bench.takeAll(message, hand);
    };
    await bench.consuming(handle);
    await bench.send(await bench.channel(), numbers(0, 5));
    await bench.until(() => new Set(bench.taken).size === 5, 'all messages');
    expect(broken).toBe(1);
    expect(bench.words()).toContain('amqp.handler_failed');
  });

  it('ends at once when it is closed while the broker is away', async () => {
    const consumer = bench.consume(bench.takeAll, { url: `amqp://guest:guest@127.0.0.1:${await freePort()}` });
    await bench.until(() => bench.words().includes('amqp.disconnected'), 'the failure');
    await consumer.close();
    expect(bench.words()).toEqual(['amqp.disconnected']);
  });
});

describe('a consumer with AMQP_DECLARE=false', () => {
  it('names all that is missing once, creates nothing, and begins as soon as it is there', async () => {
    bench.consume(bench.takeAll, { declare: false });
    await bench.until(() => bench.words().includes('amqp.topology_unfit'), 'the line');
    const { events, ingest, rejected } = bench.names;
    expect(bench.lines.at(-1)).toMatchObject({
      error: `The broker lacks exchange ${events}, queue ${ingest}, exchange ${rejected}, queue ${rejected}.`,
      remedy: expect.stringContaining('AMQP_DECLARE=true'),
    });
    const probe = await bench.channel();
    await expect(probe.checkQueue(ingest)).rejects.toThrow(/NOT_FOUND/);
    const channel = await bench.channel();
    await channel.assertExchange(events, 'topic');
    await channel.assertExchange(rejected, 'fanout');
    await channel.assertQueue(ingest, { maxLength: 10_000 });
    await channel.assertQueue(rejected);
    await channel.bindQueue(ingest, events, '#');
    await bench.until(() => bench.words().includes('amqp.connected'), 'the connection');
    await bench.send(channel, ['one']);
    await bench.until(() => bench.taken.length === 1, 'the message');
    expect(bench.words().filter((word) => word === 'amqp.topology_unfit').length).toBeLessThanOrEqual(5);
  });

  it('keeps what is to be rejected as long as no queue would take it', async () => {
    const channel = await bench.channel();
    const { events, ingest, rejected } = bench.names;
    await channel.assertExchange(events, 'topic');
    await channel.assertExchange(rejected, 'topic');
    await channel.assertQueue(ingest);
    await channel.assertQueue(rejected);
    await channel.bindQueue(ingest, events, '#');
    await bench.consuming(bench.rejectBad, { declare: false });
    await bench.send(channel, ['bad']);
    await bench.until(() => bench.words().includes('amqp.topology_unfit'), 'the line');
    expect(bench.lastLine()).toContain('No queue is bound');
    await channel.bindQueue(rejected, rejected, '#');
    await bench.until(async () => (await channel.checkQueue(rejected)).messageCount === 1, 'the rejected one');
  });

  it('says what is in the way when a name is bench.taken by something else', async () => {
    const channel = await bench.channel();
    await channel.assertQueue(bench.names.ingest, { durable: true });
    bench.consume();
    await bench.until(() => bench.words().includes('amqp.topology_unfit'), 'the line');
    expect(bench.lastLine()).toMatch(/PRECONDITION_FAILED.*AMQP_PREFIX/);
    await channel.deleteQueue(bench.names.ingest);
    await bench.until(() => bench.words().includes('amqp.connected'), 'the connection');
  });
});
