/** Joins many small calls into few large ones: one round trip and one commit for all that arrived within a moment. */

/** How a batcher gathers. */
export interface BatcherOptions<In, Out> {
  /** Weight at which a batch leaves at once. */
  maxWeight: number;
  /** Longest time that an item waits for company, in milliseconds. */
  maxWaitMs: number;
  /** Batches under way at once. While all are busy, items gather beyond `maxWaitMs`. */
  maxConcurrent: number;
  /** What an item counts for; 1 when absent. */
  weigh?: (item: In) => number;
  /** Does the work; answers one result per item, in order. A throw rejects every item of the batch. */
  run: (items: In[]) => Promise<Out[]>;
}

/** A gatherer of items. */
export interface Batcher<In, Out> {
  /** Hands in one item; resolves with its result once the batch it joined is done. */
  add(item: In): Promise<Out>;
  /** Items that wait or are under way. */
  readonly size: number;
  /** Rejects everything that waits with this error; what is under way goes on. */
  abandon(error: unknown): void;
  /** Sends off what waits and resolves when all is done. */
  close(): Promise<void>;
}

interface Waiting<In, Out> {
  item: In;
  resolve: (out: Out) => void;
  reject: (error: unknown) => void;
}

/** Makes a batcher. */
export function createBatcher<In, Out>(options: BatcherOptions<In, Out>): Batcher<In, Out> {
  return new GatheringBatcher(options);
}

class GatheringBatcher<In, Out> implements Batcher<In, Out> {
  readonly #options: BatcherOptions<In, Out>;
  readonly #weigh: (item: In) => number;
  #waiting: Waiting<In, Out>[] = [];
  #weight = 0;
  #running = 0;
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Whether what waits has waited long enough. */
  #due = false;
  #onIdle: (() => void) | undefined;

  constructor(options: BatcherOptions<In, Out>) {
    this.#options = options;
    this.#weigh = options.weigh ?? (() => 1);
  }

  get size(): number {
    return this.#waiting.length + this.#underWay;
  }

  add(item: In): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#weight += this.#weigh(item);
      this.#arm();
      if (this.#weight >= this.#options.maxWeight) this.#leave();
    });
  }

  abandon(error: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#weight = 0;
    this.#due = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const entry of waiting) entry.reject(error);
    if (this.size === 0) this.#onIdle?.();
  }

  async close(): Promise<void> {
    this.#due = true;
    const idle = new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.#leave();
    if (this.size > 0) await idle;
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#due = true;
      this.#leave();
    }, this.#options.maxWaitMs);
  }

  #leave(): void {
    const { maxConcurrent, maxWeight } = this.#options;
    while (this.#waiting.length > 0 && this.#running < maxConcurrent && (this.#due || this.#weight >= maxWeight)) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#due = false;
      void this.#settle(this.#takeBatch());
      if (this.#waiting.length > 0) this.#arm();
    }
  }

  #takeBatch(): Waiting<In, Out>[] {
    let count = 0;
    let taken = 0;
    for (const { item } of this.#waiting) {
      const weight = this.#weigh(item);
      if (count > 0 && taken + weight > this.#options.maxWeight) break;
      taken += weight;
      count += 1;
    }
    this.#weight -= taken;
    return this.#waiting.splice(0, count);
  }

  async #settle(batch: Waiting<In, Out>[]): Promise<void> {
    this.#running += 1;
    this.#underWay += batch.length;
    try {
      const results = await this.#options.run(batch.map((entry) => entry.item));
      batch.forEach((entry, index) => entry.resolve(results[index]!));
    } catch (error) {
      for (const entry of batch) entry.reject(error);
    }
    this.#running -= 1;
    this.#underWay -= batch.length;
    // Whoever gathered while all were busy has waited long enough.
    this.#due = this.#waiting.length > 0;
    this.#leave();
    if (this.size === 0) this.#onIdle?.();
  }
}
