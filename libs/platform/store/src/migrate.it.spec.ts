import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort, testDatabaseUrl } from '#testing/services';
import { findMigrations, migrate } from './migrate.ts';

let folder: string;
let url: string;
let client: pg.Client;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vestnik-migrations-'));
  const name = `m_${process.pid}_${Date.now()}`;
  await asAdmin(`CREATE DATABASE ${name}`);
  url = Object.assign(new URL(testDatabaseUrl()), { pathname: `/${name}` }).href;
  client = new pg.Client(url);
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await asAdmin(`DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
  rmSync(folder, { recursive: true });
});

async function asAdmin(sql: string): Promise<void> {
  const admin = new pg.Client(testDatabaseUrl());
  await admin.connect();
  await admin.query(sql);
  await admin.end();
}

function write(name: string, sql: string): void {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'migration.sql'), sql);
}

async function rows(sql: string): Promise<unknown[]> {
  return (await client.query(sql)).rows as unknown[];
}

describe('migrate', () => {
  it('applies what is missing in the order of the names, and then finds nothing to do', async () => {
    write('2_second', 'INSERT INTO a VALUES (2);');
    write('1_first', 'CREATE TABLE a (n int); INSERT INTO a VALUES (1);');
    expect(await migrate(url, folder)).toEqual({ applied: ['1_first', '2_second'] });
    expect(await migrate(url, folder)).toEqual({ applied: [] });
    write('3_third', 'INSERT INTO a VALUES (3);');
    expect(await migrate(url, folder)).toEqual({ applied: ['3_third'] });
    expect(await rows('SELECT n FROM a ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it("keeps Prisma's books: the same columns, a SHA-256 of the file, one step, a finish", async () => {
    write('1_first', 'CREATE TABLE a (n int);');
    await migrate(url, folder);
    const checksum = createHash('sha256').update('CREATE TABLE a (n int);').digest('hex');
    expect(await rows('SELECT * FROM _prisma_migrations')).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        checksum,
        finished_at: expect.any(Date),
        migration_name: '1_first',
        logs: null,
        rolled_back_at: null,
        started_at: expect.any(Date),
        applied_steps_count: 1,
      },
    ]);
  });

  it('lets one of many processes work while the others wait', async () => {
    write('1_first', 'CREATE TABLE a (n int); SELECT pg_sleep(0.1);');
    write('2_second', 'INSERT INTO a VALUES (1);');
    const reports = await Promise.all([1, 2, 3, 4].map(() => migrate(url, folder)));
    expect(reports.filter((report) => report.applied.length === 2)).toHaveLength(1);
    expect(reports.filter((report) => report.applied.length === 0)).toHaveLength(3);
    expect(await rows('SELECT n FROM a')).toEqual([{ n: 1 }]);
  });

  it('undoes a migration that fails, names it and its line, and keeps those before it', async () => {
    write('1_first', 'CREATE TABLE a (n int);');
    write('2_broken', 'INSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);');
    await expect(migrate(url, folder)).rejects.toMatchObject({
      name: 'MigrationError',
      message: expect.stringMatching(/2_broken failed and was rolled back, line 2: .*nowhere/),
    });
    expect(await rows('SELECT n FROM a')).toEqual([]);
    expect(await rows('SELECT migration_name FROM _prisma_migrations')).toEqual([{ migration_name: '1_first' }]);
  });

  it('refuses when an applied migration was changed, but not for its line endings', async () => {
    write('1_first', 'CREATE TABLE a (\nn int);');
    await migrate(url, folder);
    write('1_first', 'CREATE TABLE a (\r\nn int);');
    expect(await migrate(url, folder)).toEqual({ applied: [] });
    write('1_first', 'CREATE TABLE a (n bigint);');
    await expect(migrate(url, folder)).rejects.toMatchObject({ message: expect.stringMatching(/1_first was changed/) });
  });

  it('refuses a database that is newer', async () => {
    write('1_first', 'CREATE TABLE a (n int);');
    write('2_second', 'CREATE TABLE b (n int);');
    await migrate(url, folder);
    rmSync(join(folder, '2_second'), { recursive: true });
    await expect(migrate(url, folder)).rejects.toMatchObject({ message: expect.stringMatching(/newer .*2_second/) });
  });

  it('refuses one that Prisma left unfinished, and applies anew one that was marked as rolled back', async () => {
    write('1_first', 'CREATE TABLE a (n int);');
    await migrate(url, folder);
    await client.query('UPDATE _prisma_migrations SET finished_at = NULL');
    await expect(migrate(url, folder)).rejects.toMatchObject({ message: expect.stringMatching(/never finished/) });
    await client.query('DROP TABLE a; UPDATE _prisma_migrations SET rolled_back_at = now()');
    expect(await migrate(url, folder)).toEqual({ applied: ['1_first'] });
  });

  it('says in one line that no PostgreSQL answers, without the password', async () => {
    const away = `postgresql://anna:hidden-word@127.0.0.1:${await freePort()}/gone`;
    const refusal = (await migrate(away, folder).catch((error: unknown) => error)) as Error;
    expect(refusal.message).toMatch(/Cannot open the database gone at 127\.0\.0\.1:\d+: .+/);
    expect(refusal.message).not.toContain('hidden-word');
  });

  it('finds and applies the migrations of the house', async () => {
    const names = readdirSync(findMigrations()).filter((name) => !name.endsWith('.toml'));
    expect(await migrate(url)).toEqual({ applied: names.sort() });
    const first = readFileSync(join(findMigrations(), names[0] ?? '', 'migration.sql'), 'utf8');
    expect(first).toContain('CREATE TABLE event ');
    expect(await rows(`SELECT to_regclass('event') IS NOT NULL AS there`)).toEqual([{ there: true }]);
  });
});
