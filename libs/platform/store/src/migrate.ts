/**
 * Brings the tables up to date from `prisma/migrations`. Prisma's own `migrate deploy` needs an engine that it downloads,
 * which closed networks do not allow; this does the same with plain SQL and keeps the same books, so that either may follow
 * the other.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pg from 'pg';

/** The database and the migrations do not fit together, or the database cannot be reached. Shown without a stack. */
export class MigrationError extends Error {
  /** One sentence: what to do about it. */
  readonly remedy: string;

  constructor(message: string, remedy: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'MigrationError';
    this.remedy = remedy;
  }
}

/** What a run has done. */
export interface MigrationReport {
  /** Names of the migrations that this run applied, in order; empty when there was nothing to do. */
  applied: string[];
}

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

interface AppliedRow {
  migration_name: string;
  checksum: string;
  finished: boolean;
}

/** The number that Prisma's engine locks on (schema-engine, `sql-schema-connector`), so that the two exclude each other. */
const lockNumber = 72707369;

/** As Prisma's engine makes it. */
const bookTable = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  varchar(36) PRIMARY KEY NOT NULL,
  checksum            varchar(64) NOT NULL,
  finished_at         timestamptz,
  migration_name      varchar(255) NOT NULL,
  logs                text,
  rolled_back_at      timestamptz,
  started_at          timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`;

/**
 * Applies the migrations that the database lacks, oldest first, each in a transaction of its own together with its entry in
 * `_prisma_migrations`. Any number of processes may call it at once; one works, the others wait and find nothing to do.
 * Throws `MigrationError` when an applied migration was changed or is unknown here, or when one fails.
 */
export async function migrate(connectionString: string, migrationsDir = findMigrations()): Promise<MigrationReport> {
  const migrations = await readMigrations(migrationsDir);
  const client = await connect(connectionString);
  try {
    if (missing(migrations, await readBook(client)).length === 0) return { applied: [] };
    await client.query('SELECT pg_advisory_lock($1)', [lockNumber]);
    await client.query(bookTable);
    // Asked again: another process may have worked while this one waited for the lock.
    const open = missing(migrations, await readBook(client));
    for (const migration of open) await apply(client, migration);
    return { applied: open.map((migration) => migration.name) };
  } finally {
    // Ends the session and with it the lock.
    await client.end();
  }
}

/** The folder of the migrations, seen from the source as well as from `dist`. Throws when there is none above this file. */
export function findMigrations(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'prisma', 'migrations');
    if (existsSync(candidate)) return candidate;
  }
  throw new MigrationError('The folder prisma/migrations is missing.', 'Install it beside the built code.');
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString,
    application_name: 'vestnik-migrate',
    connectionTimeoutMillis: 10_000,
  });
  // A connection that breaks is told by the query that notices it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const { host, port, database = '' } = client;
    throw new MigrationError(
      `Cannot open the database ${database} at ${host}:${port}: ${message || code}.`,
      'Check DATABASE_URL, and that PostgreSQL is up and lets this machine in.',
      error,
    );
  }
}

async function readBook(client: pg.Client): Promise<AppliedRow[]> {
  const known = await client.query<{ found: boolean }>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS found`);
  if (!known.rows[0]?.found) return [];
  const answer = await client.query<AppliedRow>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
     FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
  );
  return answer.rows;
}

/** What is yet to be applied. Throws when what was applied is not what lies in the folder. */
function missing(migrations: readonly Migration[], book: readonly AppliedRow[]): Migration[] {
  const applied = new Map(book.map((row) => [row.migration_name, row]));
  refuseUnknown(migrations, applied);
  for (const migration of migrations) refuseChanged(migration, applied.get(migration.name));
  return migrations.filter((migration) => !applied.has(migration.name));
}

function refuseUnknown(migrations: readonly Migration[], applied: ReadonlyMap<string, AppliedRow>): void {
  const here = new Set(migrations.map((migration) => migration.name));
  const unknown = [...applied.keys()].filter((name) => !here.has(name));
  if (unknown.length === 0) return;
  throw new MigrationError(
    `The database is newer than this Vestnik: it has ${unknown.join(', ')}.`,
    'Start the version that made these changes, or a later one.',
  );
}

function refuseChanged(migration: Migration, row: AppliedRow | undefined): void {
  if (row && !row.finished) {
    throw new MigrationError(
      `The migration ${migration.name} was begun elsewhere and never finished.`,
      'Find out how far it came, then settle it with `prisma migrate resolve`.',
    );
  }
  if (!row || checksumsOf(migration).includes(row.checksum)) return;
  throw new MigrationError(
    `The migration ${migration.name} was changed after it had been applied to this database.`,
    'Restore the file prisma/migrations/' + migration.name + '/migration.sql, and put changes into a new migration.',
  );
}

/** A checkout may have turned the line endings; like Prisma, this takes either form for the same. */
function checksumsOf(migration: Migration): string[] {
  const unix = migration.sql.replaceAll('\r\n', '\n');
  const variants = [unix, unix.replaceAll('\n', '\r\n')];
  return [migration.checksum, ...variants.map((sql) => createHash('sha256').update(sql).digest('hex'))];
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(migration.sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query('COMMIT');
  } catch (error) {
    const { message, position } = error as pg.DatabaseError;
    const line = position ? `, line ${migration.sql.slice(0, Number(position)).split('\n').length}` : '';
    throw new MigrationError(
      `The migration ${migration.name} failed and was rolled back${line}: ${message}.`,
      'The database is as it was before; mend the cause and start again.',
      error,
    );
  }
}
