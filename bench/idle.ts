/**
 * `npm run bench -- idle`: what Vestnik costs while nothing happens. Starts every app on one PostgreSQL and one Redis and the
 * all-in-one process on an embedded database, waits for a minute until they have settled, and then for IDLE_MINUTES.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '#platform/embedded';
import { cpuSeconds, memoryMib, serve, startRedisFor } from './children.ts';

const dist = fileURLToPath(new URL('../', import.meta.url));
const minutes = Number(process.env['IDLE_MINUTES'] ?? 5);
const settleMs = 60_000;

interface Watched {
  name: string;
  /** Asked anew each time: PostgreSQL starts and ends processes as it likes. */
  pids(): number[];
}

/** The processes below one process, itself included. */
function family(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (let at = 0; at < found.length; at += 1) found.push(...(children.get(found[at]!) ?? []));
  return found;
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function postmasterPid(dataDir: string): number {
  return parseInt(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8'), 10);
}

async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'vestnik-idle-'));
  await chmod(dir, 0o755);
  const closers: (() => Promise<void>)[] = [() => rm(dir, { recursive: true, force: true })];
  const note = (line: string) => process.stderr.write(`${line}\n`);
  try {
    const dataDir = join(dir, 'split');
    const postgres = await startEmbeddedPostgres({ dataDir, log: note });
    closers.push(() => postgres.stop());
    const redis = await startRedisFor(join(dir, 'redis'), note);
    closers.push(() => redis.stop());
    const shared = {
      ADMIN_API_KEY: 'vst_idle_key_of_no_importance',
      SECRET_KEY: 'idle secret key of no importance',
      PORT: '0',
    };
    const split = { ...shared, DATABASE_URL: postgres.connectionString, REDIS_URL: redis.url };
    const watched: Watched[] = [];
    for (const app of ['ingest', 'router', 'courier', 'admin']) {
      const served = await serve(join(dist, `apps/${app}/src/main.js`), { ...split, DATA_DIR: join(dir, app) });
      closers.push(() => served.end());
      watched.push({ name: app, pids: () => [served.pid] });
    }
    watched.push({ name: 'PostgreSQL of the four', pids: () => family(postmasterPid(dataDir)) });
    const alone = join(dir, 'standalone');
    const served = await serve(join(dist, 'apps/standalone/src/main.js'), {
      ...shared,
      DATA_DIR: alone,
      SEED_DEMO: 'true',
    });
    closers.push(() => served.end());
    watched.push({ name: 'standalone', pids: () => [served.pid] });
    watched.push({ name: 'PostgreSQL of standalone', pids: () => family(postmasterPid(alone)) });
    await watch(watched, note);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function watch(watched: readonly Watched[], note: (line: string) => void): Promise<void> {
  note(`All serve; settling for ${settleMs / 1000} s, then watching for ${minutes} min.`);
  await pause(settleMs);
  const before = watched.map(({ pids }) => cpuSeconds(pids()));
  await pause(minutes * 60_000);
  console.log(`| process | CPU seconds in ${minutes} min | resident MiB |\n|---|---|---|`);
  for (const [index, { name, pids }] of watched.entries()) {
    const used = cpuSeconds(pids()) - before[index]!;
    const memory = pids().reduce((sum, pid) => sum + memoryMib(pid), 0);
    console.log(`| ${name} | ${used.toFixed(2)} | ${memory} |`);
  }
}

await main();
