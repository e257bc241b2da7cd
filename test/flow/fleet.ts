/** Built apps as child processes, on a database and a Redis of their own: what an operator would run. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freshDatabase, redisUrl, waitFor } from '#testing/services';
import { Client } from './client.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Which processes run, and where the queues live. */
export interface FleetPlan {
  name: string;
  queues: 'redis' | 'postgres';
  /** How many of each app; `standalone` runs all in one. */
  apps: Record<string, number>;
}

/** The four ways to run Vestnik that every flow must survive. */
export const fleets: FleetPlan[] = [
  { name: 'standalone', queues: 'postgres', apps: { standalone: 1 } },
  {
    name: 'split processes on PostgreSQL and Redis',
    queues: 'redis',
    apps: { ingest: 1, router: 1, courier: 1, admin: 1 },
  },
  {
    name: 'split processes on PostgreSQL only',
    queues: 'postgres',
    apps: { ingest: 1, router: 1, courier: 1, admin: 1 },
  },
  { name: 'two routers and three couriers', queues: 'redis', apps: { ingest: 1, router: 2, courier: 3, admin: 1 } },
];

/** Two of what may get in each other's way; what nothing may be lost or doubled on. */
export const twoCouriers: FleetPlan = {
  name: 'two couriers',
  queues: 'redis',
  apps: { ingest: 1, router: 1, courier: 2, admin: 1 },
};

/** A running set of processes. */
export interface Fleet {
  ingest: Client;
  admin: Client;
  /** What each process wrote, for a test that failed and for tests of the log. */
  logs(): string[];
  processes: AppProcess[];
  /** For a look at what no API shows. */
  databaseUrl: string;
  stop(): Promise<void>;
}

/** One process. */
export interface AppProcess {
  app: string;
  url: string;
  child: ChildProcess;
  output(): string;
  /** Sends a signal and answers the exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** How long a fleet may take to start and be set up on a busy machine, in milliseconds. */
export const startMs = 90_000;

/** Starts the processes of a plan and waits until all serve. */
export async function startFleet(plan: FleetPlan, env: NodeJS.ProcessEnv = {}): Promise<Fleet> {
  const database = await freshDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'vestnik-flow-'));
  const adminKey = `vst_${randomBytes(32).toString('base64url')}`;
  const shared = {
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    ADMIN_API_KEY: adminKey,
    SECRET_KEY: 'a key of at least sixteen characters',
    TARGET_NETWORKS: '127.0.0.0/8,::1/128',
    HOST: '127.0.0.1',
    STOP_TIMEOUT_S: '5',
    QUEUE_PREFIX: `f${randomBytes(4).toString('hex')}`,
    ...(plan.queues === 'redis' ? { REDIS_URL: redisUrl() } : {}),
    ...env,
  };
  const names = Object.entries(plan.apps).flatMap(([app, count]) => Array.from({ length: count }, () => app));
  const processes = await Promise.all(names.map((app) => startProcess(app, shared)));
  const urlOf = (app: string) => (processes.find((found) => found.app === app) ?? processes[0]!).url;
  return {
    ingest: new Client(urlOf('ingest'), adminKey),
    admin: new Client(urlOf('admin'), adminKey),
    logs: () => processes.map((found) => `--- ${found.app}\n${found.output()}`),
    processes,
    databaseUrl: database.url,
    stop: async () => {
      await Promise.all(processes.map((found) => found.end()));
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Starts one built app and waits until it listens. Rejects with its output when it ends before that. */
export async function startProcess(app: string, env: NodeJS.ProcessEnv): Promise<AppProcess> {
  const child = spawn(process.execPath, ['--enable-source-maps', join(root, `dist/apps/${app}/src/main.js`)], {
    env: { PATH: process.env['PATH'], PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const url = await waitFor(
    () => {
      if (child.exitCode !== null) return 'ended';
      return /"url":"([^"]+)"[^\n]*"msg":"app\.listening"/.exec(output)?.[1];
    },
    { what: `${app} to listen`, timeoutMs: 60_000 },
  );
  if (url === 'ended') throw new Error(`${app} ended with ${child.exitCode}:\n${output}`);
  return {
    app,
    url,
    child,
    output: () => output,
    end: (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return exited;
    },
  };
}
