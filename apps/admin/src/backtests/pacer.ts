/** Work that leaves room for others: for every stretch of work a pause. */

/** How a pacer works. */
export interface PacerOptions {
  /** Part of the time that may be worked, more than 0 and at most 1. */
  share: number;
  /** How long the thread has been busy so far, in milliseconds. */
  busyMs(): number;
  pause(ms: number): Promise<void>;
}

/** Shortest stretch of work that is followed by a pause, in milliseconds. */
const stretchMs = 20;

/** Makes pauses. */
export class Pacer {
  readonly #options: PacerOptions;
  #restedAt: number;

  constructor(options: PacerOptions) {
    this.#options = options;
    this.#restedAt = options.busyMs();
  }

  /** Pauses when it is time to. To be called often. */
  async rest(): Promise<void> {
    const { share, busyMs, pause } = this.#options;
    const worked = busyMs() - this.#restedAt;
    if (worked < stretchMs) return;
    if (share < 1) await pause((worked * (1 - share)) / share);
    this.#restedAt = busyMs();
  }
}
