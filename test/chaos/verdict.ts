/** What became of everything that was accepted: the sinks' word against the database's. */
import type { Doubled, Entry, OrderViolation } from './ledger.ts';
import { quantile } from './ledger.ts';
import type { Disturbance } from './sabotage.ts';
import { gather } from './table.ts';
import type { World } from './world.ts';

/** A delivery that should have come and did not, with what the database says of it. */
export interface Unreached {
  key: string;
  target: string;
  /** Lost: nothing will ever bring it. Open: something may. Else the state in which it visibly stands. */
  verdict: 'lost' | 'open' | 'dead' | 'suppressed' | 'held';
  why: string;
}

/** All that a run found out about events and deliveries. */
export interface Verdict {
  accepted: { http: number; amqp: number };
  delivered: number;
  unreached: Unreached[];
  doubled: { explained: Doubled[]; unexplained: (Doubled & { attempts: string[] })[] };
  /** Doubled at a sink that drops repeats by the id of the delivery: events with two deliveries to one target. */
  twice: string[];
  orderViolations: OrderViolation[];
  delaysMs: Delays;
  /** The same for each target. */
  delaysByTarget: [target: string, delays: Delays][];
}

/** From acceptance to the first success, in milliseconds. */
export interface Delays {
  p50: number;
  p99: number;
  longest: number;
}

/** Of so many repeats the attempts are looked up; all are counted. */
const mostLookedUp = 20;

interface Row {
  key: string;
  event: string;
  target: string | null;
  state: string | null;
  attempts: number | null;
  outcome: string | null;
}

/** Finds out. */
export async function judge(world: World, disturbances: readonly Disturbance[]): Promise<Verdict> {
  const { ledger } = world;
  const doubled = ledger.doubled();
  const unexplained = doubled.filter((one) => !isExplained(one, disturbances));
  const targets = new Set([...ledger.entries.values()].flatMap(({ seen }) => seen.map(({ target }) => target)));
  return {
    accepted: { ...ledger.accepted },
    delivered: ledger.delivered(),
    unreached: await explainUnreached(world),
    doubled: {
      explained: doubled.filter((one) => !unexplained.includes(one)),
      unexplained: await Promise.all(
        unexplained.map(async (one, index) => ({
          ...one,
          attempts: index < mostLookedUp ? await attemptsOf(world, one.deliveryId) : [],
        })),
      ),
    },
    twice: await findTwice(world),
    orderViolations: ledger.orderViolations,
    delaysMs: delaysOf(ledger.delays()),
    delaysByTarget: [...targets].sort().map((one) => [one, delaysOf(ledger.delays((target) => target === one))]),
  };
}

function delaysOf(ascending: readonly number[]): Delays {
  return { p50: quantile(ascending, 0.5), p99: quantile(ascending, 0.99), longest: ascending.at(-1) ?? 0 };
}

async function explainUnreached(world: World): Promise<Unreached[]> {
  const entries = world.ledger.unfinished();
  if (entries.length === 0) return [];
  const rows = await world.ask<Row>(
    `SELECT e.idempotency_key AS key, e.state AS event, d.backend || '/' || d.address AS target, d.state, d.attempts,
            d.last_outcome::text AS outcome
     FROM event e LEFT JOIN delivery d ON d.event_id = e.id
     WHERE e.source = 'chaos' AND e.idempotency_key = ANY($1)`,
    [entries.map(({ key }) => key)],
  );
  const byKey = gather(rows, ({ key }) => key);
  return entries.flatMap((entry) => unreachedOf(entry, byKey.get(entry.key) ?? [], world));
}

function unreachedOf(entry: Entry, rows: readonly Row[], world: World): Unreached[] {
  return world.ledger.missingTargets(entry).map((target) => {
    const row = rows.find((found) => found.target === target);
    const told = row ? `${row.state}, attempts ${row.attempts}, last outcome ${row.outcome}` : '';
    const say = (verdict: Unreached['verdict'], why: string) => ({ key: entry.key, target, verdict, why });
    if (rows.length === 0) return say('lost', `the event (${entry.door}) is not stored`);
    if (!row && rows[0]!.event === 'accepted') return say('open', 'the event is stored, but not routed yet');
    if (!row) return say('lost', `the event is ${rows[0]!.event}, but has no such delivery`);
    if (row.state === 'delivered') return say('lost', `stands as delivered, but never arrived; ${told}`);
    if (row.state === 'dead' || row.state === 'suppressed') return say(row.state, told);
    return say(row.state === 'waiting' ? 'held' : 'open', told);
  });
}

/** How long after an arrival its outcome may still be on the way to the disk, in milliseconds. */
const settlingMs = 3000;

/** Whether a repeat follows from a courier or PostgreSQL going away while the attempt before was not yet settled. */
function isExplained({ okAt }: Doubled, disturbances: readonly Disturbance[]): boolean {
  const breaking = disturbances.filter(
    ({ kind, target }) => kind === 'postgres' || ((kind === 'kill' || kind === 'freeze') && /^courier/.test(target)),
  );
  const sorted = okAt.toSorted((one, other) => one - other);
  return sorted
    .slice(0, -1)
    .every((at) => breaking.some(({ from, to }) => from <= at + settlingMs && to >= at - settlingMs));
}

async function attemptsOf(world: World, deliveryId: string): Promise<string[]> {
  const id = deliveryId.replace(/^dlv_/, '');
  const rows = await world.ask<{ line: string }>(
    `SELECT number || ' at ' || started_at || ' for ' || duration_ms || ' ms: ' || outcome::text AS line
     FROM attempt WHERE delivery_id = $1 ORDER BY id`,
    [id],
  );
  return rows.map(({ line }) => line);
}

/** Two deliveries of one event to one target by one rule, or two events with one key; by both books. */
async function findTwice(world: World): Promise<string[]> {
  const atSinks = world.ledger
    .twice()
    .map(({ key, target, deliveryIds }) => `${key} at ${target}: ${deliveryIds.join(', ')}`);
  const deliveries = await world.ask<{ line: string }>(
    `SELECT event_id || ' ' || rule || ' ' || backend || '/' || address || ': ' || count(*) || ' deliveries' AS line
     FROM delivery GROUP BY event_id, rule, backend, address HAVING count(*) > 1 LIMIT 100`,
  );
  const events = await world.ask<{ line: string }>(
    `SELECT idempotency_key || ': ' || count(*) || ' events' AS line
     FROM event GROUP BY source, idempotency_key HAVING count(*) > 1 LIMIT 100`,
  );
  return [...new Set([...atSinks, ...deliveries.map(({ line }) => line), ...events.map(({ line }) => line)])];
}
