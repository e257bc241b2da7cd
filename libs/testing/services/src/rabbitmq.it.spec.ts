import { describe, expect, it } from '@jest/globals';
import { connect } from 'amqplib';
import { amqpPrefix, amqpUrl, ownRabbitMq } from './rabbitmq.ts';

describe('amqpUrl', () => {
  it('leads to a RabbitMQ that has quorum queues', async () => {
    const connection = await connect(amqpUrl());
    const channel = await connection.createChannel();
    const queue = `${amqpPrefix()}.mine`;
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    expect(await channel.deleteQueue(queue)).toEqual({ messageCount: 0 });
    await connection.close();
  });

  it('comes with a prefix of this file alone', () => {
    expect(amqpPrefix()).toMatch(/^t[0-9a-f]{12}$/);
    expect(amqpPrefix()).toBe(amqpPrefix());
  });
});

describe('ownRabbitMq', () => {
  it('keeps what was confirmed when it is killed and started again, and is gone after its stop', async () => {
    const broker = await ownRabbitMq();
    try {
      const before = await connect(broker.url);
      before.on('error', () => undefined);
      const publisher = await before.createConfirmChannel();
      await publisher.assertQueue('kept', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
      publisher.sendToQueue('kept', Buffer.from('1'), { persistent: true });
      await publisher.waitForConfirms();
      await broker.flush();
      await broker.kill();
      await broker.start();
      expect(await broker.evaluate('1 + 1.')).toBe('2');
      const after = await connect(broker.url);
      const channel = await after.createChannel();
      const message = await channel.get('kept');
      expect(message && message.content.toString()).toBe('1');
      await after.close();
    } finally {
      await broker.stop();
    }
    await expect(connect(broker.url)).rejects.toThrow(/ECONNREFUSED/);
  }, 60_000);
});
