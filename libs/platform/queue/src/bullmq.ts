import { deliverJob, routeJob } from '#contract';
import { observeWorker, ringFailed } from '#platform/metrics';
import type { Logger } from '#platform/log';
import type { Job, Queue } from 'bullmq';
import type { z } from 'zod';
import { WatchedConsumer } from './consumer.ts';
import type { OpenWorker, QueueServer, WorkerParts } from './servers.ts';
import type { ConsumeOptions, Consumer, QueueOf, Queues, QueuesHealth, RingOptions } from './queues.ts';
import { NoAnswer, Reachability } from './reachability.ts';
import { isJobGone, reasonOf, tellErrors } from './trouble.ts';
import { createWatch, usualPace, type WatchPace } from './watch.ts';

/** Ids in one job: enough to share a round trip, few enough that a slow job holds little. */
const idsPerJob = 200;

const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const;

const routeQueue = 'route';

/** Makes the doorbells on a server. */
export function createQueues(server: QueueServer, log: Logger, pace = usualPace): Queues {
  return new BullQueues(server, log, pace);
}

class BullQueues implements Queues {
  readonly #server: QueueServer;
  readonly #log: Logger;
  readonly #queues = new Map<string, Queue>();
  readonly #consumers = new Set<WatchedConsumer>();
  readonly #reach: Reachability;
  readonly #watch: NodeJS.Timeout;

  constructor(server: QueueServer, log: Logger, { lookEveryMs, quietMs }: WatchPace) {
    this.#server = server;
    this.#log = log;
    const probe = () => server.probe(this.#queue(routeQueue));
    const reach = new Reachability({ log, probe, restMs: server.probeRestMs });
    this.#reach = reach;
    server.watchConnection({ lost: (error) => reach.gone(error), made: () => reach.isAway() && reach.suspect() });
    const look = createWatch({
      quietMs,
      log,
      consumers: this.#consumers,
      isAway: () => reach.isAway(),
      ready: (consumer) => this.#ready(consumer),
    });
    this.#watch = setInterval(() => void look(), lookEveryMs).unref();
  }

  ringRoute(eventIds: readonly string[]): Promise<void> {
    const payloads = inChunks(eventIds).map((ids) => ({ v: 1, eventIds: ids }));
    return this.#ring(routeQueue, payloads);
  }

  ringDeliver(backend: string, ids: readonly string[], { delayMs, perJob }: RingOptions = {}): Promise<void> {
    const payloads = inChunks(ids, perJob).map((deliveryIds) => ({ v: 1, deliveryIds }));
    return this.#ring(deliverQueue(backend), payloads, delayMs);
  }

  async consumeRoute(handler: (eventIds: string[]) => Promise<void>, options: ConsumeOptions): Promise<Consumer> {
    const run = guarded(routeJob, this.#log, (job) => handler(job.eventIds));
    return this.#consume(routeQueue, run, options);
  }

  async consumeDeliver(
    backend: string,
    handler: (deliveryIds: string[]) => Promise<void>,
    options: ConsumeOptions,
  ): Promise<Consumer> {
    const run = guarded(deliverJob, this.#log, (job) => handler(job.deliveryIds));
    return this.#consume(deliverQueue(backend), run, options);
  }

  waiting(queue: QueueOf): Promise<number> {
    return this.#count(queue === 'route' ? routeQueue : deliverQueue(queue.backend), ['wait', 'active']);
  }

  isAway(): boolean {
    return this.#reach.isAway();
  }

  health(): QueuesHealth {
    return { away: this.isAway(), workers: [...this.#consumers].map((consumer) => consumer.health()) };
  }

  async ping(): Promise<void> {
    await this.#reach.within(this.#server.probe(this.#queue(routeQueue)));
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()));
    this.#reach.close();
    await Promise.all([...this.#queues.values()].map((open) => open.close()));
    await this.#server.close();
  }

  #queue(name: string): Queue {
    let found = this.#queues.get(name);
    if (!found) {
      found = this.#server.queue(name);
      found.on('error', tellErrors(this.#log, name));
      this.#queues.set(name, found);
    }
    return found;
  }

  async #ring(name: string, payloads: readonly object[], delayMs?: number): Promise<void> {
    if (payloads.length === 0) return;
    const opts = delayMs ? { ...jobOptions, delay: Math.ceil(delayMs) } : jobOptions;
    try {
      await this.#whileHere(() => this.#queue(name).addBulk(payloads.map((data) => ({ name, data, opts }))));
    } catch (error) {
      ringFailed(name === routeQueue ? 'route' : 'deliver');
      this.#log.debug({ reason: reasonOf(error), queue: name, jobs: payloads.length }, 'queue.ring_failed');
    }
  }

  async #count(name: string, states: ('wait' | 'active')[]): Promise<number> {
    const counts = await this.#whileHere(() => this.#queue(name).getJobCounts(...states));
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  }

  /** Jobs that a worker could fetch now. */
  async #ready(consumer: WatchedConsumer): Promise<number> {
    const waiting = await this.#count(consumer.queue, ['wait']);
    const rate = consumer.rate();
    if (waiting === 0 || !rate) return waiting;
    const heldMs = await this.#whileHere(() => this.#queue(consumer.queue).getRateLimitTtl(rate.max));
    return heldMs > 0 ? 0 : waiting;
  }

  /** Asks the server for something, unless it is known to be away; what fails is a reason to find out whether it is. */
  async #whileHere<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#reach.isAway()) throw new Error('the server behind the queues is away');
    try {
      const answer = await this.#reach.within(ask());
      this.#reach.heard();
      return answer;
    } catch (error) {
      if (error instanceof NoAnswer) this.#reach.gone(error);
      else this.#reach.suspect();
      throw error;
    }
  }

  #consume(name: string, handle: (job: Job) => Promise<void>, options: ConsumeOptions): Consumer {
    const tell = tellErrors(this.#log, name);
    const consumer = new WatchedConsumer({
      queue: name,
      options,
      handle,
      open: (parts) => this.#openWorker(name, parts, tell),
      isAway: () => this.isAway(),
      failed: (job, error) => this.#log.error({ error, queue: name, job: job.data as unknown }, 'queue.job_failed'),
      fetched: () => this.#reach.heard(),
      closed: () => {
        this.#consumers.delete(consumer);
        unobserve();
      },
    });
    this.#consumers.add(consumer);
    const unobserve = observeWorker({
      queue: name,
      idleSeconds: () => consumer.idleMs() / 1000,
      waiting: () => this.#count(name, ['wait']).catch(() => undefined),
    });
    return consumer;
  }

  #openWorker(name: string, parts: WorkerParts, tell: (error: unknown) => void): OpenWorker {
    const open = this.#server.worker(name, parts);
    open.worker.on('error', (error) => {
      tell(error);
      if (!isJobGone(error)) this.#reach.suspect();
    });
    // What a handler throws is told where it is caught; here a job may also fail for the server's reasons.
    open.worker.on('failed', (job, error) => {
      if (isJobGone(error)) this.#log.warn({ queue: name, job: job?.data as unknown }, 'queue.job_stalled');
    });
    return open;
  }
}

function deliverQueue(backend: string): string {
  return `deliver.${backend}`;
}

function inChunks(ids: readonly string[], size = idsPerJob): string[][] {
  const chunks: string[][] = [];
  for (let start = 0; start < ids.length; start += size) chunks.push(ids.slice(start, start + size));
  return chunks;
}

/** A job of a version that this process does not know is left to the sweep, which rings for it in a form that somebody knows. */
function guarded<T>(
  schema: z.ZodType<T>,
  log: Logger,
  run: (payload: T) => Promise<void>,
): (job: Job) => Promise<void> {
  return async (job) => {
    const parsed = schema.safeParse(job.data);
    if (parsed.success) return run(parsed.data);
    log.warn({ queue: job.queueName, job: job.data as unknown }, 'queue.job_unknown');
  };
}
