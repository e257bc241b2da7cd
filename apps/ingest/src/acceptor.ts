import { HouseError } from '#contract';
import { isAway } from '#platform/http';
import { eventsAccepted } from '#platform/metrics';
import type { Queues } from '#platform/queue';
import {
  acceptEvents,
  bisect,
  createBatcher,
  type Accepted,
  type Batcher,
  type Database,
  type NewEvent,
} from '#platform/store';

/** Most events in one INSERT. */
const batchEvents = 500;
/** Characters that count as much as one event in a batch: full batches of large events stay near 8 Mi characters. */
const charsPerEvent = 16 * 1024;
/** Longest time that an event waits for company, in milliseconds. */
const gatherMs = 8;
/** Seconds after which a refused producer may try again: by then a batch or two has gone. */
const busySeconds = 1;
/** Seconds after which a producer may try again while PostgreSQL is away. */
const awaySeconds = 2;
/** Rings under way at once. A queue that hangs must not gather ids without end; the sweep rings for what was left out. */
const mostRings = 100;

/** How much a door may hold at once, waiting and under way. */
export interface DoorBounds {
  events: number;
  /** Characters of data. The parsed form of JSON takes up to twenty times its text. */
  chars: number;
}

/**
 * What a door of ours holds at most: two arrays of the largest size, or a few seconds of what PostgreSQL takes; and of data
 * four times the largest body. Beyond that waiting only costs memory, so the producer waits instead.
 */
const doorBounds: DoorBounds = { events: 20_000, chars: 32 * 1024 * 1024 };

/** Stores events in shared batches and rings for them once they are committed. */
export interface Acceptor {
  /**
   * Resolves after the commit, with one answer per event in order. Rejects at once with `RATE_LIMITED` when too much waits
   * already, and with `UNAVAILABLE` while PostgreSQL is known to be away; nothing of the request was stored then.
   */
  accept(events: NewEvent[]): Promise<Accepted[]>;
  /** Why nothing at all would be accepted now; `undefined` when something might be. For those who can ask before they read. */
  refusal(): HouseError | undefined;
  close(): Promise<void>;
}

/** The answers to one request, or why PostgreSQL did not take its events. */
type Stored = Accepted[] | Error;

/** Makes the acceptor of a process. */
export function createAcceptor(database: Database, queues: Queues, bounds: DoorBounds = doorBounds): Acceptor {
  return new BoundedAcceptor(database, queues, bounds);
}

class BoundedAcceptor implements Acceptor {
  readonly #database: Database;
  readonly #queues: Queues;
  readonly #bounds: DoorBounds;
  readonly #batcher: Batcher<NewEvent[], Stored>;
  /** What waits or is under way. */
  #events = 0;
  #chars = 0;
  #rings = 0;
  /** Settles with the batches that were begun so far. */
  #begun: Promise<unknown> = Promise.resolve();
  #away = false;
  /** Whether a request is finding out if PostgreSQL is back; the others are refused meanwhile. */
  #probing = false;

  constructor(database: Database, queues: Queues, bounds: DoorBounds) {
    this.#database = database;
    this.#queues = queues;
    this.#bounds = bounds;
    this.#batcher = createBatcher({
      maxWeight: batchEvents,
      maxWaitMs: gatherMs,
      // Few at once, so that the rest gathers into larger batches meanwhile: fewer round trips, fewer commits.
      maxConcurrent: 2,
      weigh: (events) => Math.max(events.length, charsOf(events) / charsPerEvent),
      run: (requests) => this.#runAfter(this.#begun, requests),
    });
  }

  async accept(events: NewEvent[]): Promise<Accepted[]> {
    const chars = charsOf(events);
    const refusal = this.#refusalOf(events.length, chars);
    if (refusal) throw refusal;
    const probe = this.#away;
    if (probe) this.#probing = true;
    this.#events += events.length;
    this.#chars += chars;
    try {
      const stored = await this.#batcher.add(events);
      if (stored instanceof Error) throw stored;
      return stored;
    } finally {
      this.#events -= events.length;
      this.#chars -= chars;
      if (probe) this.#probing = false;
    }
  }

  close(): Promise<void> {
    return this.#batcher.close();
  }

  refusal(): HouseError | undefined {
    return this.#refusalOf(1, 1);
  }

  /** One request is always taken, whatever its size: its form was checked, and it must be able to pass some day. */
  #refusalOf(events: number, chars: number): HouseError | undefined {
    if (this.#away && this.#probing) return unavailable();
    if (this.#events === 0) return undefined;
    if (this.#events + events <= this.#bounds.events && this.#chars + chars <= this.#bounds.chars) return undefined;
    return new HouseError('RATE_LIMITED', {
      detail: `${this.#events} events wait to be stored already. Nothing of this request was stored.`,
      retryAfterSeconds: busySeconds,
    });
  }

  /**
   * Two batches may be on their way to the disk. Each rings only when those before it are there: a later event must not be
   * delivered before an earlier one is known.
   */
  #runAfter(earlier: Promise<unknown>, requests: NewEvent[][]): Promise<Stored[]> {
    const running = this.#run(requests, earlier);
    this.#begun = Promise.allSettled([earlier, running]);
    return running;
  }

  /** A request whose events are refused fails alone, not together with those it shared the batch with. */
  async #run(requests: NewEvent[][], earlier: Promise<unknown>): Promise<Stored[]> {
    try {
      const stored = await bisect<NewEvent[], Stored>(
        requests,
        (some) => this.#storeTogether(some, earlier),
        (_request, error) => error,
      );
      this.#away = false;
      return stored;
    } catch (error) {
      if (!isAway(error)) throw error;
      // Whoever waits behind would only learn the same, later. One request at a time finds out when it is over.
      this.#away = true;
      this.#batcher.abandon(unavailable(error));
      throw unavailable(error);
    }
  }

  async #storeTogether(requests: readonly NewEvent[][], earlier: Promise<unknown>): Promise<Accepted[][]> {
    const answers = await acceptEvents(this.#database, requests.flat());
    const fresh = answers.filter((answer) => !answer.duplicate);
    eventsAccepted(fresh.length, answers.length - fresh.length);
    if (fresh.length > 0)
      this.#ring(
        fresh.map((answer) => answer.id),
        earlier,
      );
    let start = 0;
    return requests.map((events) => answers.slice(start, (start += events.length)));
  }

  /** Not awaited: the events are safe, and a ring that is lost is made up for by the sweep. */
  #ring(ids: string[], earlier: Promise<unknown>): void {
    if (this.#rings >= mostRings) return;
    this.#rings += 1;
    void earlier.then(() => this.#queues.ringRoute(ids)).finally(() => (this.#rings -= 1));
  }
}

function charsOf(events: readonly NewEvent[]): number {
  return events.reduce((sum, { dataText }) => sum + (dataText?.length ?? 0), 0);
}

function unavailable(cause?: unknown): HouseError {
  return new HouseError('UNAVAILABLE', {
    detail: 'PostgreSQL does not answer. Events with idempotency keys can be sent again without harm.',
    retryAfterSeconds: awaySeconds,
    ...(cause === undefined ? {} : { cause }),
  });
}
