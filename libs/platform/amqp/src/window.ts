/** How many messages may be in hand, so that they fit into memory whatever their size. AMQP itself counts, and does not weigh. */

/** Bytes that a full window of the largest messages seen may have. */
const aimBytes = 64 * 1024 * 1024;
/** Bytes in hand at which the connection is dropped, because the size of what came was not foreseen. */
const mostBytes = 4 * aimBytes;

/** The window of one door. It outlives connections, so that a flood of large messages is met once. */
export class Window {
  readonly #most: number;
  #largest = 0;

  /** `most` is the size of the window for small messages. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Messages that may be in hand at present: at least one, and a power of two below the most, so that it seldom changes. */
  get size(): number {
    const fits = Math.floor(aimBytes / Math.max(this.#largest, 1));
    return fits >= this.#most ? this.#most : 2 ** Math.floor(Math.log2(Math.max(fits, 1)));
  }

  /** Notes the size of a message, in bytes. */
  saw(bytes: number): void {
    if (bytes > this.#largest) this.#largest = bytes;
  }

  /** Whether so much is in hand that it endangers the process. One message alone never is too much. */
  overfull(bytes: number): boolean {
    return bytes > mostBytes && bytes > this.#largest;
  }

  /** Forgets large messages gradually: called every few seconds, it takes some minutes. */
  forget(): void {
    this.#largest = Math.floor(this.#largest * 0.9);
  }
}
