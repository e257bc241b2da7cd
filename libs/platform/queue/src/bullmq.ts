import { deliverJob, routeJob } from '#contract';
import { ringFailed } from '#platform/metrics';
import type { Logger } from '#platform/log';
import type { Job, Queue, Worker } from 'bullmq';
import type { z } from 'zod';
import type { QueueServer } from './servers.ts';
import type { ConsumeOptions, Consumer, Queues } from './queues.ts';

/** Ids in one job: enough to share a round trip, few enough that a slow job holds little. */
const idsPerJob = 50;

const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const;

const routeQueue = 'route';

/** Makes the doorbells on a server. */
export function createQueues(server: QueueServer, log: Logger): Queues {
  const queues = new Map<string, Queue>();
  const workers = new Set<Worker>();

  function queue(name: string): Queue {
    let found = queues.get(name);
    if (!found) {
      found = server.queue(name);
      found.on('error', (error) => log.warn({ error, queue: name }, 'queue.error'));
      queues.set(name, found);
    }
    return found;
  }

  async function ring(name: string, payloads: readonly object[], delayMs?: number): Promise<void> {
    const opts = delayMs ? { ...jobOptions, delay: Math.ceil(delayMs) } : jobOptions;
    try {
      await queue(name).addBulk(payloads.map((data) => ({ name, data, opts })));
    } catch (error) {
      ringFailed(name === routeQueue ? 'route' : 'deliver');
      log.warn({ error, queue: name, jobs: payloads.length }, 'queue.ring_failed');
    }
  }

  function consume(name: string, handle: (job: Job) => Promise<void>, options: ConsumeOptions): Consumer {
    const worker = server.worker(name, handle, options);
    workers.add(worker);
    worker.on('error', (error) => log.warn({ error, queue: name }, 'queue.error'));
    worker.on('failed', (job, error) =>
      log.error({ error, queue: name, job: job?.data as unknown }, 'queue.job_failed'),
    );
    return {
      close: async () => {
        workers.delete(worker);
        await worker.close();
      },
    };
  }

  return {
    ringRoute: (eventIds) =>
      ring(
        routeQueue,
        inChunks(eventIds).map((ids) => ({ v: 1, eventIds: ids })),
      ),
    ringDeliver: (backend, ids, delayMs) =>
      ring(
        deliverQueue(backend),
        inChunks(ids).map((deliveryIds) => ({ v: 1, deliveryIds })),
        delayMs,
      ),
    consumeRoute: async (handler, options) =>
      consume(
        routeQueue,
        guarded(routeJob, log, (job) => handler(job.eventIds)),
        options,
      ),
    consumeDeliver: async (backend, handler, options) =>
      consume(
        deliverQueue(backend),
        guarded(deliverJob, log, (job) => handler(job.deliveryIds)),
        options,
      ),
    ping: () => server.ping(queue(routeQueue)),
    close: async () => {
      await Promise.all([...workers].map((worker) => worker.close()));
      await Promise.all([...queues.values()].map((open) => open.close()));
      await server.close();
    },
  };
}

function deliverQueue(backend: string): string {
  return `deliver.${backend}`;
}

function inChunks(ids: readonly string[]): string[][] {
  const chunks: string[][] = [];
  for (let start = 0; start < ids.length; start += idsPerJob) chunks.push(ids.slice(start, start + idsPerJob));
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
