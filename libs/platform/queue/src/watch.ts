/** Finds workers that do not fetch although jobs wait, and has them made anew. */
import { ignore, type Logger } from '#platform/log';
import { workerRebuilt } from '#platform/metrics';
import type { WatchedConsumer } from './consumer.ts';

/** How patient the watch is. */
export interface WatchPace {
  /** Milliseconds between looks. */
  lookEveryMs: number;
  /** How long a worker may ask for nothing before somebody asks whether jobs wait, in milliseconds. */
  quietMs: number;
}

/** The pace of a process; specs are less patient. */
export const usualPace: WatchPace = { lookEveryMs: 5000, quietMs: 15_000 };

/** What the watch needs. */
export interface WatchParts {
  quietMs: number;
  log: Logger;
  consumers: ReadonlySet<WatchedConsumer>;
  isAway(): boolean;
  /** Jobs that wait in a queue and that its rate would let through now. One round trip or two. */
  ready(consumer: WatchedConsumer): Promise<number>;
}

/**
 * A round of looks at all consumers; the timer calls it. A worker is made anew at the second look that finds it so: the first
 * may come right after the process itself stood still.
 */
export function createWatch(parts: WatchParts): () => Promise<void> {
  const suspected = new WeakSet<WatchedConsumer>();
  return async () => {
    await Promise.all([...parts.consumers].map((consumer) => look(parts, suspected, consumer)));
  };
}

async function look(parts: WatchParts, suspected: WeakSet<WatchedConsumer>, consumer: WatchedConsumer): Promise<void> {
  const waiting = await waitingUnfetched(parts, consumer);
  if (waiting === 0) return void suspected.delete(consumer);
  if (!suspected.has(consumer)) return void suspected.add(consumer);
  suspected.delete(consumer);
  const { queue } = consumer;
  parts.log.warn({ queue, idleMs: consumer.idleMs(), waiting }, 'queue.worker_rebuilt');
  workerRebuilt(queue);
  consumer.rebuild().catch((error: unknown) => ignore(parts.log, error, 'a worker that hangs may not close either'));
}

/** Jobs that wait although the worker has had room and time for them. Busy and lively workers cost no round trip. */
async function waitingUnfetched({ isAway, ready, quietMs }: WatchParts, consumer: WatchedConsumer): Promise<number> {
  if (isAway() || !consumer.hasRoom()) consumer.calm();
  if (consumer.quietMs() < quietMs) return 0;
  // A server that does not say is away, or soon known to be.
  const waiting = await ready(consumer).catch(() => 0);
  if (waiting === 0) consumer.calm();
  return consumer.quietMs() < quietMs ? 0 : waiting;
}
