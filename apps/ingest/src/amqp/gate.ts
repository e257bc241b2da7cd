/** Between the AMQP door and the acceptor: while PostgreSQL takes no events, messages wait here, and one of them asks again. */
import { HouseError } from '#contract';
import { isAway } from '#platform/http';
import type { Accepted, NewEvent } from '#platform/store';
import { setTimeout as pause } from 'node:timers/promises';

/** Stores the events of one message. */
export type Accept = (events: NewEvent[]) => Promise<Accepted[]>;

/** Waits, in milliseconds. */
export interface GateTiming {
  /** Before the first new try; each further one waits twice as long. */
  firstGap: number;
  longestGap: number;
}

/** Who is told. */
export interface GateEvents {
  /** PostgreSQL takes no events, and this is what it said first. */
  onClosed: (error: unknown) => void;
  onOpened: () => void;
  /** Whether more messages are welcome: not while those that are here wait. Somebody must be here to ask again. */
  onWelcome: (welcome: boolean) => void;
}

/** A message that broke our own code this often, alone, will do so for ever. */
const tries = 3;

/** Classes of SQLSTATE that speak of the data itself: data exception, constraint violation, program limit exceeded. */
const dataClasses = new Set(['22', '23', '54']);

/** Waits for PostgreSQL on behalf of messages. */
export class Gate {
  readonly #accept: Accept;
  readonly #timing: GateTiming;
  readonly #events: GateEvents;
  #closed = false;
  #asking = false;
  #gapMs: number;
  #inside = 0;
  #welcome = true;
  /** Those who wait until the gate opens, or until it is their turn to ask. */
  readonly #waiting = new Set<() => void>();
  /** The end of the line of messages that are tried alone. */
  #alone: Promise<unknown> = Promise.resolve();

  constructor(accept: Accept, timing: GateTiming, events: GateEvents) {
    this.#accept = accept;
    this.#timing = timing;
    this.#events = events;
    this.#gapMs = timing.firstGap;
  }

  /**
   * Resolves once the events are stored, however long PostgreSQL is away. Rejects with what the events themselves are refused
   * for, and with the abort when `hand` is aborted first.
   */
  async store(events: NewEvent[], hand: AbortSignal): Promise<void> {
    this.#inside += 1;
    this.#welcomeOrNot();
    try {
      await this.#persist(events, hand);
    } finally {
      this.#inside -= 1;
      this.#welcomeOrNot();
    }
  }

  async #persist(events: NewEvent[], hand: AbortSignal): Promise<void> {
    for (let failures = 0, busyMs = 50; ;) {
      const asking = this.#closed && (await this.#turn(hand));
      hand.throwIfAborted();
      try {
        await (failures > 0 ? this.#inLine(events) : this.#accept(events));
        return this.#open();
      } catch (error) {
        if (isBusy(error)) {
          await pause(busyMs * (0.5 + Math.random()), undefined, { signal: hand });
          busyMs = Math.min(busyMs * 2, 1000);
        } else if (isOutage(error)) this.#close(error);
        else if (isRefusal(error) || (failures += 1) >= tries) throw error;
      } finally {
        if (asking) this.#handOn();
      }
    }
  }

  /** Waits until the gate is open (answers false), or until this is the one to ask again (answers true). */
  async #turn(hand: AbortSignal): Promise<boolean> {
    while (this.#closed) {
      hand.throwIfAborted();
      if (this.#asking) {
        await this.#change(hand);
        continue;
      }
      this.#asking = true;
      const gapMs = this.#gapMs;
      this.#gapMs = Math.min(gapMs * 2, this.#timing.longestGap);
      await pause(gapMs, undefined, { signal: hand }).catch((error: unknown) => {
        this.#handOn();
        throw error;
      });
      return true;
    }
    return false;
  }

  #change(hand: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        hand.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      hand.addEventListener('abort', wake, { once: true });
    });
  }

  #handOn(): void {
    this.#asking = false;
    for (const wake of [...this.#waiting]) wake();
  }

  #close(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events.onClosed(error);
    this.#welcomeOrNot();
  }

  #open(): void {
    if (!this.#closed) return;
    this.#closed = false;
    this.#gapMs = this.#timing.firstGap;
    this.#events.onOpened();
    this.#welcomeOrNot();
    for (const wake of [...this.#waiting]) wake();
  }

  #welcomeOrNot(): void {
    const welcome = !this.#closed || this.#inside === 0;
    if (welcome === this.#welcome) return;
    this.#welcome = welcome;
    this.#events.onWelcome(welcome);
  }

  /** Code that breaks takes its whole batch with it. Whoever was in such a batch tries again without the others. */
  #inLine(events: NewEvent[]): Promise<unknown> {
    const mine = this.#alone.then(() => this.#accept(events));
    this.#alone = mine.catch(() => undefined);
    return mine;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof HouseError && error.code === 'RATE_LIMITED';
}

/** Whether the events are refused for what they are. */
function isRefusal(error: unknown): boolean {
  if (error instanceof HouseError) return true;
  const state = sqlStateOf(error);
  return state !== undefined && dataClasses.has(state.slice(0, 2));
}

/** Whether nobody's events are taken: PostgreSQL is away, read-only, out of disk, or lacks a table. */
function isOutage(error: unknown): boolean {
  if (error instanceof HouseError) return error.code === 'UNAVAILABLE';
  return isAway(error) || (sqlStateOf(error) !== undefined && !isRefusal(error));
}

function sqlStateOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}
