/** What the benches stand on: a PostgreSQL and a Redis of their own in a folder that is gone afterwards, and Vestnik on them. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '#platform/embedded';
import { serve, startRedisFor, type Served } from './children.ts';

/** The folder of the build. */
export const dist = fileURLToPath(new URL('../', import.meta.url));
/** The key with every scope. */
export const key = 'vst_bench_key_of_no_importance';

/** Servers for one bench. What is opened with `opened` is closed at the end, last first. */
export interface Stand {
  dir: string;
  /** Environment of whatever is to use the servers. */
  env: { DATABASE_URL: string; REDIS_URL: string; HOST: string; PORT: string };
  opened(close: () => Promise<void>): void;
  note(line: string): void;
  /** Starts a script of the build. */
  serve(script: string, more?: Record<string, string>): Promise<Served>;
  /** Starts Vestnik, all in one process. */
  serveVestnik(more?: Record<string, string>): Promise<Served>;
}

/** Runs a bench on fresh servers and clears up whatever happens. */
export async function onStand(run: (stand: Stand) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'vestnik-bench-'));
  // As root the database runs as another user, who must be able to enter, or it would be kept elsewhere and stay behind.
  await chmod(dir, 0o755);
  const closers: (() => Promise<void>)[] = [() => rm(dir, { recursive: true, force: true })];
  const opened = (close: () => Promise<void>) => void closers.push(close);
  const note = (line: string) => void process.stderr.write(`${line}\n`);
  try {
    const postgres = await startEmbeddedPostgres({ dataDir: join(dir, 'postgres'), log: note });
    opened(() => postgres.stop());
    const redis = await startRedisFor(join(dir, 'redis'), note);
    opened(() => redis.stop());
    const env = { DATABASE_URL: postgres.connectionString, REDIS_URL: redis.url, HOST: '127.0.0.1', PORT: '0' };
    const start: Stand['serve'] = async (script, more) => {
      const served = await serve(join(dist, script), { ...env, ...more });
      opened(() => served.end());
      return served;
    };
    const secrets = {
      ADMIN_API_KEY: key,
      SECRET_KEY: 'bench secret key of no importance',
      DATA_DIR: join(dir, 'data'),
      TARGET_NETWORKS: '127.0.0.0/8',
    };
    const serveVestnik: Stand['serveVestnik'] = (more) => start('apps/standalone/src/main.js', { ...secrets, ...more });
    await run({ dir, env, opened, note, serve: start, serveVestnik });
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** Asks Vestnik to change something; throws with its answer when it refuses. */
export async function put(url: string, path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const answer = await fetch(url + path, { method: 'PUT', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
}
