/** The events of a span of time, oldest first, on a connection of its own that disturbs nobody. */
import { uuidFloor, type EventFacts } from '#contract';
import pg from 'pg';
import { factsOf, type FactsRow } from '../flow/facts.ts';
import { followersOf } from '../management/follows.ts';

/** Which events are read. */
export interface PastSpan {
  /** Milliseconds since 1970; accepted then or later. */
  fromMs: number;
  /** Accepted before. */
  toMs: number;
  /** Absent: all. */
  types?: readonly string[] | undefined;
}

/** A reader of events. Rejects what PostgreSQL rejects; nothing is tried again. */
export interface PastEvents {
  /** How many events there are, by the statistics of PostgreSQL: no count, which would read them all. */
  estimate(span: PastSpan): Promise<number>;
  /** Events in pages. A page is empty when none of its events is of the types that are asked for. */
  pages(span: PastSpan): AsyncGenerator<EventFacts[]>;
  /** Who follows these subjects. */
  followersOf(subjects: readonly string[], at: Date): Promise<Map<string, string[]>>;
  close(): Promise<void>;
}

/** Events that are read at once: some to begin with, then up to so many. */
const [firstPage, mostPage] = [250, 2000];
/** Text of events beyond which a page ends, in bytes: events may be large, and memory must not grow with them. */
const mostBytes = 16 * 1024 * 1024;
/** Longest statement, in milliseconds; a page takes some 10 ms. */
const statementMs = 30_000;

// The types narrow the page, not the search for it: of a type that is rare a whole page could be looked for through the whole span.
const pageSql = `
WITH page AS MATERIALIZED (
  SELECT id, row_number() OVER (ORDER BY id) AS n,
    sum(octet_length(data::text) + coalesce(octet_length(extensions::text), 0)) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
  FROM (SELECT id, data, extensions FROM event WHERE id > $1 AND id < $2 ORDER BY id LIMIT $4) AS next
), bound AS (SELECT id, n FROM page WHERE coalesce(before, 0) < ${mostBytes} ORDER BY n DESC LIMIT 1)
SELECT b.id AS last, b.n::int AS count, e.id, e.source, e.type, e.subject, e.time, e.correlation_key, e.data, e.extensions
FROM bound b LEFT JOIN event e ON e.id > $1 AND e.id <= b.id AND ($3::text[] IS NULL OR e.type = ANY($3)) ORDER BY e.id`;

type PageRow = { last: string; count: number } & (FactsRow | { id: null });

/**
 * Makes a reader. It has one connection and no transaction that lasts longer than a page, so it keeps nothing from being
 * cleaned up, and waits for no lock longer than a statement may take.
 */
export function openPastEvents(connectionString: string): PastEvents {
  const pool = new pg.Pool({
    connectionString,
    max: 1,
    application_name: 'vestnik back-test',
    connectionTimeoutMillis: 5000,
    statement_timeout: statementMs,
    query_timeout: statementMs + 5000,
    options: '-c default_transaction_read_only=on -c max_parallel_workers_per_gather=0',
  });
  // The next statement says it again.
  pool.on('error', () => undefined);
  return {
    estimate: async ({ fromMs, toMs, types }) => {
      const { rows } = await pool.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
        `EXPLAIN (FORMAT JSON) SELECT 1 FROM event WHERE id >= $1::uuid AND id < $2::uuid AND ($3::text[] IS NULL OR type = ANY($3))`,
        [uuidFloor(fromMs), uuidFloor(toMs), types ?? null],
      );
      return rows[0]!['QUERY PLAN'][0].Plan['Plan Rows'];
    },
    pages: (span) => pagesOf(pool, span),
    followersOf: (subjects, at) => followersOf({ pool }, subjects, at),
    close: () => pool.end(),
  };
}

async function* pagesOf(pool: pg.Pool, { fromMs, toMs, types }: PastSpan): AsyncGenerator<EventFacts[]> {
  // No id of an event is a floor: those are no UUIDv7.
  let after = uuidFloor(fromMs);
  let limit = firstPage;
  for (;;) {
    const { rows } = await pool.query<PageRow>({
      name: 'past_events',
      text: pageSql,
      values: [after, uuidFloor(toMs), types ?? null, limit],
    });
    if (rows.length === 0) return;
    const { last, count } = rows[0]!;
    after = last;
    // Where events are large, few of those that were looked at are in the page.
    limit = Math.min(mostPage, 2 * count);
    yield rows.filter((row): row is PageRow & FactsRow => row.id !== null).map(factsOf);
  }
}
