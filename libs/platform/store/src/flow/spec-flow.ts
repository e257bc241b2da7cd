/** A database for one spec of this folder, and the short ways through the flow that its tests take. */
import { freshDatabase } from '#testing/services';
import { uuidv7 } from 'uuidv7';
import { openDatabase, type Database } from '../database.ts';
import { acceptEvents } from './accept.ts';
import { claimDeliveries, type ClaimedDelivery, type ClaimTerms } from './claim.ts';
import { ensurePartitions } from './partitions.ts';
import { storeRouted, type NewDelivery } from './route.ts';
import { settleDeliveries, type Settlement } from './settle.ts';
import { delivery, event, settlement } from './spec-builders.ts';

/** A row of `delivery` as PostgreSQL answers it. */
export type DeliveryRow = Record<string, unknown>;

/** One claim that holds. */
export interface Held {
  claimed: ClaimedDelivery;
  lease: string;
}

/** The world of one spec. */
export interface FlowWorld {
  url: string;
  database: Database;
  /** Stores an event and routes it to one delivery. */
  route(overrides?: Partial<NewDelivery>): Promise<NewDelivery>;
  /** The same, several times, in order of acceptance, to the same address and with the same key. */
  line(length: number, overrides?: Partial<NewDelivery>): Promise<NewDelivery[]>;
  row(id: string): Promise<DeliveryRow>;
  /** Changes a delivery by hand; `set` is SQL. */
  change(id: string, set: string): Promise<void>;
  /** Claims the given deliveries (those of `hook`); answers the ids that were claimed. */
  claim(ids: readonly string[], terms?: Partial<ClaimTerms>): Promise<string[]>;
  /** Claims one delivery, which must work. */
  hold(id: string, terms?: Partial<ClaimTerms>): Promise<Held>;
  /** Claims one delivery and settles it. */
  finish(id: string, overrides?: Partial<Settlement>): Promise<void>;
  attempts(id: string): Promise<number>;
  close(): Promise<void>;
}

/** Opens a world. */
export async function openFlow(): Promise<FlowWorld> {
  const fresh = await freshDatabase();
  const database = openDatabase({ connectionString: fresh.url, poolSize: 8, onError: () => undefined });
  await ensurePartitions(database, Date.now(), 1);
  const { pool } = database;

  const route: FlowWorld['route'] = async (overrides = {}) => {
    const stored = event();
    await acceptEvents(database, [stored]);
    const made = delivery(stored.id, overrides);
    await storeRouted(database, [{ id: stored.id, rules: ['r'], notes: [], deliveries: [made] }]);
    return made;
  };
  const claimAll = (ids: readonly string[], terms: Partial<ClaimTerms> = {}) =>
    claimDeliveries(database, ids, { backend: 'hook', lease: uuidv7(), leaseMs: 60_000, ...terms });
  const hold: FlowWorld['hold'] = async (id, terms = {}) => {
    const lease = terms.lease ?? uuidv7();
    const [claimed] = (await claimAll([id], { ...terms, lease })).deliveries;
    if (!claimed) throw new Error('The delivery could not be claimed.');
    return { claimed, lease };
  };

  return {
    url: fresh.url,
    database,
    route,
    line: async (length, overrides = {}) => {
      const made: NewDelivery[] = [];
      const correlationKey = overrides.correlationKey ?? uuidv7();
      for (let n = 0; n < length; n += 1) made.push(await route({ ...overrides, correlationKey }));
      return made;
    },
    row: async (id) => (await pool.query<DeliveryRow>('SELECT * FROM delivery WHERE id = $1', [id])).rows[0]!,
    change: async (id, set) => void (await pool.query(`UPDATE delivery SET ${set} WHERE id = $1`, [id])),
    claim: async (ids, terms) => (await claimAll(ids, terms)).deliveries.map((claimed) => claimed.id).sort(),
    hold,
    finish: async (id, overrides = {}) => {
      const { claimed, lease } = await hold(id);
      await settleDeliveries(database, [settlement(claimed, lease, overrides)]);
    },
    attempts: async (id) => {
      const { rows } = await pool.query<{ n: number }>(
        'SELECT count(*)::int AS n FROM attempt WHERE delivery_id = $1',
        [id],
      );
      return rows[0]!.n;
    },
    close: async () => {
      await database.close();
      await fresh.drop();
    },
  };
}
