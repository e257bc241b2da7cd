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
  const { maxWeight, maxWaitMs, maxConcurrent, run } = options;
  const weigh = options.weigh ?? (() => 1);
  let waiting: Waiting<In, Out>[] = [];
  let weight = 0;
  let running = 0;
  let underWay = 0;
  let timer: NodeJS.Timeout | undefined;
  let due = false;
  let onIdle: (() => void) | undefined;

  function leave(): void {
    if (waiting.length === 0 || running >= maxConcurrent || !(due || weight >= maxWeight)) return;
    const batch = takeBatch();
    clearTimeout(timer);
    timer = undefined;
    due = false;
    running += 1;
    underWay += batch.length;
    void settle(batch).finally(() => {
      running -= 1;
      underWay -= batch.length;
      // Whoever gathered while all were busy has waited long enough.
      due = waiting.length > 0;
      leave();
      if (running === 0 && waiting.length === 0) onIdle?.();
    });
    if (waiting.length > 0) arm();
    leave();
  }

  function takeBatch(): Waiting<In, Out>[] {
    let count = 0;
    let taken = 0;
    while (count < waiting.length && (count === 0 || taken + weigh(waiting[count]!.item) <= maxWeight)) {
      taken += weigh(waiting[count]!.item);
      count += 1;
    }
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    weight -= taken;
    return batch;
  }

  async function settle(batch: Waiting<In, Out>[]): Promise<void> {
    try {
      const results = await run(batch.map((entry) => entry.item));
      batch.forEach((entry, index) => entry.resolve(results[index]!));
    } catch (error) {
      for (const entry of batch) entry.reject(error);
    }
  }

  function arm(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      due = true;
      leave();
    }, maxWaitMs);
  }

  return {
    add: (item) =>
      new Promise<Out>((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        weight += weigh(item);
        arm();
        if (weight >= maxWeight) leave();
      }),
    get size() {
      return waiting.length + underWay;
    },
    close: async () => {
      due = true;
      const idle = new Promise<void>((resolve) => (onIdle = resolve));
      leave();
      if (running > 0 || waiting.length > 0) await idle;
    },
  };
}
