/** Messages by recipient or room and by day, by both books. */
import { backtestLimits, type BacktestResult } from '#contract';
import type { PlannedRoute } from '#domain/routing';
import type { Calendar } from './calendar.ts';

/** Which of the two books: 0 the live one, 1 that with the draft. */
export type Side = 0 | 1;

/** Names of rooms may come from events, so there may be any number of them; beyond this many they are counted as one. */
const mostNames = 10_000;

/** Who hears of a delivery: the slug of a recipient, or `room:` with backend and address. No slug holds a colon. */
export function listenerOf({ recipient, backend, to }: Pick<PlannedRoute, 'recipient' | 'backend' | 'to'>): string {
  return recipient ?? `room:${backend}/${to}`;
}

/** The part of an answer that says who hears. */
export function whomOf(listener: string): { recipient?: string; room?: string } {
  return listener.startsWith('room:') ? { room: listener.slice('room:'.length) } : { recipient: listener };
}

type DayCount = BacktestResult['days'][number];
type ListedAs = Pick<BacktestResult, 'days' | 'recipients' | 'otherRecipients'>;

/** Counts messages. Each name takes eight bytes for each day of the span. */
export class Listeners {
  readonly #calendar: Calendar;
  readonly #counts = new Map<string, Uint32Array>();
  readonly #beyond: Uint32Array;
  readonly #all: Uint32Array;

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
    this.#beyond = this.#blank();
    this.#all = this.#blank();
  }

  /** Counts one message of a day. */
  add(listener: string, day: number, side: Side): void {
    const place = 2 * day + side;
    let counts = this.#counts.get(listener);
    if (!counts) {
      counts = this.#counts.size < mostNames ? this.#blank() : this.#beyond;
      if (counts !== this.#beyond) this.#counts.set(listener, counts);
    }
    counts[place] = counts[place]! + 1;
    this.#all[place] = this.#all[place]! + 1;
  }

  /** What was counted, those for whom most changes first. */
  listed(): ListedAs {
    const all = [...this.#counts].map(([name, counts]) => ({
      name,
      counts,
      change: changeOf(counts),
      sum: sumOf(counts),
    }));
    all.sort((a, b) => b.change - a.change || b.sum.after - a.sum.after || (a.name < b.name ? -1 : 1));
    const shown = all.slice(0, backtestLimits.listed);
    const beyond = sumOf(this.#beyond);
    const others = all.slice(shown.length).map(({ sum }) => sum);
    if (beyond.before + beyond.after > 0) others.push(beyond);
    return {
      days: this.#days(this.#all),
      recipients: shown.map(({ name, counts, sum }) => ({ ...whomOf(name), ...sum, days: this.#days(counts) })),
      otherRecipients: {
        count: others.length,
        before: others.reduce((total, { before }) => total + before, 0),
        after: others.reduce((total, { after }) => total + after, 0),
      },
    };
  }

  #days(counts: Uint32Array): DayCount[] {
    const { names } = this.#calendar;
    const days = names.map((day, n) => ({ day, before: counts[2 * n]!, after: counts[2 * n + 1]! }));
    return days.filter(({ before, after }) => before + after > 0);
  }

  #blank(): Uint32Array {
    return new Uint32Array(2 * this.#calendar.size);
  }
}

/** A message that moves to another day is a change too. */
function changeOf(counts: Uint32Array): number {
  let change = 0;
  for (let n = 0; n < counts.length; n += 2) change += Math.abs(counts[n + 1]! - counts[n]!);
  return change;
}

function sumOf(counts: Uint32Array): { before: number; after: number } {
  let [before, after] = [0, 0];
  for (let n = 0; n < counts.length; n += 2) {
    before += counts[n]!;
    after += counts[n + 1]!;
  }
  return { before, after };
}
