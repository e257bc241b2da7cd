/** A few of many, spread evenly over them, whatever their number turns out to be. */
export class Samples<T> {
  readonly #most: number;
  #kept: T[] = [];
  #seen = 0;
  /** Every so manieth is kept. */
  #stride = 1;

  constructor(most: number) {
    this.#most = most;
  }

  /** How many there were. */
  get seen(): number {
    return this.#seen;
  }

  /** Takes the next one; `make` is called when it is kept. */
  offer(make: () => T): void {
    const index = this.#seen;
    this.#seen += 1;
    if (index % this.#stride !== 0) return;
    this.#kept.push(make());
    if (this.#kept.length < 2 * this.#most) return;
    this.#kept = this.#kept.filter((_, n) => n % 2 === 0);
    this.#stride *= 2;
  }

  /** The samples, in the order in which they came. */
  all(): T[] {
    const { length } = this.#kept;
    if (length <= this.#most) return this.#kept;
    return Array.from({ length: this.#most }, (_, n) => this.#kept[Math.floor((n * length) / this.#most)]!);
  }
}
