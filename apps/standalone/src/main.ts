/** Everything in one process on an embedded database: what `npm start` runs. */
import { loadConfig, Secret } from '#platform/config';
import { startEmbeddedPostgres } from '#platform/embedded';
import { stopOnSignals } from '#platform/http';
import { createLogger } from '#platform/log';
import { endWith, startApp } from '#platform/runtime';
import { localEnv, standaloneApp, type LocalConfig, type StandaloneConfig } from './app.ts';
import { refuseBusyPort } from './busy-port.ts';
import { keepKey, type KeptKey } from './generated-keys.ts';
import { welcome } from './welcome.ts';

/** Beyond the drain of the couriers, the database too needs its time, in milliseconds. */
const stopSlackMs = 30_000;

interface Stoppable {
  stop(): Promise<void>;
}

async function start(): Promise<void> {
  const local: LocalConfig = loadConfig(localEnv);
  await refuseBusyPort(local.HOST, local.PORT);
  const opened: Stoppable[] = [];
  const stop = async () => {
    while (opened.length > 0) await opened.pop()!.stop();
  };
  try {
    const databaseUrl = local.DATABASE_URL ?? (await startDatabase(local, opened));
    const adminKey = await keepKey(local.DATA_DIR, 'admin-api-key', local.ADMIN_API_KEY);
    const config = await completed(local, databaseUrl, adminKey);
    const log = createLogger('standalone', config.LOG_LEVEL);
    stopOnSignals(log, stop, config.STOP_TIMEOUT_S * 1000 + stopSlackMs);
    const app = await startApp(standaloneApp(local.SEED_DEMO), config, log);
    opened.push(app);
    process.stdout.write(welcome(app.url, adminKey, local.SEED_DEMO));
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startDatabase(local: LocalConfig, opened: Stoppable[]): Promise<Secret> {
  const log = (line: string) => process.stdout.write(`${line}\n`);
  const database = await startEmbeddedPostgres({ dataDir: local.DATA_DIR, log, note: `port ${local.PORT}` });
  opened.push(database);
  return new Secret(database.connectionString);
}

async function completed(local: LocalConfig, databaseUrl: Secret, adminKey: KeptKey): Promise<StandaloneConfig> {
  const secretKey = await keepKey(local.DATA_DIR, 'secret-key', local.SECRET_KEY);
  return { ...local, DATABASE_URL: databaseUrl, SECRET_KEY: secretKey.value, ADMIN_API_KEY: adminKey.value };
}

await start().catch(endWith);
