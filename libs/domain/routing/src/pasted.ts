import type { EventFacts, PastedEvent } from '#contract';

/** What ingest would fill in where people left it out. */
export interface PastedDefaults {
  id: string;
  source: string;
  /** ISO 8601. */
  time: string;
}

/** Makes an event as rules see it out of one that people wrote down. */
export function factsOfPasted(event: PastedEvent, defaults: PastedDefaults): EventFacts {
  return {
    ...event,
    id: defaults.id,
    source: event.source ?? defaults.source,
    time: event.time ?? defaults.time,
    data: event.data ?? {},
  };
}
