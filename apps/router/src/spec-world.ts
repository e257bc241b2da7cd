/** What the router's specs share: a database of their own, queues that only remember, a log that can be read. */
import { uuidFloor, type Rule } from '#contract';
import { compileBook, type CompiledBook } from '#domain/routing';
import type { Logger } from '#platform/log';
import type { Queues } from '#platform/queue';
import {
  acceptEvents,
  ensurePartitions,
  openDatabase,
  storeRouted,
  type Circuit,
  type Circuits,
  type CircuitState,
  type Database,
  type NewDelivery,
  type NewEvent,
} from '#platform/store';
import { freshDatabase } from '#testing/services';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { uuidv7 } from 'uuidv7';
import { keepTroubles, type TroubleBook } from './rule-trouble.ts';

/** The world of one spec. */
export interface RouterWorld {
  database: Database;
  queues: Queues;
  /** What was rung: `route` or the backend, and the ids. */
  rings: [string, string[]][];
  log: Logger;
  /** Troubles with rules; they are written when the spec makes a round. */
  troubles: TroubleBook;
  /** Circuits that the spec sets by itself. */
  circuits: SpecCircuits;
  /** Jobs that wait in a queue (`route` or a backend), for the sweep to see; 1 where nothing is set. */
  jobs: Map<string, number>;
  /** Whether the queues are away. */
  away(isAway: boolean): void;
  /** Lines of the log so far. */
  lines(): Record<string, unknown>[];
  close(): Promise<void>;
}

/** Circuits in memory: which backends are in which state, and which were closed. */
export interface SpecCircuits extends Circuits {
  set(backend: string, state: CircuitState): void;
  clear(): void;
  closed: string[];
}

function specCircuits(): SpecCircuits {
  const states = new Map<string, Circuit>();
  const closed: string[] = [];
  const circuits = {
    closed,
    of: (backend: string) => states.get(backend),
    all: () => states,
    set: (backend: string, state: CircuitState) => {
      const at = new Date();
      states.set(backend, { backend, state, reason: 'spec', detail: null, since: at, probes: 0, probeAt: at });
    },
    clear: () => {
      states.clear();
      closed.splice(0);
    },
    close: async (backend: string) => {
      if (states.get(backend)?.state !== 'draining') return false;
      closed.push(backend);
      return states.delete(backend);
    },
  };
  return circuits as unknown as SpecCircuits;
}

/** Opens a world; `days` is how many days of partitions it has. */
export async function openWorld(days = 1): Promise<RouterWorld> {
  const fresh = await freshDatabase();
  const database = openDatabase({ connectionString: fresh.url, poolSize: 4, onError: () => undefined });
  if (days > 0) await ensurePartitions(database, Date.now(), days);
  const rings: [string, string[]][] = [];
  const jobs = new Map<string, number>();
  let queuesAreAway = false;
  const queues = {
    waiting: async (queue: 'route' | { backend: string }) => jobs.get(queue === 'route' ? queue : queue.backend) ?? 1,
    isAway: () => queuesAreAway,
    ringRoute: async (ids: readonly string[]) => void rings.push(['route', [...ids]]),
    ringDeliver: async (backend: string, ids: readonly string[]) => void rings.push([backend, [...ids]]),
  } as unknown as Queues;
  const written: string[] = [];
  const sink = new Writable({ write: (chunk, _encoding, done) => (written.push(String(chunk)), done()) });
  const log = pino({ level: 'debug', errorKey: 'error' }, sink) as unknown as Logger;
  const troubles = keepTroubles(database, log);
  return {
    database,
    queues,
    rings,
    troubles,
    circuits: specCircuits(),
    jobs,
    away: (isAway) => void (queuesAreAway = isAway),
    log,
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
    close: async () => {
      await troubles.close();
      await database.close();
      await fresh.drop();
    },
  };
}

/** A UUIDv7 of so many milliseconds ago. */
export function idFromBefore(ageMs: number): string {
  return uuidFloor(Date.now() - ageMs).slice(0, 14) + uuidv7().slice(14);
}

/** Stores an event; answers its bare id. */
export async function makeEvent(database: Database, fields: Partial<NewEvent> = {}): Promise<string> {
  const event: NewEvent = {
    id: uuidv7(),
    source: 'erp',
    type: 'stock.low',
    subject: undefined,
    time: '2026-11-20T09:00:00Z',
    idempotencyKey: undefined,
    correlationKey: undefined,
    data: { qty: 3 },
    extensions: undefined,
    ...fields,
  };
  await acceptEvents(database, [event]);
  return event.id;
}

/** Routes a new event to one address of a backend; answers the bare id of the delivery. */
export async function makeDelivery(
  database: Database,
  backend: string,
  fields: Partial<NewDelivery> = {},
): Promise<string> {
  const eventId = await makeEvent(database);
  const delivery: NewDelivery = {
    id: uuidv7(),
    eventId,
    rule: 'stock-low',
    recipient: 'anna',
    backend,
    to: 'anna',
    toKind: 'person',
    message: { markdown: 'Мало' },
    correlationKey: undefined,
    fallbacks: undefined,
    retry: undefined,
    whenOffline: undefined,
    validUntil: undefined,
    ...fields,
  };
  await storeRouted(database, [{ id: eventId, rules: ['stock-low'], notes: [], deliveries: [delivery] }]);
  return delivery.id;
}

/** A book in which Anna, reached on `hq` and then `desk`, hears of low stock. */
export function specBook(rules: Record<string, Partial<Rule>> = {}): CompiledBook {
  const rule = (fields: Partial<Rule>): Rule => ({
    enabled: true,
    match: { type: ['stock.low'] },
    notify: [{ to: ['recipient:anna'], strategy: 'first' }],
    ...fields,
  });
  const all = Object.keys(rules).length > 0 ? rules : { 'stock-low': {} };
  const addresses = ['hq', 'desk'].map((backend) => ({ backend, to: `anna@${backend}` }));
  return compileBook({
    rules: new Map(Object.entries(all).map(([slug, fields]) => [slug, rule(fields)])),
    recipients: new Map([['anna', { displayName: 'Anna', addresses }]]),
    groups: new Map(),
    backends: new Map(['hq', 'desk'].map((slug) => [slug, { type: 'inbox' }])),
    templates: new Map(),
    schedules: new Map(),
    settings: {},
    version: 1n,
  });
}
