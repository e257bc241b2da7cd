/** The running server: found by its pid file, started, waited for, stopped. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync, fstatSync, ftruncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Binaries } from './binaries.ts';
import { diagnose, portWasTaken, remnantsLinger } from './failures.ts';
import { freePort } from './free-port.ts';
import { birthMark, commandLine } from './process-identity.ts';
import { type Account, runAs } from './server-account.ts';
import { explainFileError, StartError } from './start-error.ts';

/** A server that answers. */
export interface Postmaster {
  pid: number;
  port: number;
}

/** What a start of the server needs. */
export interface ServerOrder {
  binaries: Binaries;
  account: Account | undefined;
  /** Real path of the data folder. */
  home: string;
  logFile: string;
  /** False gives up safety after a power cut for speed; for tests only. */
  durable: boolean;
  log: (line: string) => void;
}

interface PidFile extends Postmaster {
  ready: boolean;
}

const pollMs = 20;
/** Recovery after a crash replays at most `max_wal_size` of log; this is long even for a slow disk. */
const readyWithinMs = 300_000;
const saySlowAfterMs = 5_000;
const fastStopMs = 60_000;
const immediateStopMs = 15_000;
const largestLogBytes = 10 * 1024 * 1024;

/**
 * The server that already runs on this data folder, left over from a start that was killed. A pid file whose process is
 * gone, or whose pid now belongs to something else, means that there is none.
 */
export async function findRunning(order: ServerOrder): Promise<Postmaster | undefined> {
  const found = readPidFile(order.home);
  if (!found || !commandLine(found.pid)?.includes(order.home)) return undefined;
  return waitUntilReady(order, found.pid, () => birthMark(found.pid) === undefined);
}

/** The pid file as PostgreSQL writes it: line 1 the pid, line 4 the port, line 8 the state. */
function readPidFile(home: string): PidFile | undefined {
  try {
    const lines = readFileSync(join(home, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number(lines[0]);
    return pid > 0 ? { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw explainFileError(error, home);
  }
}

async function waitUntilReady(order: ServerOrder, pid: number, gone: () => boolean): Promise<Postmaster | undefined> {
  const startedAt = Date.now();
  let said = false;
  while (!gone()) {
    const now = readPidFile(order.home);
    if (now?.pid === pid && now.ready) return { pid, port: now.port };
    const waitedMs = Date.now() - startedAt;
    if (waitedMs > readyWithinMs) throw diagnose(`it is not ready after ${readyWithinMs / 1000} s`, order.logFile);
    if (!said && waitedMs > saySlowAfterMs) {
      order.log('The database is still starting; after a crash it replays its log first.');
      said = true;
    }
    await pause(pollMs);
  }
  return undefined;
}

/** Starts the server on a free port of its own. Throws `StartError` with what PostgreSQL said when it cannot. */
export async function startServer(order: ServerOrder): Promise<Postmaster> {
  for (let round = 1; ; round += 1) {
    const { server, output } = await tryToStart(order, await freePort());
    if (server) return server;
    const worthAnotherTry = portWasTaken(output) || remnantsLinger(output);
    if (!worthAnotherTry || round === 10) throw diagnose(output, order.logFile);
    await pause(200 * round);
  }
}

async function tryToStart(order: ServerOrder, port: number): Promise<{ server?: Postmaster; output: string }> {
  const logFd = openLog(order.logFile);
  try {
    const from = fstatSync(logFd).size;
    const failure = { text: '', gone: false };
    // In a session of its own, so that Ctrl-C, which the terminal sends to the whole group, does not stop it before us.
    const child = spawn(order.binaries.postgres, ['-D', order.home, ...settings(order, port)], {
      ...runAs(order.account),
      detached: true,
      stdio: ['ignore', logFd, logFd],
    });
    child.once('exit', () => (failure.gone = true));
    child.once('error', (error) => Object.assign(failure, { text: error.message, gone: true }));
    child.unref();
    const server = await waitUntilReady(order, child.pid ?? 0, () => failure.gone);
    return server ? { server, output: '' } : { output: failure.text + readFrom(logFd, from) };
  } finally {
    closeSync(logFd);
  }
}

function openLog(path: string): number {
  try {
    const fd = openSync(path, 'a+', 0o600);
    if (fstatSync(fd).size > largestLogBytes) ftruncateSync(fd);
    return fd;
  } catch (error) {
    throw explainFileError(error, path);
  }
}

function readFrom(fd: number, from: number): string {
  const buffer = Buffer.alloc(Math.min(64 * 1024, Math.max(0, fstatSync(fd).size - from)));
  return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, from));
}

/** Settings for a small server that shares its machine; they stand on the command line so that they follow the code. */
function settings(order: ServerOrder, port: number): string[] {
  const values: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '128MB',
    synchronous_commit: 'on',
    max_wal_size: '1GB',
    min_wal_size: '160MB',
    checkpoint_timeout: '15min',
    wal_compression: 'on',
    random_page_cost: '1.1',
    // Parallel plans need shared memory that containers keep small, and pay off only for reports.
    max_parallel_workers_per_gather: '0',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    log_line_prefix: '%m [%p] ',
    ...(order.durable ? {} : { fsync: 'off', full_page_writes: 'off', autovacuum_naptime: '1d' }),
  };
  return Object.entries(values).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}

/** Asks the server to stop without waiting, for a process that is exiting and cannot wait. */
export function stopSoon(server: Postmaster): void {
  signal(server, 'SIGINT');
}

/**
 * Stops the server: open transactions are rolled back, everything is written, and the promise resolves when the process
 * is gone. A server that does not come to an end within a minute is stopped the hard way and recovers at its next start.
 */
export async function stopServer(server: Postmaster): Promise<void> {
  signal(server, 'SIGINT');
  if (await isGoneWithin(server, fastStopMs)) return;
  signal(server, 'SIGQUIT');
  if (await isGoneWithin(server, immediateStopMs)) return;
  throw new StartError(`The database (pid ${server.pid}) does not stop.`, `End it with kill -9 ${server.pid}.`);
}

function signal(server: Postmaster, name: NodeJS.Signals): void {
  try {
    process.kill(server.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function isGoneWithin(server: Postmaster, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (birthMark(server.pid) !== undefined) {
    if (Date.now() > deadline) return false;
    await pause(pollMs);
  }
  return true;
}
