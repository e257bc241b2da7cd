/** Knows whether the server behind the queues is there, and lets nobody wait long for one that is not. */
import { queueAway } from '#platform/metrics';
import type { Logger } from '#platform/log';
import { reasonOf } from './trouble.ts';

/** How long a server may take to answer before it counts as away, in milliseconds. */
const patienceMs = 2000;
/** The last part of the patience, so that a process that itself stood still reads what came in before it gives up. */
const lastLookMs = 100;
/** Wait between probes while the server is away, in milliseconds. */
const probeEveryMs = 1000;

/** What there is to know about a server. */
export interface ReachabilityParts {
  log: Logger;
  /** Asks for one small thing that only a working server can do. Throws when it cannot. */
  probe(): Promise<unknown>;
  /** How often to probe a server from which nothing was heard, in milliseconds. Absent: only when something failed. */
  restMs?: number | undefined;
}

/** The server did not answer in time. */
export class NoAnswer extends Error {
  constructor() {
    super(`no answer within ${patienceMs} ms`);
  }
}

/** Whether a server is there; one line in the log when it goes, one when it is back. */
export class Reachability {
  readonly #parts: ReachabilityParts;
  readonly #waiting = new Set<(error: Error) => void>();
  #awaySince: number | undefined;
  #heardAt = Date.now();
  #probing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: ReachabilityParts) {
    this.#parts = parts;
    this.#plan();
  }

  /** Whether the server is known to be away. */
  isAway(): boolean {
    return this.#awaySince !== undefined;
  }

  /** Something that the server did shows that it is there. */
  heard(): void {
    if (this.#awaySince === undefined) this.#heardAt = Date.now();
  }

  /** The server is away for certain. Whoever waits for it stops waiting. */
  gone(error: unknown): void {
    if (this.#closed || this.#awaySince !== undefined) return;
    this.#awaySince = Date.now();
    queueAway(true);
    this.#parts.log.warn({ reason: reasonOf(error) }, 'queue.away');
    const failure = error instanceof Error ? error : new Error(reasonOf(error));
    for (const giveUp of [...this.#waiting]) giveUp(failure);
    this.#plan();
  }

  /** Something failed, or a connection came up: finds out now. */
  suspect(): void {
    if (!this.#closed) void this.#ask();
  }

  /** Waits for an answer, but no longer than the patience, and no longer than until the server is known to be away. */
  within<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let timer = setTimeout(() => {
        timer = setTimeout(() => settle(() => reject(new NoAnswer())), lastLookMs);
      }, patienceMs - lastLookMs);
      const giveUp = (error: Error) => settle(() => reject(error));
      const settle = (how: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(giveUp);
        how();
      };
      this.#waiting.add(giveUp);
      work.then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(error as Error)),
      );
    });
  }

  /** Probes no more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    if (this.isAway()) queueAway(false);
  }

  #ask(): Promise<void> {
    this.#probing ??= this.within(this.#parts.probe())
      .then(
        () => this.#back(),
        (error: unknown) => this.gone(error),
      )
      .finally(() => (this.#probing = undefined));
    return this.#probing;
  }

  #back(): void {
    this.#heardAt = Date.now();
    if (this.#closed || this.#awaySince === undefined) return;
    this.#parts.log.info({ awayMs: Date.now() - this.#awaySince }, 'queue.back');
    this.#awaySince = undefined;
    queueAway(false);
    this.#plan();
  }

  /** The next look is due when nothing will have been heard for so long. */
  #plan(): void {
    clearTimeout(this.#timer);
    const { restMs } = this.#parts;
    if (this.#closed || (restMs === undefined && !this.isAway())) return;
    const waitMs = this.isAway() ? probeEveryMs : Math.max(0, this.#heardAt + restMs! - Date.now());
    this.#timer = setTimeout(() => void this.#look(), waitMs).unref();
  }

  async #look(): Promise<void> {
    const { restMs = 0 } = this.#parts;
    if (this.isAway() || Date.now() - this.#heardAt >= restMs) await this.#ask();
    this.#plan();
  }
}
