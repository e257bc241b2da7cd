/**
 * The facts of events that passed through this process a moment ago. An event never changes once it is stored, so whoever
 * routes or delivers it in the same process need not ask PostgreSQL for what was just written. Whether it still is to be
 * routed is another matter, and decided where that is written.
 */
import type { EventFacts } from '#contract';

/** Most memory that the cached events may take, in characters of their data. */
const mostChars = 16 * 1024 * 1024;
/** Most events. */
const mostEvents = 20_000;

/** An event as it was stored. */
export interface StoredFacts {
  facts: EventFacts;
  /** Version of the rule book when it was stored: a rule that was saved before it was sent counts for it. */
  bookVersion: bigint;
}

/** A bounded memory of events; the oldest go first. */
export class EventCache {
  readonly #events = new Map<string, StoredFacts & { chars: number }>();
  #chars = 0;

  /** Keeps an event; `chars` is the length of its data as JSON. */
  put(facts: EventFacts, bookVersion: bigint, chars: number): void {
    this.#events.set(facts.id, { facts, bookVersion, chars });
    this.#chars += chars;
    for (const id of this.#events.keys()) {
      if (this.#chars <= mostChars && this.#events.size <= mostEvents) break;
      this.forget(id);
    }
  }

  /** The event, if it passed a moment ago. */
  get(id: string): StoredFacts | undefined {
    return this.#events.get(id);
  }

  /** Forgets an event that is to be looked at anew. */
  forget(id: string): void {
    this.#chars -= this.#events.get(id)?.chars ?? 0;
    this.#events.delete(id);
  }
}
