import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { birthMark } from './process-identity.ts';

let base: string;
let dataDir: string;
let lines: string[];
const started: EmbeddedPostgres[] = [];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'vestnik-embedded-'));
  chmodSync(base, 0o755);
  dataDir = join(base, 'data');
  lines = [];
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((database) => database.stop()));
  rmSync(base, { recursive: true });
});

async function start(folder = dataDir): Promise<EmbeddedPostgres> {
  const database = await startEmbeddedPostgres({ dataDir: folder, durable: false, log: (line) => lines.push(line) });
  started.push(database);
  return database;
}

async function query<T extends pg.QueryResultRow>(database: { connectionString: string }, sql: string): Promise<T[]> {
  const client = new pg.Client(database.connectionString);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

function serverPid(folder = dataDir): number {
  return parseInt(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8'), 10);
}

/** Starts the database in a process of its own, which then does what `then` says; answers when it has begun that. */
async function startElsewhere(then: string) {
  const source = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
    const database = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, durable: false, log() {} });
    console.log('up');
    ${then}`;
  const args = ['--import', '@swc-node/register/esm-register', '--input-type=module', '-e', source];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH },
  });
  await once(child.stdout, 'data');
  return child;
}

describe('startEmbeddedPostgres', () => {
  it('makes a UTF-8 database that knows the cases of every alphabet, and keeps its rows over a restart', async () => {
    const first = await start();
    await query(first, `CREATE TABLE kept AS SELECT lower('СКЛАД 📦') AS word`);
    await first.stop();
    const second = await start();
    expect(await query(second, 'SELECT word FROM kept')).toEqual([{ word: 'склад 📦' }]);
    expect(second.reused).toBe(false);
  });

  it('lets nobody in without the password, which only the owner of the folder can read', async () => {
    const database = await start();
    expect(statSync(join(dataDir, 'postgres-password')).mode & 0o777).toBe(0o600);
    const guess = Object.assign(new URL(database.connectionString), { password: 'guess' });
    await expect(query({ connectionString: guess.href }, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it('gives the application a role that is no superuser, and tests one that is', async () => {
    const database = await start();
    const asked = `SELECT current_setting('is_superuser') AS super`;
    expect(await query(database, asked)).toEqual([{ super: 'off' }]);
    expect(await query({ connectionString: database.adminConnectionString }, asked)).toEqual([{ super: 'on' }]);
  });

  it('stops the server, once however often it is asked', async () => {
    const database = await start();
    const pid = serverPid();
    await Promise.all([database.stop(), database.stop()]);
    expect(birthMark(pid)).toBeUndefined();
    expect(existsSync(join(dataDir, 'vestnik.lock'))).toBe(false);
  });

  it('goes on with the server of a start that was killed, and stops it at the end', async () => {
    const other = await startElsewhere('setInterval(() => {}, 1000);');
    const pid = serverPid();
    other.kill('SIGKILL');
    await once(other, 'exit');
    const database = await start();
    expect(database.reused).toBe(true);
    expect(serverPid()).toBe(pid);
    expect(lines.join()).toMatch(new RegExp(`still running \\(pid ${pid}\\)`));
    await database.stop();
    expect(birthMark(pid)).toBeUndefined();
  });

  it('refuses a second start on the same folder while the first one lives', async () => {
    const other = await startElsewhere('setInterval(() => {}, 1000);');
    await expect(start()).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringContaining(`pid ${other.pid}`),
    });
    other.kill('SIGKILL');
    await once(other, 'exit');
    await start();
  });

  it('takes the server along when the process exits without stopping it', async () => {
    const other = await startElsewhere(`process.stdin; setTimeout(() => process.exit(3), 50);`);
    const pid = serverPid();
    await once(other, 'exit');
    await start();
    expect(lines).toEqual([]);
    expect(serverPid()).not.toBe(pid);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'takes the server along when %s ends a process that does not listen to it',
    async (signal) => {
      const other = await startElsewhere('setInterval(() => {}, 1000);');
      const pid = serverPid();
      other.kill(signal);
      expect(await once(other, 'exit')).toEqual([null, signal]);
      expect(birthMark(pid)).toBeUndefined();
      expect(existsSync(join(dataDir, 'vestnik.lock'))).toBe(false);
    },
  );

  it('leaves a signal to the process when that listens itself', async () => {
    const other = await startElsewhere(
      `setInterval(() => {}, 1000); process.on('SIGTERM', () => database.stop().then(() => process.exit(7)));`,
    );
    const pid = serverPid();
    other.kill('SIGTERM');
    expect(await once(other, 'exit')).toEqual([7, null]);
    expect(birthMark(pid)).toBeUndefined();
  });

  it('starts over a server that was killed, and over a pid file that is not its own', async () => {
    const database = await start();
    await query(database, 'CREATE TABLE kept AS SELECT 1 AS one');
    process.kill(serverPid(), 'SIGKILL');
    await database.stop();
    const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
    writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(/^\d+/, String(process.pid)));
    expect(await query(await start(), 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });

  it('sets a new password when the old one was lost, also under a running server', async () => {
    const other = await startElsewhere('setInterval(() => {}, 1000);');
    other.kill('SIGKILL');
    await once(other, 'exit');
    rmSync(join(dataDir, 'postgres-password'));
    expect(await query(await start(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('does not mind who listens on the standard port', async () => {
    const squatter = createServer().listen(5432, '127.0.0.1');
    // Whether it got the port or someone else has it already, the port is taken.
    await Promise.race([once(squatter, 'listening'), once(squatter, 'error')]).catch(() => undefined);
    expect(new URL((await start()).connectionString).port).not.toBe('5432');
    squatter.close();
  });

  it('makes the database anew after a start that was killed while making it', async () => {
    mkdirSync(join(dataDir, 'postgres.new', 'base'), { recursive: true });
    await start();
    expect(existsSync(join(dataDir, 'postgres.new'))).toBe(false);
  });

  it('refuses a folder of another version, and one that holds something else', async () => {
    await (await start()).stop();
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '9\n');
    await expect(start()).rejects.toMatchObject({
      message: expect.stringMatching(/made by PostgreSQL 9; .* brings \d+/),
    });
    rmSync(join(dataDir, 'postgres', 'PG_VERSION'));
    await expect(start()).rejects.toMatchObject({ message: expect.stringMatching(/holds no database/) });
  });

  it('explains a data folder that is a file', async () => {
    writeFileSync(dataDir, '');
    await expect(start()).rejects.toMatchObject({ name: 'StartError', remedy: 'Point DATA_DIR at a folder.' });
  });

  it('works below a folder that only its own user can enter', async () => {
    chmodSync(base, 0o700);
    const database = await start();
    expect(await query(database, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await database.stop();
    // An ordinary user runs the server itself; root needs someone else, who needs a place to live.
    const link = join(dataDir, 'postgres');
    const moved = process.getuid?.() === 0;
    expect(lstatSync(link).isSymbolicLink()).toBe(moved);
    expect(lines.length).toBe(moved ? 1 : 0);
    const home = moved ? readlinkSync(link) : link;
    await (await start()).stop();
    rmSync(home, { recursive: true });
    if (moved) await expect(start()).rejects.toMatchObject({ message: expect.stringMatching(/is gone/) });
  });
});
