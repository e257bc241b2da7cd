/** Keeps one consumer running per backend, as the book says. */
import type { Backend } from '#contract';
import type { Logger } from '#platform/log';
import type { Consumer, Queues } from '#platform/queue';
import type { Sealer } from '#platform/store';
import { isDeepStrictEqual } from 'node:util';
import { openBackend, type BackendState } from './backend-state.ts';
import type { Delivering } from './delivering.ts';
import { createGate, type Gate } from './gate.ts';

/**
 * Jobs of one backend under way at once; each holds up to two hundred deliveries, the gate bounds the sends. Under a steady
 * trickle a job holds one or two and waits for its outcome to be stored, so too few of them would be a queue of their own.
 */
const jobsAtOnce = 8;

interface Running {
  definition: Backend;
  state: BackendState;
  gate: Gate;
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
  /** Backends that are consumed now. */
  running(): BackendState[];
  /** Attempts deliveries of a backend that is consumed here, past the queue. Answers whether the backend was asked anything. */
  deliver(slug: string, ids: readonly string[], isProbe?: boolean): Promise<boolean>;
  /** Takes no more jobs and waits for those under way. */
  close(): Promise<void>;
}

/** Makes the consumers; none runs until `follow` is called. */
export function createConsumers(parts: ConsumersParts): Consumers {
  return new BackendConsumers(parts);
}

class BackendConsumers implements Consumers {
  readonly #parts: ConsumersParts;
  readonly #running = new Map<string, Running>();

  constructor(parts: ConsumersParts) {
    this.#parts = parts;
  }

  follow(backends: ReadonlyMap<string, Backend>): void {
    for (const [slug, running] of this.#running) {
      const definition = backends.get(slug);
      if (!definition || definition.paused || !goesOn(running.definition, definition)) this.#stopQuietly(slug);
    }
    for (const [slug, definition] of backends) if (!definition.paused) this.#use(slug, definition);
  }

  running(): BackendState[] {
    return [...this.#running.values()].map(({ state }) => state);
  }

  async deliver(slug: string, ids: readonly string[], isProbe = false): Promise<boolean> {
    const gate = this.#running.get(slug)?.gate;
    if (!gate) return false;
    const current = () => this.#running.get(slug)?.state;
    return this.#parts.delivering.deliver({ slug, current, gate, ids, isProbe });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((slug) => this.#stop(slug)));
  }

  /** Starts a consumer, or gives the one that runs its new settings. */
  #use(slug: string, definition: Backend): void {
    const running = this.#running.get(slug);
    if (running && isDeepStrictEqual(running.definition, definition)) return;
    const { log, sealer } = this.#parts;
    const state = openBackend(slug, definition, sealer);
    if (!state) return log.error({ backend: slug, type: definition.type }, 'backend.type_unknown');
    if (state.fault) log.error({ backend: slug, fault: state.fault }, 'backend.settings_invalid');
    const gate = running?.gate ?? createGate(state.adapter.manifest.limits.concurrency);
    this.#running.set(slug, { definition, state, gate, consumer: running?.consumer ?? this.#consume(state) });
  }

  #consume({ slug, adapter, rate }: BackendState): Promise<Consumer> {
    const { queues } = this.#parts;
    const { concurrency } = adapter.manifest.limits;
    const deliver = async (ids: string[]) => void (await this.deliver(slug, ids));
    if (!rate) return queues.consumeDeliver(slug, deliver, { concurrency: jobsAtOnce });
    // The queue's limit counts jobs, so a job of a limited backend must be one delivery: larger ones are rung again apart.
    const oneByOne = (ids: string[]) =>
      ids.length === 1 ? deliver(ids) : queues.ringDeliver(slug, ids, { perJob: 1 });
    return queues.consumeDeliver(slug, oneByOne, { concurrency, rate });
  }

  #stopQuietly(slug: string): void {
    this.#stop(slug).catch((error: unknown) => this.#parts.log.warn({ error, backend: slug }, 'consumer.stop_failed'));
  }

  async #stop(slug: string): Promise<void> {
    const found = this.#running.get(slug);
    this.#running.delete(slug);
    await (await found?.consumer)?.close();
  }
}

/** Whether a consumer can go on with a new definition; its settings may change, the queue's limit may not. */
function goesOn(running: Backend, definition: Backend): boolean {
  return definition.type === running.type && definition.ratePerSecond === running.ratePerSecond;
}
