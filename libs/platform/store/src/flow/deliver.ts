/** The courier's reads and writes: claim a batch, settle a batch. */
import type { Message, Outcome, RetryPolicy } from '#contract';
import type { Database } from '../database.ts';
import { idRange } from './ranges.ts';
import type { Fallbacks } from './route.ts';

/** A delivery that this courier may attempt until its lease ends. */
export interface ClaimedDelivery {
  id: string;
  eventId: string;
  rule: string;
  recipient: string | null;
  backend: string;
  to: string;
  toKind: 'person' | 'room';
  message: Message;
  fallbacks: Fallbacks | null;
  retry: RetryPolicy | null;
  /** Number of the attempt that was claimed, from 1. */
  attempts: number;
  /** Attempts made before the last redrive. */
  attemptsBefore: number;
  partsSent: number;
  openedAt: Date;
}

// No column of an index or of its condition changes here, so a claim rewrites the row without touching any index.
const claimSql = `
UPDATE delivery SET state = 'sending', attempts = attempts + 1, lease = $4, leased_until = now() + $5 * interval '1 millisecond'
WHERE id = ANY($1::uuid[]) AND id BETWEEN $2 AND $3 AND finished_at IS NULL AND due_at <= now() AND backend = $6
  AND (leased_until IS NULL OR leased_until <= now())
RETURNING id, event_id AS "eventId", rule, recipient, backend, address AS "to", address_kind AS "toKind", message, fallbacks,
  retry, attempts, attempts_before AS "attemptsBefore", parts_sent AS "partsSent", opened_at AS "openedAt", (SELECT version FROM book) AS version`;

/** What a claim is made with. */
export interface ClaimTerms {
  backend: string;
  /** Token of this claim; settling needs it. */
  lease: string;
  /** Milliseconds until others may claim again. */
  leaseMs: number;
}

/** Claimed deliveries, and the book to deliver them by. */
export interface Claim {
  deliveries: ClaimedDelivery[];
  /** Version of the rule book at the claim: a backend that was changed before is used as it is now. */
  bookVersion: bigint;
}

/** Takes those of the given deliveries that are due and nobody's; each counts as an attempt from here on. */
export async function claimDeliveries(
  database: Pick<Database, 'pool'>,
  ids: readonly string[],
  terms: ClaimTerms,
): Promise<Claim> {
  const { rows } = await database.pool.query<ClaimedDelivery & { version: string }>({
    name: 'claim',
    text: claimSql,
    values: [ids, ...idRange(ids), terms.lease, terms.leaseMs, terms.backend],
  });
  return { deliveries: rows, bookVersion: BigInt(rows[0]?.version ?? 0) };
}

/** What came of one attempt and what follows. */
export interface Settlement {
  deliveryId: string;
  lease: string;
  state: 'delivered' | 'retrying' | 'waiting' | 'dead';
  /** Wait before the next attempt, in milliseconds; absent when there is none. */
  waitMs: number | undefined;
  partsSent: number;
  attempt: { id: string; number: number; startedAt: Date; durationMs: number };
  outcome: Outcome;
  /** The delivery that takes over, when this one gave up and another address is left. */
  successor: { id: string; backend: string; to: string; fallbacks: Fallbacks | undefined } | undefined;
}

// The attempt happened, so its row is written even when the lease was lost; the state then belongs to whoever claimed since.
const settleSql = `
WITH input AS (
  SELECT * FROM unnest($1::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::int[], $8::uuid[], $9::int[], $10::timestamptz[], $11::real[],
                       $12::text[], $13::uuid[], $14::text[], $15::text[], $16::text[])
    AS t(id, lease, state, wait_ms, parts_sent, attempt_id, number, started_at, duration_ms, outcome, next_id, next_backend, next_address, next_fallbacks)
), logged AS (
  INSERT INTO attempt (id, delivery_id, number, started_at, duration_ms, outcome, wait_ms)
  SELECT attempt_id, id, number, started_at, duration_ms, outcome::json, wait_ms FROM input
), settled AS (
  UPDATE delivery d SET state = i.state, lease = NULL, leased_until = NULL, parts_sent = i.parts_sent, last_outcome = i.outcome::json, fallback_to = i.next_id,
    due_at = now() + coalesce(i.wait_ms, 0) * interval '1 millisecond',
    finished_at = CASE WHEN i.state IN ('delivered', 'dead') THEN now() END,
    dead_at = CASE WHEN i.state = 'dead' THEN now() END
  FROM input i WHERE d.id = i.id AND d.id BETWEEN $2 AND $3 AND d.lease = i.lease
  RETURNING d.id, d.event_id, d.rule, d.recipient, d.address_kind, d.message, d.correlation_key, d.retry
), succeeded AS (
  INSERT INTO delivery (id, event_id, rule, recipient, backend, address, address_kind, message, correlation_key, fallbacks, retry)
  SELECT i.next_id, s.event_id, s.rule, s.recipient, i.next_backend, i.next_address, s.address_kind, s.message, s.correlation_key,
         i.next_fallbacks::json, s.retry
  FROM settled s JOIN input i ON i.id = s.id WHERE i.next_id IS NOT NULL
)
SELECT id FROM settled`;

/** Stores attempts and the next state of their deliveries in one commit. Answers, per settlement, whether the lease still held. */
export async function settleDeliveries(
  database: Pick<Database, 'pool'>,
  settlements: readonly Settlement[],
): Promise<boolean[]> {
  const ids = settlements.map((settlement) => settlement.deliveryId);
  const { rows } = await database.pool.query<{ id: string }>({
    name: 'settle',
    text: settleSql,
    values: [ids, ...idRange(ids), ...columnsOf(settlements)],
  });
  const held = new Set(rows.map((row) => row.id));
  return ids.map((id) => held.has(id));
}

function columnsOf(settlements: readonly Settlement[]): unknown[][] {
  const column = (pick: (settlement: Settlement) => unknown) =>
    settlements.map((settlement) => pick(settlement) ?? null);
  return [
    column((s) => s.lease),
    column((s) => s.state),
    column((s) => (s.waitMs === undefined ? null : Math.round(s.waitMs))),
    column((s) => s.partsSent),
    column((s) => s.attempt.id),
    column((s) => s.attempt.number),
    column((s) => s.attempt.startedAt),
    column((s) => s.attempt.durationMs),
    column((s) => JSON.stringify(s.outcome)),
    column((s) => s.successor?.id),
    column((s) => s.successor?.backend),
    column((s) => s.successor?.to),
    column((s) => (s.successor?.fallbacks ? JSON.stringify(s.successor.fallbacks) : null)),
  ];
}

/** Gives claimed deliveries back untouched, so that a stopping courier delays nothing by a lease. The attempt does not count. */
export async function releaseDeliveries(
  database: Pick<Database, 'pool'>,
  ids: readonly string[],
  lease: string,
): Promise<void> {
  await database.pool.query(
    `UPDATE delivery SET state = CASE WHEN attempts > 1 THEN 'retrying' ELSE 'pending' END, attempts = attempts - 1, lease = NULL, leased_until = NULL
     WHERE id = ANY($1::uuid[]) AND id BETWEEN $2 AND $3 AND lease = $4`,
    [ids, ...idRange(ids), lease],
  );
}
