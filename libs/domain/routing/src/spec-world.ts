/** The small world of people, groups and backends that the specs of routing play in. */
import {
  rule as ruleSchema,
  type BookSettings,
  type EventFacts,
  type Group,
  type Recipient,
  type Rule,
  type Schedule,
  type Template,
} from '#contract';
import { compileBook, type Book, type CompiledBook, type RoutedBackend } from './book.ts';
import type { Circumstances } from './find.ts';
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

/** What a spec puts into the book, beside the people and groups of this world. */
export interface Parts {
  rules?: Record<string, object>;
  templates?: Record<string, Template>;
  backends?: Record<string, RoutedBackend>;
  recipients?: Record<string, Partial<Recipient>>;
  groups?: Record<string, Group>;
  schedules?: Record<string, Schedule>;
  settings?: BookSettings;
}

/** A Friday evening, on which nobody is followed. */
export const circumstances: Circumstances = { now: new Date('2026-11-20T18:00:00Z'), followers: new Map() };

/** Makes a book of these parts as it is stored. Who is given without an address has one in the inbox. */
export function storedBook(parts: Parts): Book {
  const parsed = Object.entries(parts.rules ?? {}).map(([slug, rule]): [string, Rule] => [
    slug,
    ruleSchema.parse({ match: {}, ...rule }),
  ]);
  const more = Object.entries(parts.recipients ?? {}).map(([slug, recipient]): [string, Recipient] => [
    slug,
    { displayName: slug, addresses: [{ backend: 'inbox', to: slug }], ...recipient },
  ]);
  const groups = { storekeepers: { members: ['boris', 'fred'] }, nobody: {}, ...parts.groups };
  return {
    version: 1n,
    rules: new Map(parsed),
    recipients: new Map([...Object.entries(recipients), ...more]),
    groups: new Map(Object.entries(groups)),
    backends: new Map(Object.entries({ inbox: { type: 'inbox' }, 'mychat-hq': { type: 'mychat' }, ...parts.backends })),
    templates: new Map(Object.entries(parts.templates ?? {})),
    schedules: new Map(Object.entries(parts.schedules ?? {})),
    settings: parts.settings ?? {},
  };
}

/** The same, compiled. */
export function bookOf(parts: Parts): CompiledBook {
  return compileBook(storedBook(parts));
}

/** The part of a rule that tells these targets. */
export function tell(to: string[], more: object = {}): object {
  return { notify: [{ to, ...more }] };
}

/** Who is told where, one text for each delivery. */
export function addresses(deliveries: readonly PlannedRoute[]): string[] {
  return deliveries.map(({ recipient, backend, to, toKind }) => `${recipient ?? toKind} ${backend}/${to}`);
}

/** Who is told, in order. */
export function people({ deliveries }: RoutePlan): (string | undefined)[] {
  return deliveries.map(({ recipient }) => recipient);
}

/** Plans an event by a book of these parts. */
export function plan(parts: Parts, given = event, at: Partial<Circumstances> = {}): RoutePlan {
  return planEvent(bookOf(parts), given, { ...circumstances, ...at });
}
