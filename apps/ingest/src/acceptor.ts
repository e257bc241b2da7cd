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
/** Longest time that an event waits for company, in milliseconds. */
const gatherMs = 8;

/** Stores events in shared batches and rings for them once they are committed. */
export interface Acceptor {
  /** Resolves after the commit, with one answer per event in order. */
  accept(events: NewEvent[]): Promise<Accepted[]>;
  close(): Promise<void>;
}

/** The answers to one request, or why PostgreSQL did not take its events. */
type Stored = Accepted[] | Error;

/** Makes the acceptor of a process. */
export function createAcceptor(database: Database, queues: Queues): Acceptor {
  const batcher: Batcher<NewEvent[], Stored> = createBatcher({
    maxWeight: batchEvents,
    maxWaitMs: gatherMs,
    // Few at once, so that the rest gathers into larger batches meanwhile: fewer round trips, fewer commits.
    maxConcurrent: 2,
    weigh: (events) => events.length,
    // A request whose events are refused fails alone, not together with those it shared the batch with.
    run: (requests) =>
      bisect<NewEvent[], Stored>(
        requests,
        (some) => storeTogether(database, queues, some),
        (_request, error) => error,
      ),
  });
  return {
    accept: async (events) => {
      const stored = await batcher.add(events);
      if (stored instanceof Error) throw stored;
      return stored;
    },
    close: () => batcher.close(),
  };
}

async function storeTogether(
  database: Database,
  queues: Queues,
  requests: readonly NewEvent[][],
): Promise<Accepted[][]> {
  const answers = await acceptEvents(database, requests.flat());
  const fresh = answers.filter((answer) => !answer.duplicate);
  eventsAccepted(fresh.length, answers.length - fresh.length);
  // Not awaited: the events are safe, and a ring that is lost is made up for by the sweep.
  if (fresh.length > 0) void queues.ringRoute(fresh.map((answer) => answer.id));
  let start = 0;
  return requests.map((events) => answers.slice(start, (start += events.length)));
}
