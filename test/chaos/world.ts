/** Everything that a run needs: servers, apps, sinks, the rule book, and a way to look into the database. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { Ledger } from './ledger.ts';
import { reservePort } from './ports.ts';
import { startPostgres, startRabbit, startRedis, type Breakable } from './servers.ts';
import { startSink, type Sink } from './sinks.ts';
import { Supervised } from './supervised.ts';

/** What to set up. */
export interface WorldOrder {
  amqp: boolean;
  sinks: readonly string[];
  /** What goes into the rule book besides the backends of the sinks, by path. */
  definitions: Record<string, object>;
  /** Further fields of the backend of a sink. */
  backend?: (sink: string) => object;
  targetsOf: (type: string) => readonly string[];
  /** Folder for the whole output of each process; absent: kept nowhere. */
  logs?: string | undefined;
  say: (line: string) => void;
}

/** A running installation of Vestnik that can be broken. */
export interface World {
  ledger: Ledger;
  postgres: Breakable;
  redis: Breakable;
  rabbit: Breakable | undefined;
  sinks: Sink[];
  processes: Supervised[];
  /** The processes of one app. */
  of(app: string): Supervised[];
  key: string;
  /** Asks the database; tries again while it is away. */
  ask<T>(sql: string, values?: unknown[]): Promise<T[]>;
  /** Ends everything and removes every file. May be called more than once. */
  end(): Promise<void>;
}

/** How many of each app. */
const apps: Record<string, number> = { ingest: 2, router: 2, courier: 2, admin: 1 };

/** Sets a world up; when that fails, or when it is aborted, leaves nothing behind. */
export async function startWorld(order: WorldOrder): Promise<World> {
  const dir = await freshDir();
  const closers: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true })];
  const later = <T extends { stop(): Promise<unknown> }>(started: T): T => {
    closers.push(() => started.stop());
    return started;
  };
  let ending: Promise<void> | undefined;
  const end = () => (ending ??= closeAll(closers));
  try {
    const postgres = later(await startPostgres(join(dir, 'postgres'), order.say));
    const redis = later(await startRedis(join(dir, 'redis'), order.say));
    const rabbit = order.amqp ? later(await startRabbit(join(dir, 'rabbitmq'), order.say)) : undefined;
    const ledger = new Ledger(order.targetsOf);
    const sinks = await Promise.all(order.sinks.map((name) => startSink(name, ledger)));
    closers.push(() => Promise.all(sinks.map((sink) => sink.stop())));
    const key = `vst_${randomBytes(32).toString('base64url')}`;
    const urls = { postgres: postgres.url, redis: redis.url, ...(rabbit ? { rabbit: rabbit.url } : {}) };
    const processes = await makeProcesses(environment(urls, key, dir), order.logs);
    closers.push(() => Promise.all(processes.map((one) => one.retire())));
    await startAll(processes);
    const of = (app: string) => processes.filter((one) => one.app === app);
    await writeBook(of('admin')[0]!.url, key, sinks, order);
    const ask = <T>(sql: string, values: unknown[] = []) => askDatabase<T>(postgres.url, sql, values);
    return { ledger, postgres, redis, rabbit, sinks, processes, of, key, ask, end };
  } catch (error) {
    await end();
    throw error;
  }
}

interface ServersTool {
  testDir(): string;
  sweepAbandoned(dir: string): Promise<void>;
}

/** A folder of this run, where the next run of any test finds it should this one be killed. */
async function freshDir(): Promise<string> {
  const { testDir, sweepAbandoned } = (await import('../../tools/servers.mjs' as string)) as ServersTool;
  await sweepAbandoned(testDir());
  const dir = join(testDir(), `run-${process.pid}`);
  mkdirSync(dir, { recursive: true });
  // As root PostgreSQL runs as another user, who must be able to enter.
  chmodSync(dir, 0o755);
  return dir;
}

async function closeAll(closers: readonly (() => Promise<unknown>)[]): Promise<void> {
  const problems: unknown[] = [];
  for (const close of closers.toReversed()) await close().catch((error: unknown) => problems.push(error));
  if (problems.length > 0) throw new AggregateError(problems, 'Not everything could be ended.');
}

function environment(urls: Record<string, string>, key: string, dir: string): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: urls['postgres'],
    REDIS_URL: urls['redis'],
    ...(urls['rabbit'] ? { AMQP_URL: urls['rabbit'] } : {}),
    ADMIN_API_KEY: key,
    SECRET_KEY: 'a key of at least sixteen characters',
    TARGET_NETWORKS: '127.0.0.0/8',
    HOST: '127.0.0.1',
    STOP_TIMEOUT_S: '20',
    // The balancer asks every second who is ready.
    STOP_NOTICE_S: '3',
    DATA_DIR: join(dir, 'data'),
  };
}

async function makeProcesses(env: NodeJS.ProcessEnv, logs: string | undefined): Promise<Supervised[]> {
  if (logs) mkdirSync(logs, { recursive: true });
  const names = Object.entries(apps).flatMap(([app, count]) =>
    Array.from({ length: count }, (_, index) => ({ app, name: `${app}-${index + 1}` })),
  );
  return Promise.all(
    names.map(async ({ app, name }) => {
      const logFile = logs === undefined ? undefined : join(logs, `${name}.log`);
      return new Supervised({ app, name, env, logFile, port: await reservePort() });
    }),
  );
}

/** How long the apps may take to become ready, all together. */
const readyWithinMs = 60_000;

async function startAll([first, ...others]: Supervised[]): Promise<void> {
  const deadline = Date.now() + readyWithinMs;
  const untilReady = async (one: Supervised): Promise<void> => {
    while (!(one.serves && (await one.isReady()))) {
      const [exit] = one.exits;
      if (exit) throw new Error(`${one.name} ended with ${exit.code}:\n${exit.lastLines.join('\n')}`);
      if (Date.now() > deadline) throw new Error(`${one.name} is not ready within ${readyWithinMs / 1000} s.`);
      await pause(50);
    }
  };
  // One alone migrates the database; the others find it done.
  first!.start();
  await untilReady(first!);
  for (const one of others) one.start();
  await Promise.all(others.map(untilReady));
}

async function writeBook(url: string, key: string, sinks: readonly Sink[], order: WorldOrder): Promise<void> {
  const put = async (path: string, body: object): Promise<void> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
    const answer = await fetch(url + path, { method: 'PUT', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
  };
  for (const sink of sinks)
    await put(`/v1/backends/${sink.name}`, {
      type: 'webhook',
      settings: { url: sink.url },
      ...order.backend?.(sink.name),
    });
  for (const [path, body] of Object.entries(order.definitions)) await put(path, body);
}

/** How long a question waits for a database that is away. */
const askWithinMs = 60_000;

async function askDatabase<T>(url: string, sql: string, values: unknown[]): Promise<T[]> {
  const deadline = Date.now() + askWithinMs;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
    // A connection that breaks in the middle of a question rejects the question too.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query(sql, values)).rows as T[];
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(500);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
