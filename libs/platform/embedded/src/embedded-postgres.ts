import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Binaries, prepareBinaries } from './binaries.ts';
import { clusterOwner, openCluster, setPassword, systemDir } from './cluster.ts';
import { claimDataDir } from './data-dir-lock.ts';
import { findRunning, type Postmaster, type ServerOrder, startServer, stopServer, stopSoon } from './postmaster.ts';
import { type Account, serverAccount } from './server-account.ts';
import { explainFileError } from './start-error.ts';
import { guardAgainstSignals } from './signal-guard.ts';

/** How to start the embedded database. */
export interface EmbeddedOptions {
  /** Folder that holds the database, its password and its log. Made when missing; one process at a time. */
  dataDir: string;
  /** Told of what an operator may want to know, one sentence at a time. */
  log: (line: string) => void;
  /** False switches off what protects against a power cut; for tests only. Absent: true. */
  durable?: boolean;
  /** What a second start on the same folder says of this one, such as its URL. */
  note?: string;
}

/** A database that runs as long as this process. */
export interface EmbeddedPostgres {
  /** Logs in as the owner of the database `vestnik`. */
  connectionString: string;
  /** Logs in as superuser to the maintenance database `postgres`. */
  adminConnectionString: string;
  /** Whether the server was left running by an earlier start that was killed. */
  reused: boolean;
  /** Stops the server, waits until it is gone, and frees the folder. May be called more than once. */
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL of its own, from the programs in node_modules, on a free port of the loopback address. Makes the
 * database on first use; takes over a server that a killed start left running. Throws `StartError` when it cannot.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true }).catch((error: unknown) => {
    throw explainFileError(error, dataDir);
  });
  const release = await claimDataDir(dataDir, options.note ?? '');
  const starting = startIn(dataDir, options, release);
  // Also while it is only starting, and before the process has handlers of its own.
  const unguard = guardAgainstSignals(() => starting.then((database) => database.stop()));
  try {
    const database = await starting;
    return { ...database, stop: () => database.stop().finally(unguard) };
  } catch (error) {
    unguard();
    release();
    throw error;
  }
}

async function startIn(dataDir: string, options: EmbeddedOptions, release: () => void): Promise<EmbeddedPostgres> {
  const { log, durable = true } = options;
  const account = serverAccount(clusterOwner(dataDir));
  const binaries = await prepareBinaries(account, account ? join(systemDir, 'bin') : join(dataDir, 'bin'), log);
  const password = await keepPassword(dataDir);
  const home = await openCluster({ dataDir, binaries, account, password: password.text, durable, log });
  const order: ServerOrder = { binaries, account, home, logFile: join(dataDir, 'postgres.log'), durable, log };
  const running = await takeOver(order, password, { binaries, account });
  const server = running ?? (await startServer(order));
  if (running) log(`The database was still running (pid ${server.pid}); this start goes on with it.`);
  return handle(server, password.text, running !== undefined, release);
}

/** A lost password is replaced; a server that runs with the old one must stop for that. */
async function takeOver(
  order: ServerOrder,
  password: { text: string; isNew: boolean },
  by: { binaries: Binaries; account: Account | undefined },
): Promise<Postmaster | undefined> {
  const running = await findRunning(order);
  if (!password.isNew) return running;
  if (running) await stopServer(running);
  await setPassword({ ...by, home: order.home, password: password.text }, false);
  return undefined;
}

async function keepPassword(dataDir: string): Promise<{ text: string; isNew: boolean }> {
  const path = join(dataDir, 'postgres-password');
  try {
    if (existsSync(path)) {
      const text = (await readFile(path, 'utf8')).trim();
      if (/^[0-9a-f]{48}$/.test(text)) return { text, isNew: false };
    }
    const text = randomBytes(24).toString('hex');
    const isNew = existsSync(join(dataDir, 'postgres'));
    await writeFile(path, text + '\n', { mode: 0o600 });
    return { text, isNew };
  } catch (error) {
    throw explainFileError(error, path);
  }
}

function handle(server: Postmaster, password: string, reused: boolean, release: () => void): EmbeddedPostgres {
  // A process that ends without a word must not leave a server behind; here nothing can be waited for.
  const onExit = () => {
    stopSoon(server);
    release();
  };
  process.once('exit', onExit);
  let stopping: Promise<void> | undefined;
  const at = `127.0.0.1:${server.port}`;
  return {
    connectionString: `postgresql://vestnik:${password}@${at}/vestnik`,
    adminConnectionString: `postgresql://postgres:${password}@${at}/postgres`,
    reused,
    stop: () => {
      stopping ??= stopServer(server).finally(() => {
        process.off('exit', onExit);
        release();
      });
      return stopping;
    },
  };
}
