/** What differs between BullMQ on Redis and BullMQ on PostgreSQL: how connections are made. */
import type { Logger } from '#platform/log';
import { createPostgresBackend, Queue, Worker, type Job, type WorkerOptions } from 'bullmq';
import { Redis } from 'ioredis';
import type { ConsumeOptions } from './queues.ts';

/** Makes queues and workers on one kind of server. */
export interface QueueServer {
  queue(name: string): Queue;
  worker(name: string, handle: (job: Job) => Promise<void>, options: ConsumeOptions): Worker;
  ping(queue: Queue): Promise<void>;
  close(): Promise<void>;
}

/** How long a closing connection may take before it is cut, in milliseconds; also when it was never open. */
const disconnectTimeout = 200;

/**
 * Wait before a producer connects again, in milliseconds. A ring fails after the second failed connect, so this also bounds how
 * long a ring takes while Redis is away; by itself ioredis would let it wait for ten seconds.
 */
const soonAgain = (attempt: number) => Math.min(attempt * 50, 500);

/** Queues on Redis or Valkey. */
export function redisServer(url: string, prefix: string, log: Logger): QueueServer {
  // Producers fail fast (the sweep rings again), consumers wait for ever.
  const shared = { connectionName: 'vestnik', disconnectTimeout };
  const producing = new Redis(url, { ...shared, maxRetriesPerRequest: 1, retryStrategy: soonAgain });
  const consuming = new Redis(url, { ...shared, maxRetriesPerRequest: null, lazyConnect: true });
  for (const connection of [producing, consuming])
    connection.on('error', (error) => log.warn({ error }, 'redis.error'));
  return {
    queue: (name) =>
      new Queue(name, { connection: producing, prefix, skipWaitingForReady: true, skipVersionCheck: true }),
    worker: (name, handle, options) =>
      new Worker(name, handle, { connection: consuming, prefix, ...workerOptions(options) }),
    ping: async () => {
      await producing.ping();
    },
    close: async () => {
      producing.disconnect();
      consuming.disconnect();
    },
  };
}

/** Queues inside PostgreSQL, in a schema of their own. */
export function postgresServer(connectionString: string): QueueServer {
  const connection = (max: number) => ({ connectionString, migrate: true, max, application_name: 'vestnik-queue' });
  return {
    queue: (name) => new Queue(name, { connection: connection(3) }, createPostgresBackend) as unknown as Queue,
    worker: (name, handle, options) =>
      new Worker(
        name,
        handle,
        { connection: connection(options.concurrency + 2), ...workerOptions(options) },
        createPostgresBackend,
      ) as unknown as Worker,
    ping: async (queue) => {
      await queue.getJobCounts('wait');
    },
    close: async () => undefined,
  };
}

function workerOptions(
  options: ConsumeOptions,
): Pick<WorkerOptions, 'concurrency' | 'limiter' | 'removeOnComplete' | 'removeOnFail'> {
  const { concurrency, rate } = options;
  return {
    concurrency,
    ...(rate ? { limiter: { max: rate.max, duration: rate.perMs } } : {}),
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  };
}
