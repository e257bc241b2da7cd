/** Deliveries and their attempts. */
import {
  storyLimits,
  uuidFloor,
  uuidTimeMs,
  type AttemptView,
  type DeliveryState,
  type DeliveryStory,
  type DeliveryView,
  type Page,
} from '#contract';
import type pg from 'pg';
import type { Database } from '../database.ts';
import { boundIds, clockSlackMs, Conditions, toPage, type Span } from './keyset.ts';
import { deliveryColumns, toAttemptView, toDeliveryView, type AttemptRecord, type DeliveryRecord } from './rows.ts';

/** Which deliveries are asked for. */
export interface DeliveryQuery extends Span {
  state?: DeliveryState | undefined;
  backend?: string | undefined;
  recipient?: string | undefined;
  rule?: string | undefined;
  eventType?: string | undefined;
  /** Bare id. */
  eventId?: string | undefined;
}

// The type of the event is looked up for the rows of the page only, each in the one partition that its id names.
const typeOf = '(SELECT e.type FROM event e WHERE e.id = d.event_id) AS event_type';

const finalStates: ReadonlySet<DeliveryState> = new Set(['delivered', 'dead', 'suppressed']);

/** Deliveries that fit, newest first. Throws CURSOR_INVALID. */
export async function listDeliveries(
  { pool }: Pick<Database, 'pool'>,
  query: DeliveryQuery,
): Promise<Page<DeliveryView>> {
  const where = new Conditions();
  boundIds(where, query, 'id');
  if (query.state !== undefined) {
    // As a literal, and with what follows from it, so that the partial indexes of dead and of open deliveries can serve.
    where.add(`state = '${query.state}'`);
    if (!finalStates.has(query.state)) where.add('finished_at IS NULL');
    if (query.state === 'dead') where.add('dead_at IS NOT NULL');
  }
  where.when(query.backend, 'backend =');
  where.when(query.recipient, 'recipient =');
  where.when(query.rule, 'rule =');
  whereEventType(where, query.eventType);
  where.when(query.eventId, 'event_id =');
  if (query.eventId !== undefined) where.when(uuidFloor(uuidTimeMs(query.eventId) - clockSlackMs), 'id >=');
  const { rows } = await pool.query<DeliveryRecord>(
    `WITH page AS (
       SELECT ${deliveryColumns} FROM delivery d WHERE ${where.toSql()} ORDER BY id DESC LIMIT ${where.parameter(query.limit + 1)}
     )
     SELECT d.*, ${typeOf} FROM page d ORDER BY id DESC`,
    where.values,
  );
  return toPage(rows, query.limit, toDeliveryView);
}

/**
 * Deliveries have no type of their own. As a semi-join PostgreSQL may choose: for a frequent type it walks deliveries from
 * the newest and looks up each event by id (one partition each) until the page is full; for a rare one it starts from the
 * index of types.
 */
export function whereEventType(where: Conditions, eventType: string | undefined): void {
  where.when(eventType, 'event_id IN (SELECT e.id FROM event e WHERE e.type =', ')');
}

/** A delivery with its attempts; `undefined` when there is none. Takes the bare id. */
export async function getDelivery({ pool }: Pick<Database, 'pool'>, id: string): Promise<DeliveryStory | undefined> {
  const { rows } = await pool.query<DeliveryRecord>(
    `SELECT ${deliveryColumns}, ${typeOf} FROM delivery d WHERE id = $1`,
    [id],
  );
  return (await withAttempts(pool, rows))[0];
}

/** The first `limit` deliveries of an event, oldest first, with their attempts. `floor` is the lowest id that they can have. */
export async function readDeliveriesOf(
  pool: pg.Pool,
  eventId: string,
  floor: string,
  limit: number,
): Promise<DeliveryStory[]> {
  const { rows } = await pool.query<DeliveryRecord>(
    `SELECT ${deliveryColumns}, ${typeOf} FROM delivery d WHERE event_id = $1 AND id >= $2 ORDER BY id LIMIT $3`,
    [eventId, floor, limit],
  );
  return withAttempts(pool, rows);
}

// By number, not by id: no index has that order, so PostgreSQL cannot be tempted to walk all attempts of a day.
const attemptsSql = `
SELECT a.* FROM unnest($1::uuid[]) AS wanted(id) CROSS JOIN LATERAL (
  SELECT id, delivery_id, number, started_at, duration_ms, outcome, wait_ms FROM attempt
  WHERE delivery_id = wanted.id AND id >= $2 ORDER BY number DESC, id::text DESC LIMIT $3
) a ORDER BY a.number, a.id`;

async function withAttempts(pool: pg.Pool, rows: readonly DeliveryRecord[]): Promise<DeliveryStory[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const oldestMs = Math.min(...ids.map(uuidTimeMs));
  const { rows: attempts } = await pool.query<AttemptRecord>(attemptsSql, [
    ids,
    uuidFloor(oldestMs - clockSlackMs),
    storyLimits.attemptsOfEach,
  ]);
  const logs = new Map(ids.map((id): [string, AttemptView[]] => [id, []]));
  for (const attempt of attempts) logs.get(attempt.delivery_id)?.push(toAttemptView(attempt));
  return rows.map((row) => ({ ...toDeliveryView(row), attemptLog: logs.get(row.id) ?? [] }));
}
