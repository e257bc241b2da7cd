/** The exchanges and queues of the AMQP door. */
import type { ChannelModel } from 'amqplib';

/** Names of what an installation uses on the broker. */
export interface TopologyNames {
  /** Topic exchange that producers publish to. */
  events: string;
  /** Quorum queue that is consumed; bound to `events` with `#`. */
  ingest: string;
  /** Topic exchange and quorum queue for what was rejected; the queue is bound with `#`. */
  rejected: string;
}

/** The broker has not what the door needs, or has something else under its name. */
export class TopologyFault extends Error {
  override readonly name = 'TopologyFault';
  /** What the operator can do. */
  readonly remedy: string;

  constructor(message: string, remedy: string, cause?: unknown) {
    super(message, { cause });
    this.remedy = remedy;
  }
}

/** The names that begin with a prefix, such as `vestnik.events`. */
export function namesFor(prefix: string): TopologyNames {
  return { events: `${prefix}.events`, ingest: `${prefix}.ingest`, rejected: `${prefix}.rejected` };
}

const quorum = { 'x-queue-type': 'quorum' };

/**
 * Declares all of it; what is there already stays as it is. Throws `TopologyFault` when something of the name is there with
 * other properties.
 */
export async function declareTopology(connection: ChannelModel, names: TopologyNames): Promise<void> {
  const { events, ingest, rejected } = names;
  await onChannel(connection, async (channel) => {
    try {
      await channel.assertExchange(events, 'topic', { durable: true });
      await channel.assertExchange(rejected, 'topic', { durable: true });
      await channel.assertQueue(rejected, { durable: true, arguments: quorum });
      await channel.bindQueue(rejected, rejected, '#');
      // What the broker itself gives up on, after many redeliveries, must not vanish either.
      await channel.assertQueue(ingest, { durable: true, deadLetterExchange: rejected, arguments: quorum });
      await channel.bindQueue(ingest, events, '#');
    } catch (error) {
      throw unfit(error, names);
    }
  });
}

/** Looks whether all of it is there, and changes nothing. Throws `TopologyFault` that names all that is missing. */
export async function checkTopology(connection: ChannelModel, names: TopologyNames): Promise<void> {
  const { events, ingest, rejected } = names;
  const missing: string[] = [];
  const look = async (what: string, ask: (channel: Channel) => Promise<unknown>) => {
    // The broker closes a channel that asked for what is not there.
    const found = await onChannel(connection, (channel) => ask(channel).then(() => true, isNotFound));
    if (!found) missing.push(what);
  };
  await look(`exchange ${events}`, (channel) => channel.checkExchange(events));
  await look(`queue ${ingest}`, (channel) => channel.checkQueue(ingest));
  await look(`exchange ${rejected}`, (channel) => channel.checkExchange(rejected));
  await look(`queue ${rejected}`, (channel) => channel.checkQueue(rejected));
  if (missing.length > 0) {
    throw new TopologyFault(
      `The broker lacks ${missing.join(', ')}.`,
      'Create what is missing (docs/amqp.md says how), or set AMQP_DECLARE=true.',
    );
  }
}

type Channel = Awaited<ReturnType<ChannelModel['createChannel']>>;

async function onChannel<T>(connection: ChannelModel, work: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = await connection.createChannel();
  let closed = false;
  // The same error rejects the call that caused it.
  channel.on('error', () => (closed = true));
  channel.on('close', () => (closed = true));
  const result = await work(channel);
  if (!closed) await channel.close();
  return result;
}

/** Answers false for "not found" (404); rethrows anything else. */
function isNotFound(error: unknown): false {
  if (codeOf(error) === 404) return false;
  throw error;
}

function unfit(error: unknown, { ingest, rejected }: TopologyNames): unknown {
  const code = codeOf(error);
  const words = (error as Error).message;
  if (code === 406) {
    return new TopologyFault(
      `The broker has something else under one of our names: ${words}`,
      `Delete it, choose another AMQP_PREFIX, or set AMQP_DECLARE=false to use ${ingest} and ${rejected} as they are.`,
      error,
    );
  }
  if (code === 403) {
    return new TopologyFault(
      `The broker does not let us declare: ${words}`,
      'Give the user of AMQP_URL the right to configure, write and read our names, or set AMQP_DECLARE=false.',
      error,
    );
  }
  return error;
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
