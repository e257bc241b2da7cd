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

/** A bounded memory of events; the oldest go first. */
export class EventCache {
  readonly #events = new Map<string, { facts: EventFacts; chars: number }>();
  #chars = 0;

  /** Keeps an event; `chars` is the length of its data as JSON. */
  put(facts: EventFacts, chars: number): void {
    this.#events.set(facts.id, { facts, chars });
    this.#chars += chars;
    for (const [id, oldest] of this.#events) {
      if (this.#chars <= mostChars && this.#events.size <= mostEvents) break;
      this.#events.delete(id);
      this.#chars -= oldest.chars;
    }
  }

  /** The event, if it passed a moment ago. */
  get(id: string): EventFacts | undefined {
    return this.#events.get(id)?.facts;
  }
}
