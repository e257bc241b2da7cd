/** Holds what arrived, up to a bound, and lets tests wait for a number of arrivals instead of sleeping. */
export class Arrivals<T> {
  private kept: T[] = [];
  private watchers = new Set<() => void>();
  private counted = 0;

  /** @param bound Most items kept; older ones are dropped, the count goes on. */
  constructor(private readonly bound = 10_000) {}

  /** How many arrived in all. */
  get count(): number {
    return this.counted;
  }

  /** Adds one. */
  add(item: T): void {
    this.counted += 1;
    this.kept.push(item);
    // Dropped in lumps: shifting one at a time would cost a copy of the array per arrival.
    if (this.kept.length >= this.bound * 2) this.kept = this.kept.slice(-this.bound);
    for (const watcher of this.watchers) watcher();
  }

  /** What is kept, oldest first. */
  all(): T[] {
    return this.kept.slice(-this.bound);
  }

  /** Waits until `count` arrived in all. Rejects after `timeoutMs`, saying how many came. */
  async until(count: number, timeoutMs = 5000): Promise<T[]> {
    if (this.counted >= count) return this.all();
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.watchers.delete(watcher);
        settle();
      };
      const watcher = () => {
        if (this.counted >= count) finish(() => resolve(this.all()));
      };
      const late = () => new Error(`${this.counted} of ${count} arrived within ${timeoutMs} ms`);
      const timer = setTimeout(() => finish(() => reject(late())), timeoutMs);
      this.watchers.add(watcher);
    });
  }

  /** Forgets everything. */
  clear(): void {
    this.kept = [];
    this.counted = 0;
  }
}
