/** Remembers a bounded number of findings, each for a while; when there are too many, the oldest go first. */
export class Memory<Value> {
  private readonly kept = new Map<string, { value: Value; until: number }>();
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  /** What is remembered at a time, in milliseconds since 1970; `undefined` when nothing is, or no longer. */
  get(key: string, now: number): Value | undefined {
    const found = this.kept.get(key);
    return found && now < found.until ? found.value : undefined;
  }

  /** Remembers a value until a time, in milliseconds since 1970. */
  set(key: string, value: Value, until: number): void {
    this.kept.delete(key);
    this.kept.set(key, { value, until });
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= this.most) return;
      this.kept.delete(oldest);
    }
  }
}
