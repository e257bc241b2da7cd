import { HouseError } from '#contract';
import { Secret } from '#platform/config';
import type { NewEvent } from '#platform/store';
import { amqpPrefix, amqpUrl, waitFor } from '#testing/services';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type ChannelModel, type ConfirmChannel, type GetMessage } from 'amqplib';
import { pino } from 'pino';
import type { IngestService } from '../ingest.service.ts';
import { AmqpDoor, type AmqpConfig } from './amqp-door.ts';

const prefix = `${amqpPrefix()}.door`;
const config: AmqpConfig = {
  AMQP_URL: new Secret(amqpUrl()),
  AMQP_PREFIX: prefix,
  AMQP_DECLARE: true,
  AMQP_PREFETCH: 50,
};

describe('the AMQP door', () => {
  let lines: Record<string, unknown>[];
  let stored: NewEvent[];
  let door: AmqpDoor;
  let connection: ChannelModel;
  let channel: ConfirmChannel;

  /** Opens a door before an acceptor that does as it is told for each event. */
  async function openDoor(accept: (event: NewEvent) => void, given: AmqpConfig | undefined = config): Promise<void> {
    const log = pino({}, { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
    const ingest = {
      accept: async (events: NewEvent[]) => {
        for (const event of events) accept(event);
        stored.push(...events);
        return [];
      },
    } as unknown as IngestService;
    door = new AmqpDoor(ingest, log, given);
    door.onApplicationBootstrap();
  }

  async function publish(type: string, body: string): Promise<void> {
    channel.publish(`${prefix}.events`, 'k', Buffer.from(body), { type, messageId: type });
    await channel.waitForConfirms();
  }

  const said = (word: string) => waitFor(() => lines.some((line) => line['msg'] === word), { what: word });
  const rejected = async () =>
    (await waitFor(() => channel.get(`${prefix}.rejected`), { what: 'a rejected message' })) as GetMessage;

  beforeEach(async () => {
    lines = [];
    stored = [];
    connection = await connect(amqpUrl());
    channel = await connection.createConfirmChannel();
  });
  afterEach(async () => {
    await door.beforeApplicationShutdown();
    for (const name of ['ingest', 'rejected']) await channel.deleteQueue(`${prefix}.${name}`);
    for (const name of ['events', 'rejected']) await channel.deleteExchange(`${prefix}.${name}`);
    await connection.close();
  });

  it('stays closed without a URL, and says so in one line', async () => {
    await openDoor(() => undefined, { ...config, AMQP_URL: undefined });
    expect(lines).toMatchObject([{ msg: 'amqp.closed', reason: 'AMQP_URL is not set' }]);
  });

  it('hands events on, and rejects what cannot be read with its code and every fault', async () => {
    await openDoor(() => undefined);
    await said('amqp.connected');
    await publish('good', '{"qty":3}');
    await publish('', '[{"type":"a"},{"type":"","typo":1}]');
    const { properties, content } = await rejected();
    expect(properties.headers).toMatchObject({ 'x-vestnik-reason': 'REQUEST_INVALID' });
    expect(properties.headers?.['x-vestnik-detail']).toMatch(/does not fit its schema.*\n\/1\/type: .*\n\/1\/typo: /);
    expect(content.toString()).toBe('[{"type":"a"},{"type":"","typo":1}]');
    expect(stored).toMatchObject([{ type: 'good', idempotencyKey: 'good', source: 'amqp', data: { qty: 3 } }]);
  });

  it('rejects a message that breaks our code, and that alone', async () => {
    await openDoor(({ type }) => {
      if (type === 'poison') throw new TypeError('x is undefined');
    });
    await said('amqp.connected');
    for (const type of ['one', 'poison', 'two']) await publish(type, '{}');
    const { properties } = await rejected();
    expect(properties).toMatchObject({ type: 'poison', headers: { 'x-vestnik-reason': 'INTERNAL' } });
    await waitFor(() => stored.length === 2, { what: 'the others' });
    expect(stored.map(({ type }) => type)).toEqual(['one', 'two']);
    expect(lines).toContainEqual(expect.objectContaining({ level: 50, msg: 'amqp.message_failed' }));
  });

  it('waits when too much is under way, and takes no more while PostgreSQL is away', async () => {
    let away = true;
    let busy = 2;
    await openDoor(({ type }) => {
      if (type === 'busy' && (busy -= 1) >= 0) throw new HouseError('RATE_LIMITED');
      if (type === 'away' && away) throw new HouseError('UNAVAILABLE');
    });
    await said('amqp.connected');
    await publish('busy', '{}');
    await waitFor(() => stored.length === 1, { what: 'the busy one' });
    await publish('away', '{}');
    await said('amqp.paused');
    await publish('later', '{}');
    expect(stored).toHaveLength(1);
    away = false;
    await said('amqp.resumed');
    await waitFor(() => stored.length === 3, { what: 'all of them' });
    expect((await channel.checkQueue(`${prefix}.rejected`)).messageCount).toBe(0);
    expect(lines.map((line) => line['msg'])).toEqual(['amqp.connected', 'amqp.paused', 'amqp.resumed']);
  });
});
