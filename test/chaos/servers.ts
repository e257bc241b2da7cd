/**
 * PostgreSQL, Redis and RabbitMQ that can be broken: each on a port of its own that it comes back to. How PostgreSQL and Redis
 * are started is learned from servers that the project's own tools have started.
 */
import { startEmbeddedPostgres } from '#platform/embedded';
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { reservePort } from './ports.ts';

/** A server that can be broken and brought back. */
export interface Breakable {
  url: string;
  /** Ends it the hard way and waits until it is gone. */
  kill(): Promise<void>;
  /** Brings it back where it was; resolves when it answers. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What it takes to start a program as it was started before. */
interface LearnedCommand {
  program: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  uid: number;
  gid: number;
}

const fetchedDir = (name: string) => fileURLToPath(new URL(`../../.test/fetched/${name}`, import.meta.url));
const tool = (name: string) => new URL(`../../tools/${name}.mjs`, import.meta.url).href;

/** Starts a PostgreSQL that is as safe as that of an operator, with its files below `dir`. */
export async function startPostgres(dir: string, log: (line: string) => void): Promise<Breakable> {
  const first = await startEmbeddedPostgres({ dataDir: dir, log });
  const learned = learn(pidIn(join(dir, 'postgres', 'postmaster.pid')));
  const port = await reservePort();
  await first.stop();
  const args = learned.args.map((arg) => arg.replace(/^port=\d+$/, `port=${port}`));
  const server = createServer({ ...learned, args }, { port, kill: 'SIGQUIT', logFile: join(dir, 'postgres.log') });
  await server.start();
  const url = Object.assign(new URL(first.connectionString), { port: String(port) }).href;
  return { ...server, url };
}

/** Starts a Redis that keeps nothing on disk, with its log in `dir`. */
export async function startRedis(dir: string, log: (line: string) => void): Promise<Breakable> {
  const { startRedis: startTool } = (await import(tool('redis'))) as RedisTool;
  const first = await startTool({ dir, cacheDir: fetchedDir('redis'), log });
  const learned = learn(pidIn(join(dir, 'redis.pid')));
  const port = await reservePort();
  await first.stop();
  const args = learned.args.with(learned.args.indexOf('--port') + 1, String(port));
  const server = createServer({ ...learned, args }, { port, kill: 'SIGKILL', logFile: join(dir, 'redis.log') });
  await server.start();
  return { ...server, url: `redis://127.0.0.1:${port}` };
}

interface RedisTool {
  startRedis(order: { dir: string; cacheDir: string; log(line: string): void }): Promise<{ stop(): Promise<void> }>;
}

interface RabbitTool {
  startRabbitMq(order: { dir: string; cacheDir: string; log(line: string): void; port: number }): Promise<Breakable>;
}

/** Starts a RabbitMQ with its files below `dir`. */
export async function startRabbit(dir: string, log: (line: string) => void): Promise<Breakable> {
  mkdirSync(dir, { recursive: true });
  const { startRabbitMq } = (await import(tool('rabbitmq'))) as RabbitTool;
  const port = await reservePort();
  return startRabbitMq({ dir, cacheDir: fetchedDir('rabbitmq'), log, port });
}

function pidIn(path: string): number {
  return parseInt(readFileSync(path, 'utf8'), 10);
}

/** Reads how a running program was started. Linux only, like the signals that the harness is about. */
function learn(pid: number): LearnedCommand {
  const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  const env = Object.fromEntries(variables.map((line) => [line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1)]));
  const { uid, gid } = statSync(`/proc/${pid}`);
  return { program, args, env, uid, gid };
}

/** How often a start is tried: what a killed PostgreSQL leaves in shared memory may linger for a moment. */
const startRounds = 20;

function createServer(
  command: LearnedCommand,
  how: { port: number; kill: NodeJS.Signals; logFile: string },
): Omit<Breakable, 'url'> {
  let life: Life | undefined;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (life && !life.isGone) life.child.kill(signal);
    await life?.gone;
  };
  const start = async (): Promise<void> => {
    for (let round = 1; round <= startRounds; round += 1) {
      life = spawnServer(command, how.logFile);
      while (!life.isGone) {
        if (await answers(how.port)) return;
        await pause(50);
      }
      await pause(250);
    }
    throw new Error(`${command.program} does not start again; see ${how.logFile}`);
  };
  return { start, kill: () => end(how.kill), stop: () => end('SIGINT') };
}

interface Life {
  child: ChildProcess;
  isGone: boolean;
  gone: Promise<void>;
}

function spawnServer({ program, args, ...account }: LearnedCommand, logFile: string): Life {
  const log = openSync(logFile, 'a');
  // In a session of its own, so that Ctrl-C leaves it to the harness.
  const child = spawn(program, args, { ...account, cwd: '/', detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  const gone = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const life: Life = { child, isGone: false, gone };
  void gone.then(() => (life.isGone = true));
  return life;
}

/** Whether somebody listens. A PostgreSQL that still recovers does so too, and refuses; as it would for anybody. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
