/** What the specs of this project stand on: consumers, publishers, and what both of them saw, under names of one test alone. */
import { amqpPrefix, waitFor } from '#testing/services';
import { connect, type ChannelModel, type ConfirmChannel, type Options } from 'amqplib';
import { pino } from 'pino';
import { startConsumer, type Consumer, type ConsumerOptions } from './consumer.ts';
import type { Handler } from './message.ts';
import { namesFor, type TopologyNames } from './topology.ts';

/** Waits that suit a spec, in milliseconds. */
export const timing = { firstGap: 20, longestGap: 200, sound: 1000, watch: 100, drain: 2000 };

let benches = 0;

/** One test's view of a broker. */
export class SpecBench {
  readonly prefix: string;
  readonly names: TopologyNames;
  /** What the consumers wrote to the log. */
  readonly lines: Record<string, unknown>[] = [];
  /** Bodies of the messages that were taken. */
  readonly taken: string[] = [];
  readonly #url: string;
  readonly #consumers: Consumer[] = [];
  readonly #connections: ChannelModel[] = [];

  constructor(url: string) {
    this.#url = url;
    this.prefix = `${amqpPrefix()}-${(benches += 1)}`;
    this.names = namesFor(this.prefix);
  }

  /** Event names of the log lines so far. */
  words(): unknown[] {
    return this.lines.map((line) => line['msg']);
  }

  /** The last line of the log, as text. */
  lastLine(): string {
    return JSON.stringify(this.lines.at(-1));
  }

  /** Takes every message. */
  readonly takeAll: Handler = async ({ content }) => {
    this.taken.push(content.toString());
    return 'taken';
  };

  /** Rejects messages that begin with `bad`. */
  readonly rejectBad: Handler = async (message, hand) => {
    if (message.content.toString().startsWith('bad')) return { reason: 'BODY_NOT_JSON', detail: 'ü'.repeat(2000) };
    return this.takeAll(message, hand);
  };

  /** Starts a consumer. */
  consume(handle: Handler = this.takeAll, more: Partial<ConsumerOptions> = {}): Consumer {
    const log = pino({}, { write: (line) => void this.lines.push(JSON.parse(line) as Record<string, unknown>) });
    const options = { url: this.#url, prefix: this.prefix, declare: true, prefetch: 100, log, handle, timing, ...more };
    const consumer = startConsumer(options);
    this.#consumers.push(consumer);
    return consumer;
  }

  /** Starts a consumer and waits until it is connected. */
  async consuming(handle: Handler = this.takeAll, more: Partial<ConsumerOptions> = {}): Promise<Consumer> {
    const before = this.lines.length;
    const consumer = this.consume(handle, more);
    await this.until(() => this.words().slice(before).includes('amqp.connected'), 'the connection');
    return consumer;
  }

  /** A channel of a connection of its own. */
  async channel(): Promise<ConfirmChannel> {
    const connection = await connect(this.#url);
    connection.on('error', () => undefined);
    this.#connections.push(connection);
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    return channel;
  }

  /** Publishes, and resolves once the broker has it. */
  async send(channel: ConfirmChannel, texts: readonly string[], options: Options.Publish = {}): Promise<void> {
    for (const text of texts) {
      channel.publish(this.names.events, 'a.key', Buffer.from(text), { persistent: true, ...options });
    }
    await channel.waitForConfirms();
  }

  /** Waits for a condition. */
  until(condition: () => unknown, what: string, timeoutMs = 15_000): Promise<unknown> {
    return waitFor(condition, { what, timeoutMs });
  }

  /** Closes everything and removes everything from the broker. */
  async close(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.close()));
    const channel = await this.channel();
    const { events, ingest, rejected } = this.names;
    for (const queue of [ingest, rejected]) await channel.deleteQueue(queue);
    for (const exchange of [events, rejected]) await channel.deleteExchange(exchange);
    await Promise.all(this.#connections.map((connection) => connection.close().catch(() => undefined)));
  }
}

/** The numbers from `from` up to but not including `to`, as texts. */
export function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => String(from + index));
}
