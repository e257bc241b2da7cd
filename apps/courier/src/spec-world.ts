/** What the courier's integration specs share: a database of their own, couriers on it, queues that only remember. */
import type { PresenceAnswer } from '#backends/kit';
import type { Outcome } from '#contract';
import type { Logger } from '#platform/log';
import type { Queues, RingOptions } from '#platform/queue';
import {
  acceptEvents,
  createListener,
  ensurePartitions,
  openDatabase,
  storeRouted,
  watchCircuits,
  type Circuits,
  type Database,
  type Listener,
  type NewDelivery,
  type NewEvent,
} from '#platform/store';
import { freshDatabase, type FreshDatabase } from '#testing/services';
import { uuidv7 } from 'uuidv7';
import type { BackendState } from './backend-state.ts';
import { createDelivering, type Delivering, type Order } from './delivering.ts';
import { createGate } from './gate.ts';
import { keepHealth, type HealthKeeper } from './health-keeper.ts';
import { keepLeases, type Leases, type LeaseTimes } from './leases.ts';
import { createPresenceAsker, type PresenceAsker } from './presence-asker.ts';
import { specBackend, specLog, type Send } from './spec-courier.ts';

/** One ring, as the queues were asked for it. */
export interface Ring {
  queue: string;
  ids: string[];
  options: RingOptions | undefined;
}

/** Queues that remember what was rung, and may be told to be away. */
export interface SpecQueues extends Queues {
  rings: Ring[];
  away: boolean;
}

/** Makes queues that only remember. */
export function specQueues(): SpecQueues {
  const rings: Ring[] = [];
  const queues = {
    rings,
    away: false,
    isAway: () => queues.away,
    ringRoute: async (ids: readonly string[]) => void rings.push({ queue: 'route', ids: [...ids], options: undefined }),
    ringDeliver: async (queue: string, ids: readonly string[], options?: RingOptions) =>
      void rings.push({ queue, ids: [...ids], options }),
  };
  return queues as unknown as SpecQueues;
}

/** One courier: the delivering side of a process, without its consumers. */
export interface SpecCourier {
  database: Database;
  circuits: Circuits;
  delivering: Delivering;
  health: HealthKeeper;
  leases: Leases;
  presence: PresenceAsker;
  queues: SpecQueues;
  backend: BackendState;
  log: Logger;
  lines(name?: string): Record<string, unknown>[];
  /** Delivers through the backend `hq`. */
  deliver(ids: readonly string[], order?: Partial<Order>): Promise<boolean>;
  close(): Promise<void>;
}

/** How a courier of a spec is made. */
export interface CourierPlan {
  send: Send;
  presence?: (addresses: readonly string[]) => Promise<PresenceAnswer>;
  backend?: Partial<BackendState>;
  limits?: Parameters<typeof specBackend>[2];
  times?: LeaseTimes;
  /** Where it reaches PostgreSQL, when not at its own address. */
  url?: string;
  /** Deliveries under way at once. */
  places?: number;
}

/** The world of one spec. */
export interface CourierWorld {
  fresh: FreshDatabase;
  database: Database;
  courier(plan: CourierPlan | Send): Promise<SpecCourier>;
  event(fields?: Partial<NewEvent>): Promise<string>;
  /** Stores an event and routes it to one delivery through `hq`; answers the bare id of the delivery. */
  route(fields?: Partial<NewDelivery>): Promise<string>;
  row(id: string): Promise<Record<string, unknown>>;
  change(id: string, set: string): Promise<void>;
  /** Kinds of the outcomes that stand in the log of attempts, by number. */
  attempts(id: string): Promise<[number, string][]>;
  circuits(): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Opens a world. */
export async function openWorld(): Promise<CourierWorld> {
  const fresh = await freshDatabase();
  const database = openDatabase({ connectionString: fresh.url, poolSize: 6, onError: () => undefined });
  await ensurePartitions(database, Date.now(), 1);
  const couriers: SpecCourier[] = [];
  const query = async (sql: string, values: unknown[] = []) =>
    (await database.pool.query<Record<string, unknown>>(sql, values)).rows;
  const event = async (fields: Partial<NewEvent> = {}): Promise<string> => {
    const made = { ...newEvent(), ...fields };
    await acceptEvents(database, [made]);
    return made.id;
  };
  return {
    ...{ fresh, database, event },
    courier: async (plan) => {
      const made = await openCourier({ url: fresh.url, ...(typeof plan === 'function' ? { send: plan } : plan) });
      couriers.push(made);
      return made;
    },
    route: async (fields = {}) => {
      const delivery = newDelivery(fields.eventId ?? (await event()), fields);
      await storeRouted(database, [{ id: delivery.eventId, rules: ['r'], notes: [], deliveries: [delivery] }]);
      return delivery.id;
    },
    row: async (id) => (await query('SELECT * FROM delivery WHERE id = $1', [id]))[0]!,
    change: async (id, set) => void (await query(`UPDATE delivery SET ${set} WHERE id = $1`, [id])),
    attempts: async (id) => {
      const rows = await query('SELECT number, outcome FROM attempt WHERE delivery_id = $1 ORDER BY number', [id]);
      return rows.map(({ number, outcome }) => [number as number, (outcome as Outcome).kind]);
    },
    circuits: () => query('SELECT backend, state, reason FROM circuit ORDER BY backend'),
    close: async () => {
      await Promise.all(couriers.map((courier) => courier.close()));
      await database.close();
      await fresh.drop();
    },
  };
}

async function openCourier(plan: CourierPlan & { url: string }): Promise<SpecCourier> {
  const spec = specLog();
  const { log } = spec;
  const database = openDatabase({ connectionString: plan.url, poolSize: 4, onError: () => undefined });
  const listener: Listener = createListener(database, { log, firstRetryMs: 50 });
  const circuits = await watchCircuits(database, listener, log);
  await listener.start();
  const queues = specQueues();
  const leases = keepLeases(database, log, plan.times);
  const parts = { network: {} as never, mailbox: {} as never, log };
  const presence = createPresenceAsker(parts);
  // No timer of the keeper sends probes here: specs send their own.
  const health = keepHealth({ circuits, queues, log, backends: () => [], probe: async () => undefined });
  const delivering = createDelivering({
    ...{ ...parts, database, queues, leases, health, presence },
    exists: (backend) => backend !== 'gone',
    reader: () => undefined,
    bookAtLeast: async () => undefined,
  });
  const backend = specBackend(plan.send, plan.backend, plan.limits);
  const ask = plan.presence;
  if (ask) Object.assign(backend.adapter, { presence: ask });
  const gate = createGate(plan.places ?? 50);
  let closed: Promise<void> | undefined;
  const close = async () => {
    await health.close();
    await delivering.close();
    leases.close();
    circuits.stop();
    await listener.close();
    await database.close();
  };
  return {
    ...{ database, circuits, delivering, health, leases, presence, queues, backend, log },
    lines: (name) => spec.lines().filter(({ msg }) => name === undefined || msg === name),
    deliver: (ids, order) => delivering.deliver({ slug: 'hq', current: () => backend, gate, ids, ...order }),
    close: () => (closed ??= close()),
  };
}

function newEvent(): NewEvent {
  return {
    id: uuidv7(),
    source: 'erp',
    type: 'stock.low',
    subject: undefined,
    time: new Date().toISOString(),
    idempotencyKey: undefined,
    correlationKey: undefined,
    data: { qty: 3 },
    extensions: undefined,
  };
}

function newDelivery(eventId: string, fields: Partial<NewDelivery>): NewDelivery {
  return {
    id: uuidv7(),
    eventId,
    rule: 'r',
    recipient: 'anna',
    backend: 'hq',
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
}
