import { deliverJob, routeJob } from '#contract';
import { ringFailed } from '#platform/metrics';
import type { Logger } from '#platform/log';
import type { Job, Queue, Worker } from 'bullmq';
import type { z } from 'zod';
import type { QueueServer } from './servers.ts';
import type { ConsumeOptions, Consumer, Queues, RingOptions } from './queues.ts';

/** Ids in one job: enough to share a round trip, few enough that a slow job holds little. */
const idsPerJob = 200;

const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const;

const routeQueue = 'route';

/** Makes the doorbells on a server. */
export function createQueues(server: QueueServer, log: Logger): Queues {
  return new BullQueues(server, log);
}

class BullQueues implements Queues {
  readonly #server: QueueServer;
  readonly #log: Logger;
  readonly #queues = new Map<string, Queue>();
  readonly #workers = new Set<Worker>();

  constructor(server: QueueServer, log: Logger) {
    this.#server = server;
    this.#log = log;
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

  ping(): Promise<void> {
    return this.#server.ping(this.#queue(routeQueue));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.close()));
    await Promise.all([...this.#queues.values()].map((open) => open.close()));
    await this.#server.close();
  }

  #queue(name: string): Queue {
    let found = this.#queues.get(name);
    if (!found) {
      found = this.#server.queue(name);
      found.on('error', (error) => this.#log.warn({ error, queue: name }, 'queue.error'));
      this.#queues.set(name, found);
    }
    return found;
  }

  async #ring(name: string, payloads: readonly object[], delayMs?: number): Promise<void> {
    const opts = delayMs ? { ...jobOptions, delay: Math.ceil(delayMs) } : jobOptions;
    try {
      await this.#queue(name).addBulk(payloads.map((data) => ({ name, data, opts })));
    } catch (error) {
      ringFailed(name === routeQueue ? 'route' : 'deliver');
      this.#log.warn({ error, queue: name, jobs: payloads.length }, 'queue.ring_failed');
    }
  }

  #consume(name: string, handle: (job: Job) => Promise<void>, options: ConsumeOptions): Consumer {
    const worker = this.#server.worker(name, handle, options);
    this.#workers.add(worker);
    worker.on('error', (error) => this.#log.warn({ error, queue: name }, 'queue.error'));
    worker.on('failed', (job, error) =>
      this.#log.error({ error, queue: name, job: job?.data as unknown }, 'queue.job_failed'),
    );
    return {
      close: async () => {
        this.#workers.delete(worker);
        await worker.close();
      },
    };
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
