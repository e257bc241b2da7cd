/** A producer that keeps at it: whatever the broker has not confirmed is sent again, over a new connection if need be. */
import { connect, type ChannelModel, type ConfirmChannel, type Options } from 'amqplib';
import { setTimeout as pause } from 'node:timers/promises';

/** One message to be sent. */
export interface Outgoing {
  body: string;
  options?: Options.Publish;
}

/** Most messages on their way to the broker at once. */
const atOnce = 200;

/** Sends messages to an exchange and resolves when the broker has confirmed every one of them. */
export async function publishAll(url: string, exchange: string, messages: readonly Outgoing[]): Promise<void> {
  let left = [...messages];
  while (left.length > 0) {
    const unconfirmed = new Set(left);
    const connection = await connect(url).catch(() => undefined);
    if (connection) await publishSome(connection, exchange, unconfirmed);
    left = left.filter((message) => unconfirmed.has(message));
    if (left.length > 0) await pause(50);
  }
}

/** Takes messages out of the set as they are confirmed, until the set is empty or the connection is gone. */
async function publishSome(connection: ChannelModel, exchange: string, unconfirmed: Set<Outgoing>): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    connection.on('error', () => resolve());
    connection.on('close', () => resolve());
  });
  try {
    await Promise.race([gone, confirmAll(await connection.createConfirmChannel(), exchange, unconfirmed)]);
  } catch {
    // What was not confirmed is still in the set; that is all the caller needs to know.
    await pause(0);
  } finally {
    await Promise.race([connection.close().catch(() => undefined), pause(1000)]);
  }
}

function confirmAll(channel: ConfirmChannel, exchange: string, unconfirmed: Set<Outgoing>): Promise<void> {
  channel.on('error', () => undefined);
  const queue = [...unconfirmed];
  return new Promise((resolve, reject) => {
    let under = 0;
    const fill = () => {
      while (under < atOnce && queue.length > 0) {
        const message = queue.shift()!;
        under += 1;
        const options = { persistent: true, ...message.options };
        channel.publish(exchange, 'flow', Buffer.from(message.body), options, (error: unknown) => {
          if (error) return reject(error as Error);
          under -= 1;
          unconfirmed.delete(message);
          if (unconfirmed.size === 0) resolve();
          else fill();
        });
      }
    };
    fill();
  });
}
