/** A small past, and books to try on it, for the specs of this folder. */
import { rule as ruleSchema, uuidFloor, type BacktestResult, type EventFacts, type Rule } from '#contract';
import type { Book } from '#domain/routing';
import { backtest, type Past } from './engine.ts';

/** The first day of the past. */
export const fromMs = Date.parse('2026-11-16T00:00:00Z');
/** The moment after its last day. */
export const toMs = Date.parse('2026-11-20T00:00:00Z');

let made = 0;

/** An event that was accepted then. */
export function pastEvent(acceptedAt: string, type: string, data: EventFacts['data'] = {}): EventFacts {
  made += 1;
  const id = `${uuidFloor(Date.parse(acceptedAt)).slice(0, 14)}7000-8000-${made.toString(16).padStart(12, '0')}`;
  return {
    id,
    source: 'erp',
    type,
    subject: undefined,
    time: acceptedAt,
    correlationKey: undefined,
    data,
    extensions: undefined,
  };
}

/** A rule for events of a type. */
export function ruleFor(type: string, to: string[], more: object = {}): Rule {
  return ruleSchema.parse({ match: { type: [type] }, notify: [{ to }], ...more });
}

/** A book with three people, who have an address each. */
export function bookWith(rules: Record<string, Rule>, more: Partial<Book> = {}): Book {
  const people = ['anna', 'boris', 'clara'];
  return {
    version: 7n,
    rules: new Map(Object.entries(rules)),
    recipients: new Map(
      people.map((slug) => [slug, { displayName: slug, addresses: [{ backend: 'inbox', to: slug }] }]),
    ),
    groups: new Map(),
    backends: new Map([['inbox', { type: 'inbox' }]]),
    templates: new Map(),
    schedules: new Map(),
    settings: {},
    ...more,
  };
}

async function* pagesOf(events: readonly EventFacts[], size: number): AsyncGenerator<EventFacts[]> {
  for (let at = 0; at < events.length; at += size) yield events.slice(at, at + size);
}

/** Tries two books on events; answers the result, and what it yielded on the way. */
export async function tried(
  before: Book,
  after: Book,
  events: readonly EventFacts[],
  more: Partial<Past> = {},
): Promise<{ result: BacktestResult; steps: number[] }> {
  const past: Past = { pages: pagesOf(events, 70), followersOf: async () => new Map(), ...more };
  const run = backtest({ before, after, fromMs, toMs }, past);
  const steps: number[] = [];
  for (;;) {
    const { done, value } = await run.next();
    if (done) return { result: value, steps };
    steps.push(value);
  }
}
