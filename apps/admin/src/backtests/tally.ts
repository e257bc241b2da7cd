/** What two books did with events, counted: bounded in memory, however many events there are. */
import {
  backtestLimits,
  toPublicId,
  uuidTimeMs,
  type BacktestDelivery,
  type BacktestResult,
  type BacktestSample,
  type EventFacts,
} from '#contract';
import type { PlannedRoute, RoutePlan } from '#domain/routing';
import type { Calendar } from './calendar.ts';
import { listenerOf, Listeners, whomOf, type Side } from './listeners.ts';
import { Samples } from './samples.ts';

/** What one book did with an event. */
export interface Planned {
  plan: Pick<RoutePlan, 'rules' | 'deliveries'>;
  /** Why the `when` of rules failed. */
  whenNotes: readonly string[];
}

/** What is known of the tally at its end. */
export type TallyResult = Omit<BacktestResult, 'from' | 'to' | 'timeZone' | 'revision'>;

const sides: readonly Side[] = [0, 1];

/** Counts what two books did with the same events. */
export class Tally {
  events = 0;
  readonly #calendar: Calendar;
  readonly #listeners: Listeners;
  /** By slug: matched and messages, each by both books. */
  readonly #rules = new Map<string, [Pair, Pair]>();
  readonly #messages: Pair = [0, 0];
  readonly #whenFailed: Pair = [0, 0];
  /** Event by reason. */
  readonly #notes = new Map<string, string>();
  readonly #samples = new Samples<BacktestSample>(backtestLimits.samples);
  #unplanned = 0;

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
    this.#listeners = new Listeners(calendar);
  }

  /** Counts an event and what the live book and that with the draft did with it. */
  add(event: EventFacts, planned: readonly [before: Planned, after: Planned]): void {
    this.events += 1;
    const day = this.#calendar.numberOf(uuidTimeMs(event.id));
    for (const side of sides) this.#addSide(event, day, side, planned[side]);
    const [before, after] = planned.map(({ plan }) => plan.deliveries) as [PlannedRoute[], PlannedRoute[]];
    if (isSame(before, after)) return;
    const [added, removed] = [missingIn(before, after), missingIn(after, before)];
    if (added.length + removed.length > 0) this.#samples.offer(() => sampleOf(event, added, removed));
  }

  /** Counts an event that could not be planned. */
  addUnplanned(event: EventFacts, why: string): void {
    this.events += 1;
    this.#unplanned += 1;
    this.#keepNotes(event.id, [`The event could not be planned by a fault of ours: ${why}.`]);
  }

  /** What was counted. */
  result(): TallyResult {
    return {
      events: this.events,
      differing: this.#samples.seen,
      messages: named(this.#messages),
      ...this.#listeners.listed(),
      rules: this.#noisiest(),
      samples: this.#samples.all(),
      whenFailed: named(this.#whenFailed),
      unplanned: this.#unplanned,
      notes: [...this.#notes].map(([note, eventId]) => ({ eventId: toPublicId('event', eventId), note })),
    };
  }

  #addSide(event: EventFacts, day: number, side: Side, { plan, whenNotes }: Planned): void {
    for (const slug of plan.rules) this.#rule(slug)[0][side] += 1;
    for (const delivery of plan.deliveries) {
      this.#rule(delivery.rule)[1][side] += 1;
      this.#messages[side] += 1;
      this.#listeners.add(listenerOf(delivery), day, side);
    }
    if (whenNotes.length === 0) return;
    this.#whenFailed[side] += 1;
    if (side === 1) this.#keepNotes(event.id, whenNotes);
  }

  #keepNotes(eventId: string, notes: readonly string[]): void {
    for (const note of notes) {
      if (this.#notes.size >= backtestLimits.samples) return;
      if (!this.#notes.has(note)) this.#notes.set(note, eventId);
    }
  }

  #rule(slug: string): [Pair, Pair] {
    const known = this.#rules.get(slug);
    if (known) return known;
    const counts: [Pair, Pair] = [
      [0, 0],
      [0, 0],
    ];
    this.#rules.set(slug, counts);
    return counts;
  }

  #noisiest(): BacktestResult['rules'] {
    const noise = ([before, after]: Pair) => Math.max(before, after);
    return [...this.#rules]
      .sort(([a, [, one]], [b, [, other]]) => noise(other) - noise(one) || (a < b ? -1 : 1))
      .slice(0, backtestLimits.listed)
      .map(([rule, [matched, messages]]) => ({ rule, matched: named(matched), messages: named(messages) }));
  }
}

type Pair = [before: number, after: number];

function named([before, after]: Pair): { before: number; after: number } {
  return { before, after };
}

/** Whether the same are told in the same order, which is nearly always so where nothing differs. */
function isSame(some: readonly PlannedRoute[], others: readonly PlannedRoute[]): boolean {
  return some.length === others.length && some.every((one, n) => addressOf(one) === addressOf(others[n]!));
}

/** Those of `others` whose listener and address are not in `some`. */
function missingIn(some: readonly PlannedRoute[], others: readonly PlannedRoute[]): PlannedRoute[] {
  const known = new Set(some.map(addressOf));
  return others.filter((other) => !known.has(addressOf(other)));
}

/** No slug holds a space. */
function addressOf(delivery: PlannedRoute): string {
  return `${listenerOf(delivery)} ${delivery.backend} ${delivery.to}`;
}

function sampleOf(event: EventFacts, added: readonly PlannedRoute[], removed: readonly PlannedRoute[]): BacktestSample {
  const shown = (deliveries: readonly PlannedRoute[]) =>
    deliveries.slice(0, backtestLimits.sampleDeliveries).map(deliveryOf);
  return {
    eventId: toPublicId('event', event.id),
    type: event.type,
    acceptedAt: new Date(uuidTimeMs(event.id)).toISOString(),
    added: shown(added),
    removed: shown(removed),
  };
}

function deliveryOf(delivery: PlannedRoute): BacktestDelivery {
  const { backend, to, rule } = delivery;
  return { ...whomOf(listenerOf(delivery)), backend, to, rule };
}
