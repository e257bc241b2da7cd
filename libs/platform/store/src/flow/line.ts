/**
 * Order: deliveries that share correlation key and address form a line by event id, which is the order of acceptance, and
 * only the first of a line may be sent. The lines are rows of their own, one per unfinished delivery.
 */
import { uuidFloor, type Priority } from '#contract';
import { createHash } from 'node:crypto';
import type { Database } from '../database.ts';

/** What decides in which line a delivery stands. */
export interface LineMember {
  backend: string;
  to: string;
  toKind: 'person' | 'room';
  correlationKey: string | null | undefined;
}

/** The name of the line, a digest as a UUID: as wide as its parts may be, they would not fit an index. Absent without a key. */
export function orderKeyOf({ backend, to, toKind, correlationKey }: LineMember): string | undefined {
  if (correlationKey === null || correlationKey === undefined) return undefined;
  const hex = createHash('sha256')
    .update(JSON.stringify([backend, toKind, to, correlationKey]))
    .digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

/**
 * SQL: another of its line goes before a member; `member` is what has its `order_key`, `event_id`, `id` and `priority`. Whoever waits
 * for hours holds up those behind, so that the order stays, but none that is critical.
 */
export function isBehind(member: string): string {
  return `EXISTS (
    SELECT 1 FROM delivery_line l
    WHERE l.order_key = ${member}.order_key AND (l.event_id, l.delivery_id) < (${member}.event_id, ${member}.id)
      AND (l.not_before IS NULL OR l.not_before <= now() OR ${member}.priority IS DISTINCT FROM 'critical'))`;
}

/** How far back an event may lie unrouted and still keep later ones waiting, in milliseconds. */
const longestUnroutedMs = 2 * 86_400_000;

/**
 * Those of the given deliveries that may not go yet: they stand behind another of their line, or come after an event that is
 * accepted but not routed, whose deliveries may have to stand before them. Asked after the claim, and both in one look:
 * between two, the event could be routed and be seen by neither.
 */
export async function outOfTurn(
  database: Pick<Database, 'pool'>,
  deliveries: readonly { id: string; eventId: string; orderKey: string | null; priority: Priority | null }[],
  nowMs: number = Date.now(),
): Promise<Set<string>> {
  const { rows } = await database.pool.query<{ id: string }>({
    name: 'out_of_turn',
    text: `SELECT c.id FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $6::text[]) AS c(id, event_id, order_key, priority)
           WHERE c.order_key IS NOT NULL AND (
             ${isBehind('c')}
             OR c.event_id > (SELECT id FROM event WHERE state = 'accepted' AND id BETWEEN $4 AND $5 ORDER BY id LIMIT 1)
           )`,
    values: [
      deliveries.map(({ id }) => id),
      deliveries.map(({ eventId }) => eventId),
      deliveries.map(({ orderKey }) => orderKey),
      uuidFloor(nowMs - longestUnroutedMs),
      uuidFloor(nowMs + longestUnroutedMs),
      deliveries.map(({ priority }) => priority),
    ],
  });
  return new Set(rows.map(({ id }) => id));
}

/**
 * The deliveries that may go now in the given lines: to be rung for, since the one before them is done. Those that wait for hours are
 * passed over: behind them somebody critical may go.
 */
export async function firstInLine(
  database: Pick<Database, 'pool'>,
  orderKeys: readonly string[],
): Promise<{ id: string; backend: string }[]> {
  const { rows } = await database.pool.query<{ id: string; backend: string }>({
    name: 'first_in_line',
    text: `SELECT d.id, d.backend FROM unnest($1::uuid[]) AS k(order_key)
           CROSS JOIN LATERAL (
             SELECT delivery_id FROM delivery_line l
             WHERE l.order_key = k.order_key AND (l.not_before IS NULL OR l.not_before <= now())
             ORDER BY event_id, delivery_id LIMIT 1
           ) first
           JOIN delivery d ON d.id = first.delivery_id
           WHERE NOT ${isBehind('d')} AND d.finished_at IS NULL AND d.due_at <= now() AND (d.leased_until IS NULL OR d.leased_until <= now())`,
    values: [[...new Set(orderKeys)]],
  });
  return rows;
}
