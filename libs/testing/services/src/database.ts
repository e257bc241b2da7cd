import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { migrationsFingerprint, templateName } from './migrations.ts';
import { serviceUrl } from './service-env.ts';

/** A database that nobody else uses. */
export interface FreshDatabase {
  /** Logs in as superuser. */
  url: string;
  /** Removes the database together with whoever is still connected to it. */
  drop(): Promise<void>;
}

/** PostgreSQL's code for "the template is being copied or used by someone else". */
const objectInUse = '55006';
const copyWithinMs = 15_000;

/** Connection string of the superuser to the maintenance database. Throws when no test server is known. */
export function testDatabaseUrl(): string {
  return serviceUrl('TEST_DATABASE_URL');
}

/** Makes a database with all tables and no rows, in some 50 ms. Throws when the template does not fit the migrations. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  await asAdmin(async (client) => {
    await refuseOutdatedTemplate(client);
    await copyTemplate(client, name);
  });
  const url = new URL(testDatabaseUrl());
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => asAdmin(async (client) => void (await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))),
  };
}

async function asAdmin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: testDatabaseUrl(), connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
  } catch (error) {
    throw new Error('The test PostgreSQL does not answer: start it anew with `npm run services`.', { cause: error });
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function refuseOutdatedTemplate(client: pg.Client): Promise<void> {
  const answer = await client.query<{ fingerprint: string | null }>(
    `SELECT shobj_description(oid, 'pg_database') AS fingerprint FROM pg_database WHERE datname = $1`,
    [templateName],
  );
  if (answer.rows[0]?.fingerprint === migrationsFingerprint()) return;
  throw new Error('The test database lacks the present migrations: run `npm run services` again.');
}

async function copyTemplate(client: pg.Client, name: string): Promise<void> {
  const deadline = Date.now() + copyWithinMs;
  for (;;) {
    try {
      await client.query(`CREATE DATABASE ${name} TEMPLATE ${templateName}`);
      return;
    } catch (error) {
      if ((error as pg.DatabaseError).code !== objectInUse || Date.now() > deadline) throw error;
      await pause(50);
    }
  }
}
