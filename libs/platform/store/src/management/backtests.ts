/** The records of back-tests: how each stands, what it found, and that only one runs at a time. */
import {
  backtestLimits,
  HouseError,
  toPublicId,
  type BacktestProgress,
  type BacktestResult,
  type BacktestState,
  type NewBacktest,
} from '#contract';
import type pg from 'pg';
import type { Database } from '../database.ts';

/** A back-test without its result. Ids are bare. */
export interface BacktestHead {
  id: string;
  draft: string;
  author: string;
  state: BacktestState;
  request: NewBacktest;
  progress: BacktestProgress;
  error?: string | undefined;
  startedAt: Date;
  finishedAt?: Date | undefined;
}

/** A back-test. */
export interface StoredBacktest extends BacktestHead {
  result?: BacktestResult | undefined;
}

type NewRecord = Pick<BacktestHead, 'id' | 'draft' | 'author' | 'request'>;

/** How a back-test ended by itself. */
export type BacktestEnd =
  { state: 'done'; progress: BacktestProgress; result: BacktestResult } | { state: 'failed'; error: string };

/** The back-tests of the house. */
export interface Backtests {
  /** Records one that begins. Throws STATE_CONFLICT while another runs, in whichever process. */
  begin(backtest: NewRecord): Promise<void>;
  /** Records how far a running one has come, and that its process lives. Answers whether it is to go on. */
  beat(id: string, progress: BacktestProgress | undefined): Promise<boolean>;
  /** Records the end, unless it was cancelled or given up meanwhile. */
  finish(id: string, end: BacktestEnd): Promise<void>;
  /** Ends a running one, in whichever process: its next beat tells it. Answers whether there is such a back-test, running or not. */
  cancel(id: string): Promise<boolean>;
  get(id: string): Promise<StoredBacktest | undefined>;
  /** Newest first. */
  list(page: { limit: number; before?: string | undefined }): Promise<BacktestHead[]>;
}

/** Silence after which the process of a running back-test counts as gone; it beats once a second. */
const lostAfter = `interval '20 seconds'`;
const lost = 'The process that ran it was ended. Start the back-test again.';
const isLost = `state = 'running' AND beat_at < now() - ${lostAfter}`;
const headColumns = `id, draft, author, CASE WHEN ${isLost} THEN 'failed' ELSE state END AS state, request, progress,
  CASE WHEN ${isLost} THEN '${lost}' ELSE error END AS error, started_at AS "startedAt",
  CASE WHEN ${isLost} THEN beat_at ELSE finished_at END AS "finishedAt"`;
const uniqueViolation = '23505';
const nothingYet: BacktestProgress = { events: 0, ofEvents: 0, fraction: 0, seconds: 0 };

/** Makes the back-tests on a database. */
export function createBacktests({ pool }: Pick<Database, 'pool'>): Backtests {
  return {
    begin: (backtest) => begin(pool, backtest),
    beat: async (id, progress) => {
      const { rowCount } = await pool.query(
        `UPDATE backtest SET beat_at = now(), progress = coalesce($2, progress) WHERE id = $1 AND state = 'running'`,
        [id, asJson(progress)],
      );
      return rowCount === 1;
    },
    finish: (id, end) => finish(pool, id, end),
    cancel: async (id) => {
      await pool.query(
        `UPDATE backtest SET state = 'cancelled', finished_at = now() WHERE id = $1 AND state = 'running' AND NOT (${isLost})`,
        [id],
      );
      return ((await pool.query('SELECT FROM backtest WHERE id = $1', [id])).rowCount ?? 0) > 0;
    },
    get: async (id) => {
      const { rows } = await pool.query<HeadRow & { result: BacktestResult | null }>(
        `SELECT ${headColumns}, result FROM backtest WHERE id = $1`,
        [id],
      );
      return rows[0] && { ...toHead(rows[0]), result: rows[0].result ?? undefined };
    },
    list: async ({ limit, before }) => {
      const { rows } = await pool.query<HeadRow>(
        `SELECT ${headColumns} FROM backtest WHERE $2::uuid IS NULL OR id < $2 ORDER BY id DESC LIMIT $1`,
        [limit, before ?? null],
      );
      return rows.map(toHead);
    },
  };
}

async function begin(pool: pg.Pool, { id, draft, author, request }: NewRecord): Promise<void> {
  await pool.query(`UPDATE backtest SET state = 'failed', error = $1, finished_at = beat_at WHERE ${isLost}`, [lost]);
  try {
    await pool.query(`INSERT INTO backtest (id, draft, author, request, progress) VALUES ($1, $2, $3, $4, $5)`, [
      ...[id, draft, author],
      ...[asJson(request), asJson(nothingYet)],
    ]);
  } catch (error) {
    throw (error as { code?: string }).code === uniqueViolation ? await oneRuns(pool) : error;
  }
  await pool.query('DELETE FROM backtest WHERE id <= (SELECT id FROM backtest ORDER BY id DESC OFFSET $1 LIMIT 1)', [
    backtestLimits.kept,
  ]);
}

async function finish(pool: pg.Pool, id: string, end: BacktestEnd): Promise<void> {
  const [progress, result] = end.state === 'done' ? [end.progress, end.result] : [];
  await pool.query(
    `UPDATE backtest SET state = $2, progress = coalesce($3, progress), result = $4, error = $5, finished_at = now()
     WHERE id = $1 AND state = 'running'`,
    [id, end.state, asJson(progress), asJson(result), end.state === 'failed' ? end.error : null],
  );
}

async function oneRuns(pool: pg.Pool): Promise<HouseError> {
  const { rows } = await pool.query<{ id: string; author: string }>(
    `SELECT id, author FROM backtest WHERE state = 'running'`,
  );
  const [one] = rows;
  const which = one ? `\`${toPublicId('backtest', one.id)}\` of \`${one.author}\` runs` : 'another one ran just now';
  return new HouseError('STATE_CONFLICT', {
    detail: `One back-test runs at a time, and ${which}: wait for its end, or cancel it.`,
  });
}

/** What is kept is text of the data: a reason may hold what `jsonb` cannot. */
function asJson(value: object | undefined): string | null {
  return value ? JSON.stringify(value, storable) : null;
}

function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\u0000', '\ufffd') : value;
}

interface HeadRow extends Omit<BacktestHead, 'error' | 'finishedAt'> {
  error: string | null;
  finishedAt: Date | null;
}

function toHead({ id, draft, author, state, request, progress, error, startedAt, finishedAt }: HeadRow): BacktestHead {
  return {
    ...{ id, draft, author, state, request, progress, startedAt },
    error: error ?? undefined,
    finishedAt: finishedAt ?? undefined,
  };
}
