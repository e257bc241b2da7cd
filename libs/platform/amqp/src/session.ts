/** One life of the connections to the broker: from the log-in until something breaks. What breaks ends all of it. */
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { setMaxListeners } from 'node:events';
import { Acknowledger } from './acknowledger.ts';
import { closeConnection, openConnection, within } from './connect.ts';
import type { Handler } from './message.ts';
import { Rejects } from './rejects.ts';
import { checkTopology, declareTopology, type TopologyNames } from './topology.ts';
import { type Window } from './window.ts';

/** How long the broker may take to answer a call, in milliseconds. */
const answerWithinMs = 30_000;

/** What a session needs to know, and whom it tells. */
export interface SessionOptions {
  url: string;
  names: TopologyNames;
  declare: boolean;
  window: Window;
  handle: Handler;
  /** Called for every message with the verdict that it got. */
  onVerdict: (result: 'taken' | 'rejected') => void;
  /** Called when the broker stops taking what we publish, with its reason, and when it takes it again. */
  onBlocked: (reason: string | undefined) => void;
  /** Called when the handler itself broke. */
  onBug: (error: unknown) => void;
}

/** Connections, channels and the messages in hand. */
export class Session {
  /** Resolves with what ended it; `undefined` when it was closed by us. */
  readonly ended: Promise<Error | undefined>;
  readonly #options: SessionOptions;
  readonly #hand = new AbortController();
  readonly #connections: ChannelModel[] = [];
  readonly #acks = new Acknowledger((tag, allUpTo) => this.#ack(tag, allUpTo));
  #channel: Channel | undefined;
  #watch: Channel | undefined;
  #rejects: Rejects | undefined;
  /** Tag and prefetch of the present consumer. */
  #consumer: { tag: string; prefetch: number } | undefined;
  #wanted = false;
  #adjusting: Promise<void> = Promise.resolve();
  #onIdle: (() => void) | undefined;
  #end!: (reason: Error | undefined) => void;
  #over = false;
  #closing: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    // Every message in hand may wait for it.
    setMaxListeners(0, this.#hand.signal);
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#end = (reason) => {
        this.#over = true;
        this.#consumer = undefined;
        this.#hand.abort();
        this.#acks.forget();
        this.#onIdle?.();
        resolve(reason);
      };
    });
  }

  /** Whether messages are being taken. */
  get consuming(): boolean {
    return this.#consumer !== undefined;
  }

  /** Ends it; what is in hand goes back to the queue. */
  fail(reason: Error): void {
    this.#end(reason);
  }

  /** Connects, sees to the topology, and consumes unless it was paused. Rejects with what stood in the way. */
  async open(consume: boolean): Promise<void> {
    const { url, names, declare } = this.#options;
    const connection = await this.#connect(url, 'ingest');
    await within(answerWithinMs, 'the topology', (declare ? declareTopology : checkTopology)(connection, names));
    const publishing = await this.#connect(url, 'rejects');
    publishing.on('blocked', (reason: string) => this.#options.onBlocked(reason));
    publishing.on('unblocked', () => this.#options.onBlocked(undefined));
    this.#rejects = await within(
      answerWithinMs,
      'a channel',
      Rejects.open(publishing, names.rejected, (error) => this.#end(error)),
    );
    this.#channel = await this.#openChannel(connection);
    this.#watch = await this.#openChannel(connection);
    await this.take(consume);
  }

  /** Takes messages from now on, or takes no more; what is in hand stays there. Also follows a changed window. */
  take(wanted: boolean): Promise<void> {
    this.#wanted = wanted;
    this.#adjusting = this.#adjusting.then(() => this.#adjust()).catch((error: unknown) => this.#end(error as Error));
    return this.#adjusting;
  }

  /** Asks how many messages wait in the queue. Rejects when the session is over. */
  async waiting(): Promise<number> {
    const { messageCount } = await within(
      answerWithinMs,
      'the length of the queue',
      this.#watch!.checkQueue(this.#options.names.ingest),
    );
    if (this.#wanted && this.#consumer?.prefetch !== this.#options.window.size) await this.take(true);
    return messageCount;
  }

  /** Takes no more, lets what is in hand finish for `drainMs` milliseconds, and closes; the rest goes back to the queue. */
  close(drainMs: number): Promise<void> {
    this.#closing ??= this.#close(drainMs);
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    if (!this.#over) {
      await this.take(false);
      const idle = new Promise<void>((resolve) => (this.#onIdle = resolve));
      if (this.#acks.count > 0) await within(drainMs, 'the rest', idle).catch(() => undefined);
    }
    this.#end(undefined);
    await Promise.all(this.#connections.map(closeConnection));
  }

  async #connect(url: string, purpose: string): Promise<ChannelModel> {
    const connection = await openConnection(url, purpose);
    this.#connections.push(connection);
    connection.on('error', (error) => this.#end(error));
    connection.on('close', (error) => this.#end(error ?? new Error('The connection was closed.')));
    if (!this.#over) return connection;
    await closeConnection(connection);
    throw new Error('It was closed while it was opened.');
  }

  async #openChannel(connection: ChannelModel): Promise<Channel> {
    const channel = await within(answerWithinMs, 'a channel', connection.createChannel());
    channel.on('error', (error) => this.#end(error));
    channel.on('close', () => this.#end(new Error('The channel was closed.')));
    return channel;
  }

  async #adjust(): Promise<void> {
    const channel = this.#channel;
    if (this.#over || !channel) return;
    const prefetch = this.#options.window.size;
    if (this.#consumer && (!this.#wanted || this.#consumer.prefetch !== prefetch)) {
      const { tag } = this.#consumer;
      this.#consumer = undefined;
      await within(answerWithinMs, 'the end of consuming', channel.cancel(tag));
    }
    if (!this.#wanted || this.#consumer) return;
    await within(answerWithinMs, 'the prefetch', channel.prefetch(prefetch));
    const consuming = channel.consume(this.#options.names.ingest, (message) => this.#deliver(message));
    const { consumerTag: tag } = await within(answerWithinMs, 'consuming', consuming);
    if (!this.#over) this.#consumer = { tag, prefetch };
  }

  #deliver(message: ConsumeMessage | null): void {
    if (this.#over) return;
    if (message === null) {
      return this.#end(new Error('The broker ended our consumer: the queue was deleted or has no leader.'));
    }
    const { window } = this.#options;
    this.#acks.take(message.fields.deliveryTag, message.content.length);
    window.saw(message.content.length);
    if (window.overfull(this.#acks.bytes)) return this.#end(new Error('Too much was in hand at once.'));
    void this.#decide(message);
  }

  async #decide({ content, properties, fields }: ConsumeMessage): Promise<void> {
    const { routingKey, redelivered, deliveryTag } = fields;
    const message = { content, properties, routingKey, redelivered };
    try {
      const verdict = await this.#options.handle(message, this.#hand.signal);
      if (this.#over) return;
      if (verdict === 'taken') return this.#settled(deliveryTag, 'taken');
      this.#rejects!.publish(message, verdict.reason, verdict.detail, () => this.#settled(deliveryTag, 'rejected'));
    } catch (error) {
      if (this.#over) return;
      this.#options.onBug(error);
      this.#end(error as Error);
    }
  }

  #settled(tag: number, result: 'taken' | 'rejected'): void {
    if (this.#over) return;
    this.#options.onVerdict(result);
    this.#acks.settle(tag);
  }

  #ack(tag: number, allUpTo: boolean): void {
    if (this.#over) return;
    try {
      // The library wants the message back, of which it reads the tag.
      this.#channel!.ack({ fields: { deliveryTag: tag } } as ConsumeMessage, allUpTo);
      if (this.#acks.count === 0) this.#onIdle?.();
    } catch (error) {
      this.#end(error as Error);
    }
  }
}
