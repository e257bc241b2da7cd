/** The days of a span on the clock of a place. */

const dayMs = 86_400_000;
/** Clocks are set, and days begin, at quarters of an hour UTC wherever there are people. */
const quarterMs = 900_000;

/** Numbers the days of a span. Cheap for moments that come in order. */
export class Calendar {
  /** `2026-11-20`, by number: in the order in which they were asked for. */
  readonly names: string[] = [];
  /** Most days that there can be. */
  readonly size: number;
  readonly #format: Intl.DateTimeFormat;
  readonly #numbers = new Map<string, number>();
  #quarter: number | undefined;
  #last = 0;

  /** The span is in milliseconds since 1970. */
  constructor(timeZone: string, fromMs: number, toMs: number) {
    // Both ends may lie within a day, and where clocks are set a day is shorter.
    this.size = Math.ceil((toMs - fromMs) / dayMs) + 2;
    // The Swedish way to write a date is ISO 8601.
    this.#format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  }

  /** Number of the day of a moment, in milliseconds since 1970. */
  numberOf(atMs: number): number {
    const quarter = Math.floor(atMs / quarterMs);
    if (quarter === this.#quarter) return this.#last;
    this.#quarter = quarter;
    const name = this.#format.format(atMs);
    this.#last = this.#numbers.get(name) ?? this.names.push(name) - 1;
    this.#numbers.set(name, this.#last);
    return this.#last;
  }
}
