/** A publisher on AMQP that behaves well: an event counts as accepted once the broker has confirmed it; all others go again. */
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { setTimeout as pause } from 'node:timers/promises';
import { plainEventOf } from './http-load.ts';
import type { Expected, Ledger } from './ledger.ts';

/** The topic exchange that Vestnik listens to. */
const exchange = 'vestnik.events';
const mostUnconfirmed = 500;
const reconnectAfterMs = 500;
const endWithinMs = 3000;

interface Outgoing {
  id: string;
  events: readonly Expected[];
}

/** Publishes until stopped, over as many connections as the broker breaks. */
export class Publisher {
  /** What became of messages: confirmed, returned, broken off. */
  readonly answers = new Map<string, number>();
  readonly #url: string;
  readonly #ledger: Ledger;
  readonly #backlog: Outgoing[] = [];
  readonly #unconfirmed = new Map<string, Outgoing>();
  #connection: ChannelModel | undefined;
  #channel: ConfirmChannel | undefined;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(url: string, ledger: Ledger) {
    this.#url = url;
    this.#ledger = ledger;
  }

  /** Messages that are not confirmed yet. */
  get open(): number {
    return this.#backlog.length + this.#unconfirmed.size;
  }

  /** Begins to connect. */
  start(): void {
    this.#running = this.#keepConnected();
  }

  /** Publishes events in one message, one alone or several as an array. */
  send(events: readonly Expected[]): void {
    this.#backlog.push({ id: events.length === 1 ? events[0]!.key : `batch-${events[0]!.key}`, events });
    this.#pump();
  }

  /** Gives up on what is still open. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const closed = this.#connection?.close().catch(() => undefined);
    await Promise.race([Promise.all([closed, this.#running]), pause(endWithinMs)]);
  }

  async #keepConnected(): Promise<void> {
    while (!this.#stopped) {
      await this.#serve().catch((error: unknown) => this.#count(`broken off: ${nameOf(error)}`));
      this.#channel = undefined;
      this.#backlog.unshift(...this.#unconfirmed.values());
      this.#unconfirmed.clear();
      if (!this.#stopped) await pause(reconnectAfterMs);
    }
  }

  /** Resolves or rejects when the connection is over. */
  async #serve(): Promise<void> {
    const connection = await connect(this.#url, { timeout: 5000 });
    this.#connection = connection;
    const over = new Promise<void>((resolve, reject) => {
      connection.once('error', reject);
      connection.once('close', () => resolve());
    });
    // A broker that dies meanwhile leaves requests unanswered for good.
    await Promise.race([over, this.#open(connection)]);
    await over;
  }

  async #open(connection: ChannelModel): Promise<void> {
    const channel = await connection.createConfirmChannel();
    for (const end of ['error', 'close']) channel.on(end, () => void connection.close().catch(() => undefined));
    // Refused, and with it the channel, as long as Vestnik has not declared it.
    await channel.checkExchange(exchange);
    channel.on('return', ({ properties }: { properties: { messageId: string } }) =>
      this.#onReturn(properties.messageId),
    );
    this.#channel = channel;
    this.#pump();
  }

  #pump(): void {
    while (this.#channel && this.#backlog.length > 0 && this.#unconfirmed.size < mostUnconfirmed) {
      const outgoing = this.#backlog.shift()!;
      this.#unconfirmed.set(outgoing.id, outgoing);
      this.#publish(this.#channel, outgoing);
    }
  }

  #publish(channel: ConfirmChannel, outgoing: Outgoing): void {
    const plain = outgoing.events.map(plainEventOf);
    const content = Buffer.from(JSON.stringify(plain.length === 1 ? plain[0] : plain));
    const { type } = outgoing.events[0]!;
    const options = { messageId: outgoing.id, contentType: 'application/json', persistent: true, mandatory: true };
    try {
      channel.publish(exchange, type, content, options, (error: unknown) => this.#onConfirm(outgoing, error));
    } catch {
      // The channel has just been closed; what is unconfirmed goes again.
      this.#channel = undefined;
    }
  }

  #onConfirm(outgoing: Outgoing, error: unknown): void {
    // Returned, or taken back because the connection broke.
    if (error || !this.#unconfirmed.delete(outgoing.id)) return;
    this.#count('confirmed');
    const now = Date.now();
    for (const event of outgoing.events) this.#ledger.accept(event, now);
    this.#pump();
  }

  /** No queue was bound: the broker confirms it all the same, but has thrown it away. */
  #onReturn(id: string): void {
    const outgoing = this.#unconfirmed.get(id);
    this.#unconfirmed.delete(id);
    this.#count('returned');
    if (outgoing) setTimeout(() => this.#backlog.push(outgoing), reconnectAfterMs);
  }

  #count(what: string): void {
    this.answers.set(what, (this.answers.get(what) ?? 0) + 1);
  }
}

function nameOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return String(code ?? message).slice(0, 60);
}
