/** What differs between BullMQ on Redis and BullMQ on PostgreSQL: how connections are made, and what may wait how long. */
import {
  createPostgresBackend,
  createRedisBackend,
  Queue,
  Worker,
  type BackendFactory,
  type IQueueBackend,
  type Job,
  type WorkerOptions,
} from 'bullmq';
import type { ConsumeOptions } from './queues.ts';
import { redisPlace, type RedisConnection } from './redis-connections.ts';

/** What a worker does, and whom it tells that it has asked the queue for work. */
export interface WorkerParts {
  handle(job: Job): Promise<void>;
  options: ConsumeOptions;
  fetched(): void;
}

/** A worker with the connections that are its own. */
export interface OpenWorker {
  worker: Worker;
  /** Waits for the jobs under way. */
  close(): Promise<void>;
  /** Waits for nothing. Jobs under way go on, but nobody at the server hears of them any more. */
  discard(): Promise<void>;
}

/** Makes queues and workers on one kind of server. */
export interface QueueServer {
  queue(name: string): Queue;
  worker(name: string, parts: WorkerParts): OpenWorker;
  /** Does one small thing that shows that rings would get through. Throws when they would not. */
  probe(queue: Queue): Promise<unknown>;
  /** How often to probe a server from which nothing was heard, in milliseconds. Absent: only when something failed. */
  probeRestMs?: number;
  /** Tells of connections that come and go. */
  watchConnection(watcher: ConnectionWatcher): void;
  close(): Promise<void>;
}

/** Who hears of the connection of the rings. */
export interface ConnectionWatcher {
  /** It was cut, or could not be made, twice in a row. */
  lost(error: unknown): void;
  /** It is there (again). */
  made(): void;
}

/**
 * How long a worker waits for a bell before it looks by itself, in seconds. A bell may be lost on a connection that died
 * silently, so this is also how late a job may then be; and looking is most of what an idle process costs.
 */
const drainSeconds = { redis: 10, postgres: 30 };

/** How long a job belongs to a worker of which nothing is heard any more. */
export interface JobLocks {
  /** Milliseconds; the worker renews its locks twice in that time. */
  lockMs: number;
  /** Milliseconds between looks for jobs without a lock; the second look that finds one brings it again. */
  checkMs: number;
}

/**
 * A job whose process died keeps its place among those under way until its lock has ended and two looks have passed; until
 * then the queue seems to hold what nobody works on. So that is 35 s at most.
 */
const usualLocks: JobLocks = { lockMs: 15_000, checkMs: 10_000 };
/** A stalled job is brought once more, which is sooner than the sweep; the second time it is dropped, for it may be what kills. */
const mostStalls = 1;
/** Wait after a failed fetch, in milliseconds; by itself BullMQ lets 15 s pass after a server is back. */
const fetchAgainMs = 1000;

/** Wait for an answer of PostgreSQL to a ring, in milliseconds. */
const ringTimeoutMs = 5000;
/** The same for workers; they may have to wait for locks. */
const workerTimeoutMs = 30_000;
/** How long an idle connection is kept, in milliseconds: longer than a worker's look, for a login costs more than many looks. */
const keepConnectionMs = 40_000;

/** Queues on Redis or Valkey. */
export function redisServer(url: string, keyPrefix: string, locks = usualLocks): QueueServer {
  const { connect, prefix } = redisPlace(url, keyPrefix);
  const ringing = connect('rings');
  return {
    queue: (name) =>
      new Queue(name, { connection: ringing, prefix, skipWaitingForReady: true, skipVersionCheck: true }),
    worker: (name, { handle, options, fetched }) => {
      const connection = connect('worker');
      // The worker tells of the errors of its connections itself.
      connection.on('error', () => undefined);
      const settings = {
        connection,
        prefix,
        skipVersionCheck: true,
        ...workerOptions(options, locks),
        drainDelay: drainSeconds.redis,
      };
      const worker = new Worker(name, handle, settings, noticing(createRedisBackend, fetched));
      return opened(worker as unknown as Worker, () => connection.disconnect());
    },
    // A write, because a server may answer a ping and yet be read-only, full or without its disk.
    probe: () => ringing.set(`${prefix}:probe`, '1', 'PX', 1000),
    probeRestMs: 5000,
    watchConnection: (watcher) => watchRedis(ringing, watcher),
    close: async () => ringing.disconnect(),
  };
}

function watchRedis(connection: RedisConnection, { lost, made }: ConnectionWatcher): void {
  let failures = 0;
  let lastError: unknown = new Error('Connection is closed.');
  connection.on('error', (error) => (lastError = error));
  connection.on('close', () => {
    failures += 1;
    if (failures >= 2) lost(lastError);
  });
  connection.on('ready', () => {
    failures = 0;
    made();
  });
}

/** Queues inside PostgreSQL, in a schema of their own. */
export function postgresServer(connectionString: string, locks = usualLocks): QueueServer {
  const connection = (max: number, query_timeout: number) => ({
    connectionString,
    migrate: true,
    max,
    query_timeout,
    connectionTimeoutMillis: ringTimeoutMs,
    idleTimeoutMillis: keepConnectionMs,
    keepAlive: true,
    application_name: 'vestnik-queue',
  });
  return {
    queue: (name) =>
      new Queue(name, { connection: connection(3, ringTimeoutMs) }, createPostgresBackend) as unknown as Queue,
    worker: (name, { handle, options, fetched }) => {
      const settings = {
        connection: connection(options.concurrency + 2, workerTimeoutMs),
        ...workerOptions(options, locks),
        drainDelay: drainSeconds.postgres,
      };
      const worker = new Worker(name, handle, settings, noticing(createPostgresBackend, fetched));
      return opened(worker as unknown as Worker, () => undefined);
    },
    probe: (queue) => queue.getJobCounts('wait'),
    watchConnection: () => undefined,
    close: async () => undefined,
  };
}

function workerOptions(options: ConsumeOptions, { lockMs, checkMs }: JobLocks): Omit<WorkerOptions, 'connection'> {
  const { concurrency, rate } = options;
  return {
    concurrency,
    ...(rate ? { limiter: { max: rate.max, duration: rate.perMs } } : {}),
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
    lockDuration: lockMs,
    stalledInterval: checkMs,
    maxStalledCount: mostStalls,
    runRetryDelay: fetchAgainMs,
  };
}

/** A backend that tells whenever the queue has answered a worker that asked for a job. */
function noticing<B extends IQueueBackend, C>(make: BackendFactory<B, C>, fetched: () => void): BackendFactory<B, C> {
  return (...parts) => {
    const backend = make(...parts);
    const ask = backend.moveToActive.bind(backend);
    backend.moveToActive = async (...asked: Parameters<typeof ask>) => {
      const answer = await ask(...asked);
      fetched();
      return answer;
    };
    return backend;
  };
}

function opened(worker: Worker, cut: () => void): OpenWorker {
  return {
    worker,
    close: async () => {
      await worker.close();
      cut();
    },
    discard: async () => {
      // Forcing has no effect on a worker that is closing already, and may be so for ever.
      const wasClosing = worker.closing !== undefined;
      const closed = worker.close(true);
      cut();
      await (wasClosing ? worker.disconnect() : closed);
    },
  };
}
