/** Bounds on what a producer may send. All of them are answered with an error that names the bound. */
export const limits = {
  /** Largest request body, in bytes. */
  bodyBytes: 8 * 1024 * 1024,
  /** Largest single event, as JSON in UTF-8, in bytes. */
  eventBytes: 256 * 1024,
  /** Most events in one array. */
  eventsPerRequest: 10_000,
  /** Deepest nesting of objects and arrays inside `data`. */
  dataDepth: 32,
  /** Longest `type`, `source`, `subject`, idempotency and correlation key, in characters. */
  attributeChars: 512,
} as const;
