/** The courier's reads: claim a batch, keep hold of it, give it back. */
import type { Message, Priority, RetryPolicy, WhenOffline } from '#contract';
import type { Database } from '../database.ts';
import { isBehind } from './line.ts';
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
  correlationKey: string | null;
  /** The line in which it stands; it is the first there. */
  orderKey: string | null;
  fallbacks: Fallbacks | null;
  retry: RetryPolicy | null;
  /** Number of the attempt that was claimed, from 1. */
  attempts: number;
  /** Attempts made before the last redrive. */
  attemptsBefore: number;
  partsSent: number;
  openedAt: Date;
  /** Until when the news is worth delivering. */
  validUntil: Date | null;
  /** Until when this address is tried before the next one takes over. */
  giveUpAt: Date | null;
  whenOffline: WhenOffline | null;
  /** Since when it had to wait for somebody to come online. */
  heldSince: Date | null;
  /** Absent: normal. */
  priority: Priority | null;
}

// What somebody else has locked is passed by: it is being claimed, kept or settled. Claims and renewals never wait for each other,
// then, and so cannot dead-lock. No column of an index or of its condition changes, so a claim rewrites the row without
// touching any index. `state` says what `finished_at IS NULL` would, without luring the planner into the index of all that is open.
const claimSql = `
WITH free AS (
  SELECT id FROM delivery d
  WHERE id = ANY($1::uuid[]) AND id BETWEEN $2 AND $3 AND state IN ('pending', 'sending', 'retrying', 'waiting') AND backend = $6
    AND (leased_until IS NULL OR leased_until <= now())
    AND CASE WHEN $7 THEN least(valid_until, give_up_at) <= now() ELSE due_at <= now() END
    AND (order_key IS NULL OR NOT ${isBehind('d')})
  FOR UPDATE OF d SKIP LOCKED
)
UPDATE delivery d SET state = 'sending', attempts = attempts + 1, lease = $4, leased_until = now() + $5 * interval '1 millisecond'
FROM free WHERE d.id = free.id AND d.id BETWEEN $2 AND $3
RETURNING d.id, event_id AS "eventId", rule, recipient, backend, address AS "to", address_kind AS "toKind", message,
  correlation_key AS "correlationKey", order_key AS "orderKey", fallbacks, retry, attempts, attempts_before AS "attemptsBefore",
  parts_sent AS "partsSent", opened_at AS "openedAt", valid_until AS "validUntil", give_up_at AS "giveUpAt",
  when_offline AS "whenOffline", held_since AS "heldSince", priority, (SELECT version FROM book) AS version`;

/** What a claim is made with. */
export interface ClaimTerms {
  backend: string;
  /** Token of this claim; settling needs it. */
  lease: string;
  /** Milliseconds until others may claim again. */
  leaseMs: number;
  /** Claims only what has passed its deadline and is to be decided on without an attempt, due or not. Absent: what is due. */
  pastDeadline?: boolean;
}

/** Claimed deliveries, and the book to deliver them by. */
export interface Claim {
  deliveries: ClaimedDelivery[];
  /** Version of the rule book at the claim: a backend that was changed before is used as it is now. */
  bookVersion: bigint;
}

/**
 * Takes those of the given deliveries that are due, nobody's, and first in their line; each counts as an attempt from here on.
 */
export async function claimDeliveries(
  database: Pick<Database, 'pool'>,
  ids: readonly string[],
  terms: ClaimTerms,
): Promise<Claim> {
  const { rows } = await database.pool.query<ClaimedDelivery & { version: string }>({
    name: 'claim',
    text: claimSql,
    values: [ids, ...idRange(ids), terms.lease, terms.leaseMs, terms.backend, terms.pastDeadline ?? false],
  });
  return { deliveries: rows, bookVersion: BigInt(rows[0]?.version ?? 0) };
}

/** Makes leases last `leaseMs` milliseconds from now. Answers the ids that are still held under one of the tokens. */
export async function renewLeases(
  database: Pick<Database, 'pool'>,
  ids: readonly string[],
  leases: readonly string[],
  leaseMs: number,
): Promise<Set<string>> {
  const { rows } = await database.pool.query<{ id: string }>({
    name: 'renew',
    text: `WITH mine AS (
             SELECT id FROM delivery
             WHERE id = ANY($1::uuid[]) AND id BETWEEN $2 AND $3 AND lease = ANY($4::uuid[])
             FOR UPDATE SKIP LOCKED
           )
           UPDATE delivery d SET leased_until = now() + $5 * interval '1 millisecond'
           FROM mine WHERE d.id = mine.id AND d.id BETWEEN $2 AND $3 RETURNING d.id`,
    values: [ids, ...idRange(ids), leases, leaseMs],
  });
  return new Set(rows.map(({ id }) => id));
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
