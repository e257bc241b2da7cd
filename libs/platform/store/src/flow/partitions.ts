/** The partitions of the three tables that grow: one per day, made ahead of time, dropped whole when their time is over. */
import { uuidFloor } from '#contract';
import type { Database } from '../database.ts';

const tables = ['event', 'delivery', 'attempt'] as const;
const dayMs = 86_400_000;
/** Percent of a page that inserts fill. A delivery is rewritten by its claim; with room on the page that touches no index. */
const fillFactor = { event: 100, delivery: 70, attempt: 100 } as const;
/** Any number that no other lock of ours uses. */
const partitionLock = 7_301_001;

/** Makes the partitions from yesterday until `daysAhead` days after `nowMs`, where they are missing. Safe to call from several processes. */
export async function ensurePartitions(database: Pick<Database, 'pool'>, nowMs: number, daysAhead = 7): Promise<void> {
  const existing = await listPartitions(database);
  const firstDay = Math.floor(nowMs / dayMs) - 1;
  const wanted = Array.from({ length: daysAhead + 2 }, (_, offset) => firstDay + offset);
  const missing = tables.flatMap((table) =>
    wanted.filter((day) => !existing.has(partitionName(table, day))).map((day) => createSql(table, day)),
  );
  if (missing.length === 0) return;
  // One transaction, one lock: a second process waits, then finds everything there.
  await database.pool.query(`BEGIN; SELECT pg_advisory_xact_lock(${partitionLock}); ${missing.join(' ')} COMMIT;`);
}

/**
 * Drops the partitions that hold nothing younger than `retentionDays` before `nowMs`, and the idempotency keys, inbox
 * messages and places in line of that age. Answers the names of the dropped partitions.
 */
export async function dropExpired(
  database: Pick<Database, 'pool'>,
  nowMs: number,
  retentionDays: number,
): Promise<string[]> {
  const lastKeptDay = Math.floor(nowMs / dayMs) - retentionDays;
  const expired = [...(await listPartitions(database)).entries()]
    .filter(([, day]) => day < lastKeptDay)
    .map(([name]) => name);
  for (const name of expired) await database.pool.query(`DROP TABLE IF EXISTS ${name}`);
  const floor = uuidFloor(lastKeptDay * dayMs);
  await deleteInChunks(database, 'event_key', 'event_id', floor);
  await deleteInChunks(database, 'inbox_message', 'id', floor);
  await deleteInChunks(database, 'delivery_line', 'event_id', floor);
  return expired;
}

async function deleteInChunks(
  database: Pick<Database, 'pool'>,
  table: string,
  column: string,
  floor: string,
): Promise<void> {
  const sql = `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${column} < $1 LIMIT 10000))`;
  for (;;) {
    const { rowCount } = await database.pool.query(sql, [floor]);
    if (!rowCount) return;
  }
}

/** Partition name → its day, counted since 1970. */
async function listPartitions(database: Pick<Database, 'pool'>): Promise<Map<string, number>> {
  const { rows } = await database.pool.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
     WHERE p.relname = ANY($1) AND p.relnamespace = current_schema()::regnamespace`,
    [tables],
  );
  return new Map(rows.flatMap(({ name }) => withDay(name)));
}

function withDay(name: string): [string, number][] {
  const digits = /_(\d{4})(\d{2})(\d{2})$/.exec(name);
  return digits ? [[name, Date.UTC(Number(digits[1]), Number(digits[2]) - 1, Number(digits[3])) / dayMs]] : [];
}

function partitionName(table: string, day: number): string {
  return `${table}_${new Date(day * dayMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

function createSql(table: (typeof tables)[number], day: number): string {
  const bounds = `FROM ('${uuidFloor(day * dayMs)}') TO ('${uuidFloor((day + 1) * dayMs)}')`;
  return `CREATE TABLE IF NOT EXISTS ${partitionName(table, day)} PARTITION OF ${table} FOR VALUES ${bounds} WITH (fillfactor = ${fillFactor[table]});`;
}
