/** The small world of people, groups and backends that the specs of routing play in. */
import { rule as ruleSchema, type EventFacts, type Recipient, type Rule, type Template } from '#contract';
import { compileBook, type Book, type CompiledBook, type RoutedBackend } from './book.ts';
import { planEvent, type PlannedRoute, type RoutePlan } from './plan.ts';

/** An event that matches every rule without a condition. */
export const event: EventFacts = {
  id: 'e1',
  source: 'erp',
  type: 'stock.low',
  subject: 'sku/4711',
  time: '2026-11-20T21:30:00Z',
  correlationKey: 'from-event',
  data: { qty: 3, manager: 'boris', room: 'Склад', sku: '4711' },
};

const recipients: Record<string, Recipient> = {
  anna: {
    displayName: 'Anna',
    locale: 'ru',
    timeZone: 'Europe/Moscow',
    addresses: [
      { backend: 'inbox', to: 'anna' },
      { backend: 'mychat-hq', to: '17' },
      { backend: 'gone', to: 'x' },
      { backend: 'mychat-hq', to: '18' },
    ],
    groups: ['storekeepers', 'unknown-group'],
  },
  boris: { displayName: 'Boris', addresses: [{ backend: 'inbox', to: 'boris' }] },
  dora: { displayName: 'Dora', addresses: [{ backend: 'gone', to: 'd' }] },
  emil: { displayName: 'Emil', addresses: [] },
};

/** What a spec puts into the book. */
export interface Parts {
  rules?: Record<string, object>;
  templates?: Record<string, Template>;
  backends?: Record<string, RoutedBackend>;
}

/** Compiles a book of these parts, with the people and groups of this world. */
export function bookOf({ rules = {}, templates = {}, backends = {} }: Parts): CompiledBook {
  const parsed = Object.entries(rules).map(([slug, rule]): [string, Rule] => [
    slug,
    ruleSchema.parse({ match: {}, ...rule }),
  ]);
  const book: Book = {
    rules: new Map(parsed),
    recipients: new Map(Object.entries(recipients)),
    groups: new Map([
      ['storekeepers', { members: ['boris', 'fred'] }],
      ['nobody', {}],
    ]),
    backends: new Map(Object.entries({ inbox: { type: 'inbox' }, 'mychat-hq': { type: 'mychat' }, ...backends })),
    templates: new Map(Object.entries(templates)),
  };
  return compileBook(book);
}

/** The part of a rule that tells these targets. */
export function tell(to: string[], more: object = {}): object {
  return { notify: [{ to, ...more }] };
}

/** Who is told where, one text for each delivery. */
export function addresses(deliveries: readonly PlannedRoute[]): string[] {
  return deliveries.map(({ recipient, backend, to, toKind }) => `${recipient ?? toKind} ${backend}/${to}`);
}

/** Plans an event by a book of these parts. */
export function plan(parts: Parts, given = event): RoutePlan {
  return planEvent(bookOf(parts), given);
}
