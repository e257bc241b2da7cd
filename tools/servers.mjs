/** The servers that tests run against: PostgreSQL with the template database, Redis and RabbitMQ, each on a port of its own. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './root.mjs';

/** Loads a TypeScript module of the repository as it stands, without a build. It must not use `#` imports. */
export async function loadSource(path) {
  await import('@swc-node/register/esm-register');
  return import(new URL(path, root));
}

/** Starts the servers with all their files below `dir`; resolves with the environment for the tests and a `stop`. */
export async function startServers({ dir, log }) {
  const { startEmbeddedPostgres } = await loadSource('libs/platform/embedded/src/index.ts');
  const { startRedis } = await import('./redis.mjs');
  const { startRabbitMq } = await import('./rabbitmq.mjs');
  const fetched = join(testDir(), 'fetched');
  // First and alone: it refuses a folder whose servers are running.
  const postgres = await startEmbeddedPostgres({ dataDir: join(dir, 'postgres'), durable: false, log });
  await endServersIn(dir, ['redis', 'rabbitmq']);
  rmSync(join(dir, 'rabbitmq'), { recursive: true, force: true });
  const [template, redis, rabbit] = await Promise.allSettled([
    buildTemplate(postgres.adminConnectionString),
    startRedis({ dir: join(dir, 'redis'), cacheDir: join(fetched, 'redis'), log }),
    startRabbitMq({ dir: join(dir, 'rabbitmq'), cacheDir: join(fetched, 'rabbitmq'), log }),
  ]);
  const stop = async () => {
    await Promise.all([redis.value?.stop(), rabbit.value?.stop(), postgres.stop()]);
  };
  const failed = [template, redis, rabbit].find(({ status }) => status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  const env = {
    TEST_DATABASE_URL: postgres.adminConnectionString,
    TEST_REDIS_URL: redis.value.url,
    TEST_AMQP_URL: rabbit.value.url,
  };
  return { env, stop };
}

/** Makes the template database, or makes it anew when the migrations have changed. */
export async function buildTemplate(adminUrl) {
  const { default: pg } = await import('pg');
  const { migrationsFingerprint, templateName } = await loadSource('libs/testing/services/src/migrations.ts');
  const { migrate } = await loadSource('libs/platform/store/src/migrate.ts');
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const fingerprint = migrationsFingerprint();
    const found = await client.query(
      `SELECT shobj_description(oid, 'pg_database') AS fingerprint FROM pg_database WHERE datname = $1`,
      [templateName],
    );
    if (found.rows[0]?.fingerprint === fingerprint) return;
    await client.query(`DROP DATABASE IF EXISTS ${templateName}`);
    await client.query(`CREATE DATABASE ${templateName}`);
    await migrate(Object.assign(new URL(adminUrl), { pathname: `/${templateName}` }).href);
    // Nobody may look into it, because a template with visitors cannot be copied.
    await client.query(`ALTER DATABASE ${templateName} ALLOW_CONNECTIONS false`);
    await client.query(`COMMENT ON DATABASE ${templateName} IS '${fingerprint}'`);
  } finally {
    await client.end();
  }
}

/** Folder for test servers: `.test`, or one in the temporary folder when only root can enter the clone. */
export function testDir() {
  const inside = new URL('.test', root).pathname;
  mkdirSync(inside, { recursive: true });
  if (process.getuid?.() !== 0 || othersCanEnter(inside)) return inside;
  const name = createHash('sha256').update(inside).digest('hex').slice(0, 12);
  const outside = join(tmpdir(), `vestnik-test-${name}`);
  mkdirSync(outside, { recursive: true });
  // The temporary folder belongs to all; someone else's folder of this name is not ours to use.
  if (statSync(outside).uid !== 0) return mkdtempSync(`${outside}-`);
  chmodSync(outside, 0o755);
  return outside;
}

/** Asks as `nobody`, because that is who the strictest setting would run the server as. */
function othersCanEnter(folder) {
  const answer = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], {
    uid: 65534,
    gid: 65534,
    cwd: '/',
    stdio: 'ignore',
  });
  return answer.status === 0;
}

/** Ends servers that killed test runs have left behind, and removes their files. */
export async function sweepAbandoned(dir) {
  const { birthMark } = await loadSource('libs/platform/embedded/src/process-identity.ts');
  for (const name of existsSync(dir) ? readdirSync(dir) : []) {
    const owner = /^run-(\d+)$/.exec(name)?.[1];
    if (!owner || birthMark(Number(owner)) !== undefined) continue;
    const run = join(dir, name);
    await endServersIn(run, readdirSync(run));
    rmSync(run, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** Files in a server's folder that hold the process ids of what runs there. */
const pidFiles = ['postgres/postmaster.pid', 'redis.pid', 'rabbitmq.pid', 'epmd.pid'];

/** Kills what the pid files in these folders name, when it is still what it was: its command line tells its folder. */
async function endServersIn(run, folders) {
  const { commandLine } = await loadSource('libs/platform/embedded/src/process-identity.ts');
  for (const path of folders.flatMap((folder) => pidFiles.map((file) => join(run, folder, file)))) {
    const pid = existsSync(path) ? parseInt(readFileSync(path, 'utf8'), 10) : 0;
    if (pid > 0 && commandLine(pid)?.includes(run)) process.kill(pid, 'SIGKILL');
  }
}
