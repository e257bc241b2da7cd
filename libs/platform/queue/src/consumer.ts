/** A consumer that knows when its worker last asked for work, and that can get a new worker. */
import type { Job } from 'bullmq';
import { setTimeout as pause } from 'node:timers/promises';
import type { Consumer, ConsumeOptions, WorkerHealth } from './queues.ts';
import type { OpenWorker, WorkerParts } from './servers.ts';

/** How long a worker may take to close after its last job is done, in milliseconds; the server may be away. */
const closeWithinMs = 2000;

/** What a consumer is made of. */
export interface ConsumerParts {
  queue: string;
  options: ConsumeOptions;
  handle(job: Job): Promise<void>;
  /** Makes a worker that calls `fetched` whenever the queue has answered it. */
  open(parts: WorkerParts): OpenWorker;
  /** Whether the server is known to be away. */
  isAway(): boolean;
  /** Hears of every sign of life. */
  fetched(): void;
  /** Hears of a job whose handler threw. */
  failed(job: Job, error: unknown): void;
  closed(consumer: WatchedConsumer): void;
}

/** One queue's consumer in this process. */
export class WatchedConsumer implements Consumer {
  readonly queue: string;
  readonly #parts: ConsumerParts;
  readonly #underWay = new Set<Promise<void>>();
  #open: OpenWorker;
  #fetchedAt = Date.now();
  #calmedAt = Date.now();
  #stuck = false;

  constructor(parts: ConsumerParts) {
    this.queue = parts.queue;
    this.#parts = parts;
    this.#open = this.#make();
  }

  /** Milliseconds since the worker last took a job or found that there is none. */
  idleMs(): number {
    return Date.now() - this.#fetchedAt;
  }

  /** Milliseconds since there last was an answer to why the worker asks for nothing. */
  quietMs(): number {
    return Date.now() - Math.max(this.#fetchedAt, this.#calmedAt);
  }

  /** There is a good reason for the worker to ask for nothing: no job waits, or the server is away. */
  calm(): void {
    this.#calmedAt = Date.now();
  }

  /** Whether the worker could take one more job. */
  hasRoom(): boolean {
    return this.#underWay.size < this.#parts.options.concurrency;
  }

  /** Jobs per period, where the backend has such a limit; it may well hold the worker back. */
  rate(): ConsumeOptions['rate'] {
    return this.#parts.options.rate;
  }

  /** What there is to know without asking the server. */
  health(): WorkerHealth {
    return { queue: this.queue, idleMs: this.idleMs(), stuck: this.#stuck };
  }

  /** Puts a new worker in the place of one that hangs; it counts as stuck until it fetches. Jobs under way go on. */
  rebuild(): Promise<void> {
    const old = this.#open;
    this.#stuck = true;
    this.#open = this.#make();
    return old.discard();
  }

  async close(): Promise<void> {
    const { closed, isAway } = this.#parts;
    closed(this);
    const open = this.#open;
    // Without its server a worker can take no job, nor tell that one is done, nor close.
    const closing = isAway() ? undefined : open.close();
    await Promise.all(this.#underWay);
    if (!closing || !(await isDoneSoon(closing))) await isDoneSoon(open.discard());
  }

  #make(): OpenWorker {
    this.calm();
    const make = { open: undefined as OpenWorker | undefined };
    const fetched = () => {
      // Nobody is fooled by a discarded worker that comes to life once more.
      if (!make.open || make.open === this.#open) this.#fetched();
    };
    const handle = (job: Job) => this.#run(job);
    return (make.open = this.#parts.open({ handle, options: this.#parts.options, fetched }));
  }

  #fetched(): void {
    this.#fetchedAt = Date.now();
    this.#stuck = false;
    this.#parts.fetched();
  }

  #run(job: Job): Promise<void> {
    this.#fetched();
    const running = this.#parts.handle(job);
    const ended = running.then(
      () => undefined,
      (error: unknown) => this.#parts.failed(job, error),
    );
    this.#underWay.add(ended);
    void ended.then(() => this.#underWay.delete(ended));
    return running;
  }
}

async function isDoneSoon(closing: Promise<void>): Promise<boolean> {
  const inTime = new AbortController();
  const late = pause(closeWithinMs, false, { signal: inTime.signal }).catch(() => false);
  return Promise.race([closing.then(() => true), late]).finally(() => inTime.abort());
}
