/** What was left lying: facts that nobody rang for, or whose ring was lost. */
import { uuidFloor, uuidTimeMs, type Outcome } from '#contract';
import type { Database } from '../database.ts';
import { isBehind } from './line.ts';

/** Events accepted before `beforeMs` (milliseconds since 1970) that were never routed, oldest first, from after `afterId` on. */
export async function overdueEvents(
  database: Pick<Database, 'pool'>,
  beforeMs: number,
  limit: number,
  afterId = uuidFloor(0),
): Promise<string[]> {
  const { rows } = await database.pool.query<{ id: string }>({
    name: 'overdue_events',
    text: `SELECT id FROM event WHERE state = 'accepted' AND id < $1 AND id > $3 ORDER BY id LIMIT $2`,
    values: [uuidFloor(beforeMs), limit, afterId],
  });
  return rows.map((row) => row.id);
}

/** Open and nobody's. */
const free = `finished_at IS NULL AND (leased_until IS NULL OR leased_until < now())`;
/** Open, due for `$1` milliseconds, and nobody's. */
const overdue = `due_at < now() - $1 * interval '1 millisecond' AND ${free}`;
/** First in its line, if it stands in one: whoever stands behind is rung for when the first is done. */
const firstOfItsLine = `(order_key IS NULL OR NOT ${isBehind('delivery')})`;

/** A delivery that should have been attempted by now. */
export interface OverdueDelivery {
  id: string;
  backend: string;
}

/**
 * Open deliveries of the given backends that have been due for `graceMs` milliseconds and are nobody's, longest first, at
 * most `limit` of each: however much waits for one backend, it hides nothing of another.
 */
export async function overdueDeliveries(
  database: Pick<Database, 'pool'>,
  graceMs: number,
  backends: readonly string[],
  limit: number,
): Promise<OverdueDelivery[]> {
  const { rows } = await database.pool.query<OverdueDelivery>({
    name: 'overdue_deliveries',
    text: `SELECT d.id, d.backend FROM unnest($2::text[]) AS b(slug) CROSS JOIN LATERAL (
             SELECT id, backend FROM delivery WHERE backend = b.slug AND ${overdue} AND ${firstOfItsLine} ORDER BY due_at LIMIT $3
           ) d`,
    values: [graceMs, backends, limit],
  });
  return rows;
}

/**
 * Open deliveries that have been due for `graceMs` milliseconds and whose backend is none of those given. The backends that
 * something waits for are found by steps from one to the next, however much waits.
 */
export async function strandedDeliveries(
  database: Pick<Database, 'pool'>,
  graceMs: number,
  backends: readonly string[],
  limit: number,
): Promise<OverdueDelivery[]> {
  const { rows } = await database.pool.query<OverdueDelivery>({
    name: 'stranded_deliveries',
    text: `WITH RECURSIVE known (slug) AS (
             (SELECT backend FROM delivery WHERE finished_at IS NULL ORDER BY backend LIMIT 1)
             UNION ALL
             SELECT (SELECT backend FROM delivery WHERE finished_at IS NULL AND backend > known.slug ORDER BY backend LIMIT 1)
             FROM known WHERE slug IS NOT NULL
           )
           SELECT d.id, d.backend FROM known CROSS JOIN LATERAL (
             SELECT id, backend FROM delivery WHERE backend = known.slug AND ${overdue} LIMIT $3
           ) d
           WHERE known.slug <> ALL($2::text[]) LIMIT $3`,
    values: [graceMs, backends, limit],
  });
  return rows;
}

/**
 * Open deliveries of the given backends whose deadline has passed (their news is stale, or another address is to take over),
 * at most `limit` of each. They are decided on even while nothing can be sent there.
 */
export async function deliveriesPastDeadline(
  database: Pick<Database, 'pool'>,
  backends: readonly string[],
  limit: number,
): Promise<OverdueDelivery[]> {
  const { rows } = await database.pool.query<OverdueDelivery>({
    name: 'past_deadline',
    text: `SELECT d.id, d.backend FROM unnest($1::text[]) AS b(slug) CROSS JOIN LATERAL (
             SELECT id, backend FROM delivery
             WHERE backend = b.slug AND least(valid_until, give_up_at) < now() AND ${free} AND ${firstOfItsLine}
             ORDER BY least(valid_until, give_up_at) LIMIT $2
           ) d`,
    values: [backends, limit],
  });
  return rows;
}

/** How far behind the flow is: the age of what should have happened by now. */
export interface Lag {
  /** Seconds since the oldest event that is not routed yet was accepted; 0 when all are routed. */
  eventSeconds: number;
  /** That event. */
  oldestEvent: string | undefined;
  /** Seconds that the delivery which is due for the longest has been due, of the given backends; 0 when none is. */
  deliverySeconds: number;
  /** That delivery; deliveries of one batch are due at the same moment, so its id alone tells whether they move. */
  oldestDelivery: string | undefined;
}

/** Asks how far behind the flow is. `backends` are those that can be sent to. */
export async function flowLag(database: Pick<Database, 'pool'>, backends: readonly string[]): Promise<Lag> {
  const { rows } = await database.pool.query<{ event: string | null; id: string | null; due_at: Date | null }>({
    name: 'flow_lag',
    text: `SELECT (SELECT id FROM event WHERE state = 'accepted' ORDER BY id LIMIT 1) AS event, oldest.id, oldest.due_at
           FROM (VALUES (1)) AS one LEFT JOIN (
             SELECT d.id, d.due_at FROM unnest($1::text[]) AS b(slug) CROSS JOIN LATERAL (
               SELECT id, due_at FROM delivery WHERE backend = b.slug AND due_at < now() AND ${free} AND ${firstOfItsLine} ORDER BY due_at LIMIT 1
             ) d ORDER BY d.due_at LIMIT 1
           ) AS oldest ON true`,
    values: [backends],
  });
  const { event, id, due_at } = rows[0]!;
  const since = (ms: number | undefined) => (ms === undefined ? 0 : Math.max(0, (Date.now() - ms) / 1000));
  return {
    eventSeconds: since(event === null ? undefined : uuidTimeMs(event)),
    oldestEvent: event ?? undefined,
    deliverySeconds: since(due_at?.getTime()),
    oldestDelivery: id ?? undefined,
  };
}

/** Ends open deliveries that can never be attempted, e.g. because their backend is gone. They can be redriven. */
export async function buryDeliveries(
  database: Pick<Database, 'pool'>,
  ids: readonly string[],
  outcome: Outcome,
): Promise<void> {
  await database.pool.query(
    `WITH buried AS (
       UPDATE delivery SET state = 'dead', finished_at = now(), dead_at = now(), lease = NULL, leased_until = NULL, last_outcome = $2::json
       WHERE id = ANY($1::uuid[]) AND finished_at IS NULL RETURNING id, event_id, order_key
     )
     DELETE FROM delivery_line l USING buried b
     WHERE l.order_key = b.order_key AND l.event_id = b.event_id AND l.delivery_id = b.id`,
    [ids, JSON.stringify(outcome)],
  );
}
