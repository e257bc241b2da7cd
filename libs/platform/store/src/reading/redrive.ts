/** Dead letters back into the flow. */
import { toPublicId, type JsonValue, type RedriveFilter } from '#contract';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { inTransaction, type Database } from '../database.ts';
import { recordChange } from '../management/audit.ts';
import { whereEventType } from './deliveries.ts';
import { boundIds, Conditions } from './keyset.ts';

/** Dead letters by bare id, or by filter. */
export type RedriveWish = { ids: readonly string[] } | { filter: RedriveFilter };

/** What a redrive did. */
export interface Redriven {
  /** Deliveries that are pending now; the caller rings for them. */
  redriven: { id: string; backend: string }[];
  /** Given ids under which there is no delivery. */
  notFound: string[];
  /** Given ids of deliveries that are not dead. */
  notDead: string[];
}

const chunkSize = 1000;

/**
 * Makes dead letters pending again: due now, their age and their waits counted anew, attempts, parts sent and last outcome kept.
 * Another address is not tried again: it was told when this one gave up. For that reason a filter leaves out those whose
 * fallback took over; by id they can be redriven all the same. Works
 * in chunks, each in a transaction of its own; one audit entry tells of all of them, however far it came.
 */
export async function redriveDeliveries(
  { pool }: Pick<Database, 'pool'>,
  wish: RedriveWish,
  actor: string,
): Promise<Redriven> {
  const redriven: { id: string; backend: string }[] = [];
  const entry: Entry = { id: uuidv7(), actor, wish: describe(wish) };
  for await (const chunk of 'ids' in wish ? byIds(pool, wish.ids, entry) : byFilter(pool, wish.filter, entry))
    redriven.push(...chunk);
  if (!('ids' in wish)) return { redriven, notFound: [], notDead: [] };
  const done = new Set(redriven.map(({ id }) => id));
  const left = [...new Set(wish.ids)].filter((id) => !done.has(id));
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM delivery WHERE id = ANY($1::uuid[])', [left]);
  const existing = new Set(rows.map(({ id }) => id));
  return { redriven, notFound: left.filter((id) => !existing.has(id)), notDead: left.filter((id) => existing.has(id)) };
}

interface Entry {
  id: string;
  actor: string;
  wish: JsonValue;
}

interface RedrivenRow {
  id: string;
  backend: string;
}

async function* byIds(pool: pg.Pool, ids: readonly string[], entry: Entry): AsyncGenerator<RedrivenRow[]> {
  let count = 0;
  for (let start = 0; start < ids.length; start += chunkSize) {
    const where = new Conditions();
    where.when(ids.slice(start, start + chunkSize), 'id = ANY(', '::uuid[])');
    const chunk = await redriveChunk(pool, where, entry, count);
    count += chunk.length;
    yield chunk;
  }
}

async function* byFilter(pool: pg.Pool, filter: RedriveFilter, entry: Entry): AsyncGenerator<RedrivenRow[]> {
  // What dies again meanwhile is behind the present place or beyond the end, so this comes to an end.
  const end = uuidv7();
  let place = '00000000-0000-0000-0000-000000000000';
  let count = 0;
  for (;;) {
    const where = filterConditions(filter);
    where.when(place, 'id >');
    where.when(end, 'id <');
    const chunk = await redriveChunk(pool, where, entry, count);
    count += chunk.length;
    yield chunk;
    if (chunk.length < chunkSize) return;
    place = chunk.reduce((highest, { id }) => (id > highest ? id : highest), place);
  }
}

function filterConditions(filter: RedriveFilter): Conditions {
  const where = new Conditions();
  where.add('fallback_to IS NULL');
  boundIds(where, filter, 'id');
  where.when(filter.backend, 'backend =');
  where.when(filter.rule, 'rule =');
  where.when(filter.recipient, 'recipient =');
  // As text, not with `->>`: that fails on an outcome whose words hold U+0000. Quotes inside words are escaped, so this is exact.
  if (filter.reason !== undefined)
    where.when(`"reason":${JSON.stringify(filter.reason)}`, 'strpos(last_outcome::text,', ') > 0');
  whereEventType(where, filter.eventType);
  return where;
}

/** Redrives the first thousand dead letters that fit and brings the audit entry up to date with them. */
async function redriveChunk(
  pool: pg.Pool,
  where: Conditions,
  entry: Entry,
  countBefore: number,
): Promise<RedrivenRow[]> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<RedrivenRow>(
      `WITH chunk AS (
         SELECT id FROM delivery d WHERE dead_at IS NOT NULL AND state = 'dead' AND ${where.toSql()} ORDER BY id LIMIT ${chunkSize} FOR UPDATE OF d SKIP LOCKED
       )
       , redriven AS (
         UPDATE delivery SET state = 'pending', opened_at = now(), due_at = now(), attempts_before = attempts, fallbacks = NULL, give_up_at = NULL,
           valid_until = NULL, held_since = NULL, finished_at = NULL, dead_at = NULL, lease = NULL
         FROM chunk WHERE delivery.id = chunk.id AND delivery.state = 'dead'
         RETURNING delivery.id, delivery.backend, delivery.order_key, delivery.event_id
       ), lined_up AS (
         INSERT INTO delivery_line (order_key, event_id, delivery_id)
         SELECT order_key, event_id, id FROM redriven WHERE order_key IS NOT NULL ON CONFLICT DO NOTHING
       )
       SELECT id, backend FROM redriven`,
      where.values,
    );
    if (rows.length > 0) {
      const after = { redriven: countBefore + rows.length, ...(entry.wish as object) } as JsonValue;
      await recordChange(
        client,
        { actor: entry.actor, action: 'redrive', noun: 'delivery', name: 'dead letters', after },
        entry.id,
      );
    }
    return rows;
  });
}

/** Ids are named in the audit as the edge shows them, but no more of them than a person would read. */
function describe(wish: RedriveWish): JsonValue {
  if (!('ids' in wish)) return { filter: wish.filter as JsonValue };
  return { ids: wish.ids.slice(0, 100).map((id) => toPublicId('delivery', id)) };
}
