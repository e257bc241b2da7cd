/**
 * The clocks of places. `Intl` knows every zone but takes about 4 µs to say one offset, so the offsets of a year are
 * looked up once and kept. A local time is written as the milliseconds that a UTC clock with the same hands would show.
 */

/** One minute in milliseconds. */
export const minuteMs = 60_000;
/** One hour in milliseconds. */
export const hourMs = 3_600_000;
/** One day of 24 hours in milliseconds. */
export const dayMs = 86_400_000;

/**
 * How far apart the offsets of a year are probed. Two changes that cancel each other out within one step would be missed;
 * the nearest pair of any zone since 1970 stood 7 days apart (Brazil, October 2000).
 */
const probeMs = 4 * dayMs;
const mostYears = 300;
const mostZones = 1000;

/** A span in which a clock runs evenly; it ends where the clock is changed, or with the year (UTC). */
export interface EvenSpan {
  /** First instant of the span. */
  from: number;
  /** First instant after it. */
  to: number;
  /** Local time minus UTC. */
  offsetMs: number;
}

/** The clock of one time zone. */
export class ZoneClock {
  /** Canonical name of the zone. */
  readonly name: string;
  private readonly format: Intl.DateTimeFormat;
  private readonly years = new Map<number, EvenSpan[]>();
  private last: EvenSpan = { from: 0, to: 0, offsetMs: 0 };

  constructor(timeZone: string) {
    const numeric = 'numeric' as const;
    const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric };
    this.format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...fields });
    this.name = this.format.resolvedOptions().timeZone;
  }

  /** The even span that holds an instant. */
  spanAt(instant: number): EvenSpan {
    if (instant >= this.last.from && instant < this.last.to) return this.last;
    const spans = this.spansOf(new Date(instant).getUTCFullYear());
    this.last = spans.find(({ to }) => instant < to)!;
    return this.last;
  }

  /** What the clock shows at an instant. */
  localOf(instant: number): number {
    return instant + this.spanAt(instant).offsetMs;
  }

  /**
   * When the clock shows a local time. A time that is skipped is moved forward by the length of the gap; of a time that
   * comes twice the first is taken.
   */
  instantOf(local: number): number {
    // Offsets lie between -12 and +14 hours, so a day either way is on the two sides of any change nearby.
    const before = local - this.spanAt(local - dayMs).offsetMs;
    const after = local - this.spanAt(local + dayMs).offsetMs;
    const fits = [before, after].filter((instant) => this.localOf(instant) === local);
    return fits.length === 0 ? before : Math.min(...fits);
  }

  /** The first instant after `instant` at which the clock shows `local` or is changed, whichever comes first. */
  nextAt(instant: number, local: number): number {
    const { to, offsetMs } = this.spanAt(instant);
    return Math.min(local - offsetMs, to);
  }

  private spansOf(year: number): EvenSpan[] {
    const known = this.years.get(year);
    if (known) return known;
    if (this.years.size >= mostYears) this.years.clear();
    const spans = this.probe(Date.UTC(year, 0), Date.UTC(year + 1, 0));
    this.years.set(year, spans);
    return spans;
  }

  private probe(from: number, to: number): EvenSpan[] {
    const spans = [{ from, to, offsetMs: this.offsetAt(from) }];
    for (let low = from; low < to; low += probeMs) {
      const high = Math.min(low + probeMs, to - 1000);
      const offsetMs = this.offsetAt(high);
      const open = spans.at(-1)!;
      if (offsetMs === open.offsetMs) continue;
      open.to = this.changeBetween(low, high, open.offsetMs);
      spans.push({ from: open.to, to, offsetMs });
    }
    return spans;
  }

  /** The second in which the offset ceases to be `offsetMs`. */
  private changeBetween(low: number, high: number, offsetMs: number): number {
    let [same, other] = [low / 1000, high / 1000];
    while (other - same > 1) {
      const middle = Math.floor((same + other) / 2);
      if (this.offsetAt(middle * 1000) === offsetMs) same = middle;
      else other = middle;
    }
    return other * 1000;
  }

  private offsetAt(instant: number): number {
    const numbers = this.format.format(instant).match(/\d+/g)!.map(Number) as [number, number, number, ...number[]];
    const [month, day, year, hour, minute, second] = numbers;
    return Date.UTC(year, month - 1, day, hour, minute, second) - instant;
  }
}

/** By the names that were asked for, and by the canonical one, so that spellings of a name share a clock. */
const clocks = new Map<string, ZoneClock>();

/** The clock of an IANA zone; a `RangeError` for one that the machine does not know. */
export function clockOf(timeZone: string): ZoneClock {
  const known = clocks.get(timeZone);
  if (known) return known;
  if (clocks.size >= mostZones) clocks.clear();
  const made = new ZoneClock(timeZone);
  const clock = clocks.get(made.name) ?? made;
  clocks.set(made.name, clock).set(timeZone, clock);
  return clock;
}

/** Whether the machine knows a time zone by this name. */
export function isZone(name: string): boolean {
  try {
    clockOf(name);
    return true;
  } catch {
    return false;
  }
}

/** The instant of a moment of the book: `2026-11-20T09:00` on the clock given, or with an offset on its own. */
export function instantOfMoment(clock: ZoneClock, moment: string): number {
  return moment.length > 16 ? Date.parse(moment) : clock.instantOf(Date.parse(`${moment}Z`));
}

/** Number of a calendar day since 1970-01-01, from its text. */
export function dayOf(date: string): number {
  return Date.parse(`${date}T00:00Z`) / dayMs;
}

/** Text of a calendar day, from its number. */
export function dateOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}
