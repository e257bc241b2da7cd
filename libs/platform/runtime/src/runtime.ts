import { databaseEnv, httpEnv, logEnv, queueEnv, accessEnv, type Secret } from '#platform/config';
import { READINESS, KEYS, type Provided, type ReadinessCheck } from '#platform/http';
import type { Logger } from '#platform/log';
import { startProcessMetrics } from '#platform/metrics';
import { openQueues, type Queues } from '#platform/queue';
import {
  createDefinitions,
  createKeyFinder,
  createKeys,
  createListener,
  migrate,
  openDatabase,
  watchBook,
  watchCircuits,
  type BookWatcher,
  type Circuits,
  type Database,
  type Definitions,
  type KeyFinder,
  type Listener,
} from '#platform/store';
import { keepPartitions } from './partitions.ts';

/** The keys that every app reads. */
export const runtimeEnv = { ...httpEnv, ...databaseEnv, ...queueEnv, ...accessEnv, ...logEnv };

/** What opening a runtime needs of the configuration. */
export interface RuntimeConfig {
  DATABASE_URL: Secret;
  DATABASE_POOL: number;
  REDIS_URL: Secret | undefined;
  QUEUE_PREFIX: string;
  ADMIN_API_KEY: Secret | undefined;
}

/** What every app needs while it runs. */
export interface Runtime {
  log: Logger;
  database: Database;
  listener: Listener;
  definitions: Definitions;
  book: BookWatcher;
  /** Backends that are not sent to as usual. */
  circuits: Circuits;
  queues: Queues;
  keys: KeyFinder;
  /** What `/health/ready` asks; features add what they need. */
  readiness: ReadinessCheck[];
  close(): Promise<void>;
}

/** Injection token of the process's `Runtime`. */
export const RUNTIME = Symbol('RUNTIME');

/**
 * Opens the database (migrating it when this version brings something new), the queues and the rule book. Throws when
 * PostgreSQL cannot be reached or was migrated by a newer version.
 */
export async function openRuntime(config: RuntimeConfig, log: Logger): Promise<Runtime> {
  startProcessMetrics();
  const connectionString = config.DATABASE_URL.reveal();
  const { applied } = await migrate(connectionString);
  if (applied.length > 0) log.info({ applied }, 'database.migrated');
  const database = openDatabase({
    connectionString,
    poolSize: config.DATABASE_POOL,
    onError: (error) => log.warn({ error }, 'database.connection_lost'),
  });
  const partitions = await keepPartitions(database, log);
  if (config.ADMIN_API_KEY) await createKeys(database).bootstrap(config.ADMIN_API_KEY.reveal());
  const listener = createListener(database, { log });
  const definitions = createDefinitions(database);
  const book = await watchBook(definitions, listener, log);
  const circuits = await watchCircuits(database, listener, log);
  await listener.start();
  // What changed between the load and the first moment of listening was not heard.
  await book.atLeast(await definitions.version());
  await circuits.refresh();
  const keys = createKeyFinder(database, { log, listener });
  const queues = openQueues(
    { redisUrl: config.REDIS_URL?.reveal(), databaseUrl: connectionString, prefix: config.QUEUE_PREFIX },
    log,
  );
  return {
    log,
    database,
    listener,
    definitions,
    book,
    circuits,
    queues,
    keys,
    readiness: readinessOf(database, queues),
    close: async () => {
      clearInterval(partitions);
      book.close();
      circuits.stop();
      await queues.close();
      await keys.close();
      await listener.close();
      await database.close();
    },
  };
}

/** What every app asks of itself. */
function readinessOf(database: Database, queues: Queues): ReadinessCheck[] {
  return [
    { name: 'database', check: async () => void (await database.pool.query('SELECT 1')) },
    { name: 'workers', check: async () => refuseStuckWorkers(queues) },
  ];
}

function refuseStuckWorkers(queues: Queues): void {
  const stuck = queues.health().workers.filter((worker) => worker.stuck);
  if (stuck.length === 0) return;
  const code = `no fetching from ${stuck.map(({ queue }) => queue).join(', ')}`;
  throw Object.assign(new Error(code), { code });
}

/** The providers that every app's root module hands out. `needsQueues` says whether the app is useless without them. */
export function runtimeProviders(runtime: Runtime, needsQueues: boolean): Provided[] {
  if (needsQueues) runtime.readiness.push({ name: 'queues', check: () => runtime.queues.ping() });
  return [
    { provide: RUNTIME, useValue: runtime },
    { provide: KEYS, useValue: runtime.keys },
    { provide: READINESS, useValue: runtime.readiness },
  ];
}
