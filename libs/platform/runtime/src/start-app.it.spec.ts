import { Public } from '#platform/http';
import { createLogger } from '#platform/log';
import { freePort, freshDatabase, redisUrl, waitFor, type FreshDatabase } from '#testing/services';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { Redis } from 'ioredis';
import pg from 'pg';
import { runtimeEnv, RUNTIME, startApp, type AppDescription, type Runtime, type RunningApp } from './index.ts';
import { configOn } from './spec-config.ts';

const log = createLogger('spec', 'silent');
const GREETING = Symbol('GREETING');
let stopped: string[] = [];

@Injectable()
class Worker implements OnModuleDestroy {
  readonly #runtime: Runtime;

  constructor(@Inject(RUNTIME) runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** A worker that stops must still have its database. */
  async onModuleDestroy(): Promise<void> {
    const { rows } = await this.#runtime.database.pool.query<{ n: number }>('SELECT 1 AS n');
    stopped.push(`worker with database ${rows[0]?.n}`);
  }
}

@Public()
@Controller('greeting')
class GreetingController {
  readonly #greeting: string;

  constructor(@Inject(GREETING) greeting: string) {
    this.#greeting = greeting;
  }

  @Get()
  greet(): { greeting: string } {
    return { greeting: this.#greeting };
  }
}

@Module({ controllers: [GreetingController], providers: [Worker] })
class GreetingModule {}

const app: AppDescription<typeof runtimeEnv> = {
  name: 'greeter',
  env: runtimeEnv,
  modules: [GreetingModule],
  providers: (config) => [{ provide: GREETING, useValue: `pool of ${config.DATABASE_POOL}` }],
};

let fresh: FreshDatabase;
let observer: pg.Client;
let running: RunningApp | undefined;

beforeEach(async () => {
  stopped = [];
  fresh = await freshDatabase();
  observer = new pg.Client(fresh.url);
  await observer.connect();
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await observer.end();
  await fresh.drop();
});

/** Connections to the database other than the one that looks. */
async function connections(): Promise<number> {
  const { rows } = await observer.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
  return rows[0]!.count;
}

async function redisClients(): Promise<number> {
  const redis = new Redis(redisUrl());
  const list = (await redis.client('LIST')) as string;
  await redis.quit();
  const database = new URL(redisUrl()).pathname.slice(1);
  return list.split('\n').filter((line) => line.includes('name=vestnik') && line.includes(` db=${database} `)).length;
}

const get = async (path: string) => {
  const answer = await fetch(running!.url + path);
  return { status: answer.status, body: (await answer.json()) as unknown };
};

describe.each([
  ['Redis', {}],
  ['PostgreSQL', { REDIS_URL: '' }],
] as [string, Record<string, string>][])('an app with its queues on %s', (home, more) => {
  it('serves its modules and its health as soon as it has started', async () => {
    running = await startApp(app, configOn(fresh.url, { ...more, DATABASE_POOL: '7' }), log);
    expect(await get('/greeting')).toEqual({ status: 200, body: { greeting: 'pool of 7' } });
    expect(await get('/health/ready')).toEqual({
      status: 200,
      body: { status: 'ok', checks: { database: 'ok', workers: 'ok', queues: 'ok' } },
    });
    expect(await connections()).toBeGreaterThan(0);
    if (home === 'Redis') expect(await redisClients()).toBeGreaterThan(0);
  });

  it('leaves nothing open when it is stopped, and ends its workers before their database', async () => {
    running = await startApp(app, configOn(fresh.url, more), log);
    const { url, stop } = running;
    await fetch(`${url}/health/ready`);
    running = undefined;
    await stop();
    expect(stopped).toEqual(['worker with database 1']);
    await waitFor(async () => (await connections()) === 0, { what: 'no connection to PostgreSQL' });
    await waitFor(async () => (await redisClients()) === 0, { what: 'no connection to Redis' });
    await expect(fetch(url)).rejects.toThrow();
  });
});

describe('an app', () => {
  it('says that it is not ready while a service is away', async () => {
    running = await startApp(app, configOn(fresh.url), log);
    await observer.end();
    await fresh.drop();
    fresh = await freshDatabase();
    observer = new pg.Client(fresh.url);
    await observer.connect();
    expect(await get('/health/ready')).toMatchObject({
      status: 503,
      body: { status: 'unavailable', checks: { queues: 'ok' } },
    });
    expect((await get('/health/live')).status).toBe(200);
  });

  it('says that it is not ready while one of its workers does not fetch, and which', async () => {
    const health = (stuck: boolean) => ({
      away: false,
      workers: [
        { queue: 'route', idleMs: 5, stuck: false },
        { queue: 'deliver.hq', idleMs: 90_000, stuck },
      ],
    });
    let stuck = false;
    const prepare = async ({ queues }: Runtime) => void Object.assign(queues, { health: () => health(stuck) });
    running = await startApp({ ...app, prepare }, configOn(fresh.url), log);
    expect((await get('/health/ready')).status).toBe(200);
    stuck = true;
    expect(await get('/health/ready')).toMatchObject({
      status: 503,
      body: { checks: { database: 'ok', workers: 'failed (no fetching from deliver.hq)' } },
    });
  });

  it('is as ready as its features say, whenever they have their say', async () => {
    let runtime: Runtime | undefined;
    const prepare = async (opened: Runtime) => void (runtime = opened);
    running = await startApp({ ...app, prepare }, configOn(fresh.url), log);
    let stands = true;
    const check = async () => {
      if (stands) throw Object.assign(new Error('it stands still'), { code: 'it stands still' });
    };
    runtime!.readiness.push({ name: 'flow', check });
    expect(await get('/health/ready')).toMatchObject({
      status: 503,
      body: { checks: { flow: 'failed (it stands still)' } },
    });
    stands = false;
    expect(await get('/health/ready')).toMatchObject({ status: 200, body: { checks: { flow: 'ok' } } });
  });

  it('knows the circuits as they stand, and hears of every change', async () => {
    await observer.query(`INSERT INTO circuit (backend, state, reason) VALUES ('hq', 'open', 'timeout')`);
    let circuits: Runtime['circuits'] | undefined;
    const prepare = async (runtime: Runtime) => void (circuits = runtime.circuits);
    running = await startApp({ ...app, prepare }, configOn(fresh.url), log);
    expect(circuits!.of('hq')).toMatchObject({ state: 'open', reason: 'timeout' });
    await observer.query(`DELETE FROM circuit`);
    await observer.query(`NOTIFY vestnik_circuit`);
    await waitFor(() => circuits!.of('hq') === undefined, { what: 'the note', timeoutMs: 3000 });
  });

  it('lets the bootstrap key in', async () => {
    running = await startApp(app, configOn(fresh.url), log);
    const { rows } = await observer.query<{ scopes: string[] }>('SELECT scopes FROM api_key');
    expect(rows).toHaveLength(1);
    expect(rows[0]!.scopes).toContain('admin');
  });

  it('is prepared when everything is open and nothing is served yet', async () => {
    let seen: unknown;
    const prepare = async ({ book, definitions }: Runtime) => {
      seen = [stopped.length, book.current().version === (await definitions.version())];
    };
    running = await startApp({ ...app, prepare }, configOn(fresh.url), log);
    expect(seen).toEqual([0, true]);
  });

  it('closes what it opened when it cannot be prepared', async () => {
    const prepare = () => Promise.reject(new Error('not today'));
    await expect(startApp({ ...app, prepare }, configOn(fresh.url), log)).rejects.toThrow('not today');
    await waitFor(async () => (await connections()) === 0, { what: 'no connection to PostgreSQL' });
    await waitFor(async () => (await redisClients()) === 0, { what: 'no connection to Redis' });
  });

  it('closes what it opened, its workers too, when its port is taken', async () => {
    const PORT = String(await freePort());
    running = await startApp(app, configOn(fresh.url, { PORT }), log);
    const before = await connections();
    await expect(startApp(app, configOn(fresh.url, { PORT }), log)).rejects.toThrow(/EADDRINUSE/);
    expect(stopped).toEqual(['worker with database 1']);
    await waitFor(async () => (await connections()) <= before, { what: 'only the connections of the first' });
    expect((await get('/health/ready')).status).toBe(200);
  });

  it('does not start on a database that a newer version has migrated', async () => {
    await observer.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ('x', 'x', '29990101000000_future', now(), 1)`,
    );
    await expect(startApp(app, configOn(fresh.url), log)).rejects.toThrow(/29990101000000_future|newer/);
    await waitFor(async () => (await connections()) === 0, { what: 'no connection' });
  });
});
