/** The house around the modules of one spec: a fresh database, keys for each scope, queues that only remember. */
import type { Scope } from '#contract';
import { createLogger } from '#platform/log';
import { createHttpApp, listen, platformModule, type KeyFinder, type Provided } from '#platform/http';
import type { Queues } from '#platform/queue';
import {
  acceptEvents,
  claimDeliveries,
  ensurePartitions,
  openDatabase,
  settleDeliveries,
  storeRouted,
  type Database,
  type NewDelivery,
  type NewEvent,
} from '#platform/store';
import type { Type } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { uuidv7 } from 'uuidv7';

/** An application under test. */
export interface SpecApp {
  base: string;
  database: Database;
  /** What was rung: `route` or the backend, and the ids. */
  rings: [string, string[]][];
  /** Calls with the key of a scope (`none`: without a key) and reads the JSON of the answer. */
  call(
    method: string,
    path: string,
    options?: { body?: unknown; scope?: Scope | 'none' },
  ): Promise<{ status: number; body: Body }>;
  close(): Promise<void>;
}

/** A database for one spec. */
export interface SpecDatabase {
  url: string;
  drop(): Promise<void>;
}

/** JSON of an answer, as specs look into it. */
export type Body = Record<string, unknown> & { items: Record<string, unknown>[] };

/** Opens an application with the given modules on a database that it drops when it closes. */
export async function openSpecApp(fresh: SpecDatabase, modules: Type[], providers: Provided[] = []): Promise<SpecApp> {
  const database = openDatabase({ connectionString: fresh.url, poolSize: 5, onError: () => undefined });
  await ensurePartitions(database, Date.now(), 1);
  const rings: [string, string[]][] = [];
  const queues = {
    ringRoute: async (ids: readonly string[]) => void rings.push(['route', [...ids]]),
    ringDeliver: async (backend: string, ids: readonly string[]) => void rings.push([backend, [...ids]]),
  } as unknown as Queues;
  const log = createLogger('test', 'silent');
  const platform = platformModule({ log, database, queues, providers });
  const root = { module: class SpecModule {}, imports: [platform, ...modules] };
  const app = await createHttpApp(root, { log, keys: specKeys() });
  const base = await listen(app, { host: '127.0.0.1', port: 0 });
  return {
    base,
    database,
    rings,
    call: async (method, path, { body, scope = 'edit' } = {}) => {
      const headers = { ...keyHeader(scope), ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
      const answer = await fetch(base + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (await answer.json()) as Body };
    },
    close: async () => {
      await app.close();
      await database.close();
      await fresh.drop();
    },
  };
}

/** The header with the key of a scope. */
export function keyHeader(scope: Scope | 'none'): Record<string, string> {
  return scope === 'none' ? {} : { authorization: `Bearer ${scope}-key` };
}

function specKeys(): KeyFinder {
  const hashOf = (key: string) => createHash('sha256').update(key).digest('hex');
  const scopes: Scope[] = ['ingest', 'read', 'edit', 'admin'];
  const known = new Map(
    scopes.map((scope) => [hashOf(`${scope}-key`), { id: uuidv7(), name: `${scope}-key`, scopes: [scope] }]),
  );
  return { find: async (hash) => known.get(hash.toString('hex')), touch: () => undefined };
}

/** Stores an event; answers its bare id. */
export async function makeEvent(database: Database, fields: Partial<NewEvent> = {}): Promise<string> {
  const id = uuidv7();
  const bare = { subject: undefined, idempotencyKey: undefined, correlationKey: undefined, extensions: undefined };
  await acceptEvents(database, [
    { id, source: 'erp', type: 'stock.low', time: '2026-11-20T09:00:00Z', data: { qty: 3 }, ...bare, ...fields },
  ]);
  return id;
}

/** Routes an event to one address; answers the bare id of the delivery. */
export async function makeDelivery(
  database: Database,
  eventId: string,
  fields: Partial<NewDelivery> = {},
): Promise<string> {
  const id = uuidv7();
  const bare = { recipient: 'anna', correlationKey: undefined, fallbacks: undefined, retry: undefined };
  const delivery: NewDelivery = {
    whenOffline: undefined,
    validUntil: undefined,
    id,
    eventId,
    rule: 'stock-low',
    backend: 'hq',
    to: '17',
    toKind: 'person',
    message: { markdown: 'Склад' },
    ...bare,
    ...fields,
  };
  await storeRouted(database, [{ id: eventId, rules: ['stock-low'], notes: [], deliveries: [delivery] }]);
  return id;
}

/** Makes a delivery a dead letter. */
export async function kill(database: Database, id: string, backend = 'hq'): Promise<void> {
  const lease = uuidv7();
  const {
    deliveries: [claimed],
  } = await claimDeliveries(database, [id], { backend, lease, leaseMs: 60_000 });
  const attempt = { id: uuidv7(), number: claimed!.attempts, startedAt: new Date(), durationMs: 5 };
  const outcome = { kind: 'permanent', reason: 'http_400' } as const;
  await settleDeliveries(database, [
    {
      deliveryId: id,
      lease,
      state: 'dead',
      waitMs: undefined,
      counted: true,
      partsSent: 0,
      attempt,
      outcome,
      successor: undefined,
    },
  ]);
}
