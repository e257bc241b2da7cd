/** What was left lying: facts that nobody rang for, or whose ring was lost. */
import { uuidFloor, type Outcome } from '#contract';
import type { Database } from '../database.ts';

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

/** Open, due for `$1` milliseconds, and nobody's. */
const overdue = `finished_at IS NULL AND due_at < now() - $1 * interval '1 millisecond'
  AND (leased_until IS NULL OR leased_until < now())`;

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
             SELECT id, backend FROM delivery WHERE backend = b.slug AND ${overdue} ORDER BY due_at LIMIT $3
           ) d`,
    values: [graceMs, backends, limit],
  });
  return rows;
}

/** Open deliveries that have been due for `graceMs` milliseconds and whose backend is none of those given. */
export async function strandedDeliveries(
  database: Pick<Database, 'pool'>,
  graceMs: number,
  backends: readonly string[],
  limit: number,
): Promise<OverdueDelivery[]> {
  const { rows } = await database.pool.query<OverdueDelivery>({
    name: 'stranded_deliveries',
    text: `SELECT id, backend FROM delivery WHERE backend <> ALL($2::text[]) AND ${overdue} LIMIT $3`,
    values: [graceMs, backends, limit],
  });
  return rows;
}

/** Ends open deliveries that can never be attempted, e.g. because their backend is gone. They can be redriven. */
export async function buryDeliveries(
  database: Pick<Database, 'pool'>,
  ids: readonly string[],
  outcome: Outcome,
): Promise<void> {
  await database.pool.query(
    `UPDATE delivery SET state = 'dead', finished_at = now(), dead_at = now(), lease = NULL, leased_until = NULL, last_outcome = $2::json
     WHERE id = ANY($1::uuid[]) AND finished_at IS NULL`,
    [ids, JSON.stringify(outcome)],
  );
}
