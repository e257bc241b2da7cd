/** Puts messages that nobody can use where people find them, and is sure of it before they are acknowledged. */
import type { ChannelModel, ConfirmChannel, Options } from 'amqplib';
import type { AmqpMessage } from './message.ts';
import { TopologyFault } from './topology.ts';

/** Longest detail in a header, in bytes of UTF-8. */
const detailBytes = 1024;

/**
 * Publishes to the exchange of rejected messages on a connection of its own: a broker that is short of memory or disk stops
 * reading from connections that publish, and the acknowledgements of the others must still get through.
 */
export class Rejects {
  readonly #channel: ConfirmChannel;
  readonly #exchange: string;
  readonly #onFault: (error: Error) => void;

  private constructor(channel: ConfirmChannel, exchange: string, onFault: (error: Error) => void) {
    this.#channel = channel;
    this.#exchange = exchange;
    this.#onFault = onFault;
    channel.on('return', () => this.#onFault(nobodyKeeps(exchange)));
    channel.on('error', onFault);
    channel.on('close', () => onFault(new Error('The channel for rejected messages was closed.')));
  }

  /** Opens the channel. `onFault` hears of everything that makes further publishing pointless. */
  static async open(connection: ChannelModel, exchange: string, onFault: (error: Error) => void): Promise<Rejects> {
    return new Rejects(await connection.createConfirmChannel(), exchange, onFault);
  }

  /** Publishes a message with the reason; calls `kept` once the broker has it for good. */
  publish(message: AmqpMessage, reason: string, detail: string, kept: () => void): void {
    const done = (error: unknown) => {
      if (error) this.#onFault(error as Error);
      else kept();
    };
    const marks = { 'x-vestnik-reason': reason, 'x-vestnik-detail': cut(detail) };
    try {
      this.#send(message, propertiesOf(message, marks), done);
    } catch {
      // Headers that fill their frame leave no room for ours, and some that can be read cannot be written.
      this.#send(message, { persistent: true, headers: { ...marks, 'x-vestnik-properties': 'dropped' } }, done);
    }
  }

  #send(message: AmqpMessage, options: Options.Publish, done: (error: unknown) => void): void {
    this.#channel.publish(this.#exchange, message.routingKey, message.content, { ...options, mandatory: true }, done);
  }
}

/** The properties as they came; those that would change what becomes of the message here are kept as headers. */
function propertiesOf({ properties }: AmqpMessage, marks: Record<string, string>): Options.Publish {
  const { headers, userId, expiration, ...rest } = properties;
  const kept = Object.fromEntries(
    Object.entries({ 'x-vestnik-user-id': userId as unknown, 'x-vestnik-expiration': expiration as unknown }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  return { ...rest, persistent: true, headers: { ...headers, ...kept, ...marks } } as Options.Publish;
}

function cut(text: string): string {
  if (Buffer.byteLength(text) <= detailBytes) return text;
  // A character that was cut in two becomes a replacement character, which is dropped.
  return `${Buffer.from(text)
    .subarray(0, detailBytes - 3)
    .toString()
    .replace(/\ufffd$/, '')}…`;
}

function nobodyKeeps(exchange: string): TopologyFault {
  return new TopologyFault(
    `No queue is bound to the exchange ${exchange}, so rejected messages would be lost.`,
    `Bind the queue ${exchange} to it with the key #, or set AMQP_DECLARE=true.`,
  );
}
