/** Tells the broker what was settled, with as few frames as the order allows. */

/** Acknowledges one delivery, or with `allUpTo` every one up to it. */
export type SendAck = (tag: number, allUpTo: boolean) => void;

/** The deliveries of one channel that are in hand. */
export class Acknowledger {
  readonly #send: SendAck;
  /** Delivery tag → bytes, in the order of delivery. */
  readonly #inHand = new Map<number, number>();
  #settled: number[] = [];
  #bytes = 0;

  constructor(send: SendAck) {
    this.#send = send;
  }

  /** How many deliveries are in hand. */
  get count(): number {
    return this.#inHand.size;
  }

  /** Bytes of the bodies in hand. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Notes a delivery. Tags come in ascending order. */
  take(tag: number, bytes: number): void {
    this.#inHand.set(tag, bytes);
    this.#bytes += bytes;
  }

  /** Notes that a delivery is done with. What is settled in one turn of the event loop is acknowledged together. */
  settle(tag: number): void {
    if (this.#settled.push(tag) === 1) setImmediate(() => this.flush());
  }

  /** Acknowledges what was settled. */
  flush(): void {
    const tags = [...new Set(this.#settled)].filter((tag) => this.#inHand.has(tag)).sort((a, b) => a - b);
    this.#settled = [];
    for (const tag of tags) {
      this.#bytes -= this.#inHand.get(tag)!;
      this.#inHand.delete(tag);
    }
    const oldest = this.#inHand.keys().next().value ?? Infinity;
    const together = tags.findLast((tag) => tag < oldest);
    if (together !== undefined) this.#send(together, true);
    for (const tag of tags) if (tag > oldest) this.#send(tag, false);
  }

  /** Forgets everything: the broker will deliver it again. */
  forget(): void {
    this.#inHand.clear();
    this.#settled = [];
    this.#bytes = 0;
  }
}
