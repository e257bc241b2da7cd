/**
 * The circuits: which backends are not sent to as usual, shared by all processes through one small table, with NOTIFY and a
 * slow poll, as the rule book is. A backend without a row is well.
 */
import type { Logger } from '#platform/log';
import type pg from 'pg';
import { inTransaction, type Database } from './database.ts';
import { acceptEvents, type NewEvent } from './flow/accept.ts';
import type { Listener } from './listener.ts';
import { createRefresher } from './refresher.ts';

/** Channel on which every change is told. */
const channel = 'vestnik_circuit';

/**
 * `open`: the backend is down; single probes try it, everything else waits and uses up no attempts. `draining`: it is back,
 * and what waited goes first, oldest first. `paused`: it refuses us (credentials, set-up) until an operator acts.
 */
export type CircuitState = 'open' | 'draining' | 'paused';

/** The circuit of a backend that is not well. */
export interface Circuit {
  backend: string;
  state: CircuitState;
  /** Stable word, that of the outcome that led to it. */
  reason: string;
  detail: string | null;
  since: Date;
  /** Probes made since then. */
  probes: number;
  probeAt: Date;
}

/** Why a circuit changes. */
export interface CircuitCause {
  reason: string;
  detail: string | undefined;
}

/** The circuits as a process sees them, and the ways to change them. Every change answers whether it was this one that made it. */
export interface Circuits {
  of(backend: string): Circuit | undefined;
  all(): ReadonlyMap<string, Circuit>;
  /** The backend is down: the first probe may be made after `probeInMs` milliseconds. A paused one stays paused. */
  open(backend: string, cause: CircuitCause, probeInMs: number): Promise<boolean>;
  /** The backend refuses us. `alert` is stored in the same transaction, so the operators hear of it whatever breaks. */
  pause(backend: string, cause: CircuitCause, alert: NewEvent): Promise<boolean>;
  /** Takes the right to make the next probe, if it is time; the one after may be made `gapsMs[probes made]` later (the last repeats). */
  takeProbe(backend: string, gapsMs: readonly number[]): Promise<boolean>;
  /** The backend is back (`from: open`) or was seen to by an operator (`from: paused`): what waited goes first. */
  drain(backend: string, from: 'open' | 'paused'): Promise<boolean>;
  /** Nothing is left to drain. */
  close(backend: string): Promise<boolean>;
  /** Reads what stands in the table now. */
  refresh(): Promise<void>;
  stop(): void;
}

const columns = 'backend, state, reason, detail, since, probes, probe_at AS "probeAt"';
const notify = `SELECT pg_notify('${channel}', '')`;

const openSql = `
WITH changed AS (
  INSERT INTO circuit (backend, state, reason, detail, probe_at) VALUES ($1, 'open', $2, $3, now() + $4 * interval '1 millisecond')
  ON CONFLICT (backend) DO UPDATE
    SET state = 'open', reason = EXCLUDED.reason, detail = EXCLUDED.detail, since = now(), probes = 0, probe_at = EXCLUDED.probe_at
    WHERE circuit.state = 'draining'
  RETURNING 1
) ${notify} FROM changed`;

const pauseSql = `
WITH changed AS (
  INSERT INTO circuit (backend, state, reason, detail) VALUES ($1, 'paused', $2, $3)
  ON CONFLICT (backend) DO UPDATE SET state = 'paused', reason = EXCLUDED.reason, detail = EXCLUDED.detail, since = now(), probes = 0
    WHERE circuit.state <> 'paused'
  RETURNING 1
) ${notify} FROM changed`;

const probeSql = `
WITH changed AS (
  UPDATE circuit SET probes = probes + 1, probe_at = now() + ($2::bigint[])[least(probes + 1, cardinality($2::bigint[]))] * interval '1 millisecond'
  WHERE backend = $1 AND state = 'open' AND probe_at <= now()
  RETURNING 1
) ${notify} FROM changed`;

const drainSql = `
WITH changed AS (
  UPDATE circuit SET state = 'draining', since = now() WHERE backend = $1 AND state = $2 RETURNING 1
) ${notify} FROM changed`;

const closeSql = `
WITH changed AS (DELETE FROM circuit WHERE backend = $1 AND state = 'draining' RETURNING 1) ${notify} FROM changed`;

/** An operator has saved the backend: whatever was wrong with it is to be found out anew, and what waited goes first. */
export async function forgiveBackend(client: Pick<pg.PoolClient, 'query'>, backend: string): Promise<void> {
  await client.query(
    `WITH changed AS (
       UPDATE circuit SET state = 'draining', since = now() WHERE backend = $1 AND state <> 'draining' RETURNING 1
     ) ${notify} FROM changed`,
    [backend],
  );
}

/** The backend is gone, and its circuit with it. */
export async function forgetBackend(client: Pick<pg.PoolClient, 'query'>, backend: string): Promise<void> {
  await client.query(`WITH changed AS (DELETE FROM circuit WHERE backend = $1 RETURNING 1) ${notify} FROM changed`, [
    backend,
  ]);
}

/** Loads the circuits and follows them. `pollMs` is the longest time, in milliseconds, that a missed note can go unnoticed. */
export async function watchCircuits(
  database: Pick<Database, 'pool' | 'events'>,
  listener: Listener,
  log: Logger,
  pollMs = 10_000,
): Promise<Circuits> {
  let circuits = new Map<string, Circuit>();
  const refresh = createRefresher(async () => {
    const { rows } = await database.pool.query<Circuit>(`SELECT ${columns} FROM circuit`);
    circuits = new Map(rows.map((row) => [row.backend, row]));
  });

  function refreshQuietly(): void {
    refresh().catch((error: unknown) => log.warn({ error }, 'circuits.refresh_failed'));
  }

  async function andSee(changing: Promise<boolean>): Promise<boolean> {
    const changed = await changing;
    await refresh();
    return changed;
  }

  const { pool } = database;
  await refresh();
  listener.on(channel, refreshQuietly);
  const timer = setInterval(refreshQuietly, pollMs);
  timer.unref();
  return {
    of: (backend) => circuits.get(backend),
    all: () => circuits,
    open: (backend, { reason, detail }, probeInMs) =>
      andSee(change(pool, openSql, [backend, reason, detail ?? null, probeInMs])),
    pause: (backend, cause, alert) => andSee(pauseAndAlert(database, backend, cause, alert)),
    takeProbe: (backend, gapsMs) => andSee(change(pool, probeSql, [backend, gapsMs])),
    drain: (backend, from) => andSee(change(pool, drainSql, [backend, from])),
    close: (backend) => andSee(change(pool, closeSql, [backend])),
    refresh,
    stop: () => clearInterval(timer),
  };
}

async function change(connection: Pick<pg.Pool, 'query'>, text: string, values: unknown[]): Promise<boolean> {
  const { rowCount } = await connection.query(text, values);
  return rowCount === 1;
}

function pauseAndAlert(
  database: Pick<Database, 'pool' | 'events'>,
  backend: string,
  { reason, detail }: CircuitCause,
  alert: NewEvent,
): Promise<boolean> {
  return inTransaction(database.pool, async (client) => {
    if (!(await change(client, pauseSql, [backend, reason, detail ?? null]))) return false;
    await acceptEvents({ pool: client as unknown as pg.Pool, events: database.events }, [alert]);
    return true;
  });
}
