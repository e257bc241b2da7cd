/** The courier's write: attempts, the next state of their deliveries, and who takes over. */
import type { Outcome } from '#contract';
import { bisect } from '../bisect.ts';
import type { Database } from '../database.ts';
import { idRange } from './ranges.ts';
import type { Fallbacks } from './route.ts';

/** What came of one claim and what follows. */
export interface Settlement {
  deliveryId: string;
  lease: string;
  state: 'pending' | 'delivered' | 'retrying' | 'waiting' | 'dead' | 'suppressed';
  /** Wait before the next attempt, in milliseconds. Absent: none is to come, or it may be made whenever it can be. */
  waitMs: number | undefined;
  /** Whether an attempt was made. If not, it uses up no number and leaves no entry. */
  counted: boolean;
  /** Whether another address may still take over later. Absent: as before. */
  dropPatience?: boolean;
  partsSent: number;
  attempt: { id: string; number: number; startedAt: Date; durationMs: number };
  outcome: Outcome;
  /** The delivery that takes over, when this one gave up and another address is left. */
  successor: Successor | undefined;
}

/** A delivery that takes over. */
export interface Successor {
  id: string;
  backend: string;
  to: string;
  fallbacks: Fallbacks | undefined;
  /** Its line, when its event has a correlation key. */
  orderKey: string | undefined;
}

// The attempt happened, so its row is written even when the lease was lost; the state then belongs to whoever claimed since.
// Written twice (the answer to the first commit was lost on the way), it changes nothing.
const settleSql = `
WITH input AS (
  SELECT * FROM unnest($1::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::int[], $8::uuid[], $9::int[], $10::timestamptz[], $11::real[],
                       $12::text[], $13::uuid[], $14::text[], $15::text[], $16::text[], $17::boolean[], $18::boolean[], $19::uuid[], $20::float8[])
    AS t(id, lease, state, wait_ms, parts_sent, attempt_id, number, started_at, duration_ms, outcome, next_id, next_backend, next_address,
         next_fallbacks, counted, drop_patience, next_order_key, next_patience_s)
), logged AS (
  INSERT INTO attempt (id, delivery_id, number, started_at, duration_ms, outcome, wait_ms)
  SELECT attempt_id, id, number, started_at, duration_ms, outcome::json, wait_ms FROM input WHERE counted
  ON CONFLICT DO NOTHING
), settled AS (
  UPDATE delivery d SET state = i.state, lease = NULL, leased_until = NULL, parts_sent = i.parts_sent, last_outcome = i.outcome::json, fallback_to = i.next_id,
    attempts = d.attempts - CASE WHEN i.counted THEN 0 ELSE 1 END,
    due_at = CASE WHEN i.wait_ms IS NULL THEN d.due_at ELSE now() + i.wait_ms * interval '1 millisecond' END,
    held_since = CASE WHEN i.state = 'waiting' THEN coalesce(d.held_since, now()) ELSE d.held_since END,
    give_up_at = CASE WHEN i.drop_patience THEN NULL ELSE d.give_up_at END,
    finished_at = CASE WHEN i.state IN ('delivered', 'dead', 'suppressed') THEN now() END,
    dead_at = CASE WHEN i.state = 'dead' THEN now() END
  FROM input i WHERE d.id = i.id AND d.id BETWEEN $2 AND $3 AND d.lease = i.lease
  RETURNING d.id, d.event_id, d.rule, d.recipient, d.address_kind, d.message, d.correlation_key, d.retry, d.valid_until, d.when_offline,
    d.order_key, d.priority, d.finished_at
), left_line AS (
  DELETE FROM delivery_line l USING settled s
  WHERE s.finished_at IS NOT NULL AND l.order_key = s.order_key AND l.event_id = s.event_id AND l.delivery_id = s.id
), succeeded AS (
  INSERT INTO delivery (id, event_id, rule, recipient, backend, address, address_kind, message, correlation_key, fallbacks, retry, valid_until,
                        when_offline, order_key, priority, give_up_at)
  SELECT i.next_id, s.event_id, s.rule, s.recipient, i.next_backend, i.next_address, s.address_kind, s.message, s.correlation_key,
         i.next_fallbacks::json, s.retry, s.valid_until, s.when_offline, i.next_order_key, s.priority,
         now() + i.next_patience_s * interval '1 second'
  FROM settled s JOIN input i ON i.id = s.id WHERE i.next_id IS NOT NULL
), lined_up AS (
  INSERT INTO delivery_line (order_key, event_id, delivery_id)
  SELECT i.next_order_key, s.event_id, i.next_id FROM settled s JOIN input i ON i.id = s.id WHERE i.next_order_key IS NOT NULL
)
SELECT id FROM settled`;

/** Most tries to store settlements that stand in each other's way. */
const mostTries = 5;

/** Stores attempts and the next state of their deliveries in one commit. Answers, per settlement, whether the lease still held. */
export async function settleDeliveries(
  database: Pick<Database, 'pool'>,
  settlements: readonly Settlement[],
): Promise<boolean[]> {
  return bisect(
    settlements,
    (some) => settleTogether(database, some),
    (settlement, error) => settleRefused(database, settlement, error),
  ).then((held) => Promise.all(held));
}

/** What PostgreSQL does not take harms only itself: the delivery ends as a dead letter that says why. */
async function settleRefused(database: Pick<Database, 'pool'>, settlement: Settlement, error: Error): Promise<boolean> {
  const detail = `What came of the attempt could not be stored: ${error.message}`.slice(0, 1000);
  const dead: Settlement = {
    ...settlement,
    state: 'dead',
    waitMs: undefined,
    outcome: { kind: 'permanent', reason: 'outcome_unstorable', detail },
    successor: undefined,
  };
  const [held] = await bisect(
    [dead],
    (some) => settleTogether(database, some),
    // Then it is the entry of the attempt that is not taken, and the delivery ends without one.
    () => settleTogether(database, [{ ...dead, counted: false, partsSent: 0 }]).then(([taken]) => taken!),
  );
  return held!;
}

async function settleTogether(
  database: Pick<Database, 'pool'>,
  settlements: readonly Settlement[],
): Promise<(boolean | Promise<boolean>)[]> {
  // In the order in which leases are renewed too, so that the two wait for each other instead of dead-locking.
  const inOrder = settlements.toSorted((a, b) => (a.deliveryId < b.deliveryId ? -1 : 1));
  const ids = inOrder.map((settlement) => settlement.deliveryId);
  const values = [ids, ...idRange(ids), ...columnsOf(inOrder)];
  const rows = await pastDeadlocks(() =>
    database.pool.query<{ id: string }>({ name: 'settle', text: settleSql, values }).then((found) => found.rows),
  );
  const held = new Set(rows.map((row) => row.id));
  return settlements.map(({ deliveryId }) => held.has(deliveryId));
}

/** Of a statement that PostgreSQL ended to untie a deadlock nothing stands, and it may pass the next time. */
async function pastDeadlocks<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: unknown }).code !== '40P01' || tries === mostTries) throw error;
    }
  }
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
    column((s) => s.counted),
    column((s) => s.dropPatience ?? false),
    column((s) => s.successor?.orderKey),
    column((s) => s.successor?.fallbacks?.giveUpSeconds),
  ];
}
