/** Keeps one consumer running per backend, as the book says. */
import type { Backend } from '#contract';
import type { Logger } from '#platform/log';
import type { Consumer, Queues } from '#platform/queue';
import type { Sealer } from '#platform/store';
import { isDeepStrictEqual } from 'node:util';
import { openBackend, type BackendState } from './backend-state.ts';
import { gateOf, type Delivering } from './delivering.ts';

/** Jobs of one backend under way at once; each holds up to fifty deliveries, the gate bounds the sends. */
const jobsAtOnce = 8;

interface Running {
  definition: Backend;
  consumer: Promise<Consumer>;
}

/** What the consumers need. */
export interface ConsumersParts {
  delivering: Delivering;
  queues: Queues;
  sealer: Sealer;
  log: Logger;
}

/** The consumers of a process. */
export interface Consumers {
  /** Starts, restarts and stops consumers so that they fit the book. */
  follow(backends: ReadonlyMap<string, Backend>): void;
  /** Takes no more jobs and waits for those under way. */
  close(): Promise<void>;
}

/** Makes the consumers; none runs until `follow` is called. */
export function createConsumers(parts: ConsumersParts): Consumers {
  const running = new Map<string, Running>();

  function stop(slug: string): Promise<void> {
    const found = running.get(slug);
    running.delete(slug);
    return found ? found.consumer.then((consumer) => consumer.close()) : Promise.resolve();
  }

  function start(slug: string, definition: Backend): void {
    const state = openBackend(slug, definition, parts.sealer);
    if (!state) return parts.log.error({ backend: slug, type: definition.type }, 'backend.type_unknown');
    if (state.fault) parts.log.error({ backend: slug, fault: state.fault }, 'backend.settings_invalid');
    running.set(slug, { definition, consumer: consume(parts, state) });
  }

  return {
    follow: (backends) => {
      for (const [slug, { definition }] of running) {
        if (!isDeepStrictEqual(backends.get(slug), definition))
          void stop(slug).catch((error: unknown) => parts.log.warn({ error, backend: slug }, 'consumer.stop_failed'));
      }
      for (const [slug, definition] of backends) if (!definition.paused && !running.has(slug)) start(slug, definition);
    },
    close: async () => {
      await Promise.all([...running.keys()].map(stop));
    },
  };
}

function consume({ delivering, queues }: ConsumersParts, state: BackendState): Promise<Consumer> {
  const gate = gateOf(state);
  const { rate } = state.adapter.manifest.limits;
  if (!rate)
    return queues.consumeDeliver(state.slug, (ids) => delivering.deliver(state, gate, ids), {
      concurrency: jobsAtOnce,
    });
  // The queue's limit counts jobs, so a job of a limited backend must be one delivery: larger ones are rung again one by one.
  const handle = async (ids: string[]): Promise<void> => {
    if (ids.length === 1) return delivering.deliver(state, gate, ids);
    for (const id of ids) await queues.ringDeliver(state.slug, [id]);
  };
  return queues.consumeDeliver(state.slug, handle, { concurrency: state.adapter.manifest.limits.concurrency, rate });
}
