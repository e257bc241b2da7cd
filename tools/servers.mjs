/** The servers that tests run against: PostgreSQL with the template database, and Redis, each on a port of its own. */
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

/** Starts both servers with all their files below `dir`; resolves with the environment for the tests and a `stop`. */
export async function startServers({ dir, log }) {
  const { startEmbeddedPostgres } = await loadSource('libs/platform/embedded/src/index.ts');
  const { startRedis } = await import('./redis.mjs');
  const postgres = await startEmbeddedPostgres({ dataDir: join(dir, 'postgres'), durable: false, log });
  try {
    await buildTemplate(postgres.adminConnectionString);
    const redis = await startRedis({ dir: join(dir, 'redis'), cacheDir: join(testDir(), 'fetched', 'redis'), log });
    return {
      env: { TEST_DATABASE_URL: postgres.adminConnectionString, TEST_REDIS_URL: redis.url },
      stop: async () => {
        await Promise.all([redis.stop(), postgres.stop()]);
      },
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
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
  const { birthMark, commandLine } = await loadSource('libs/platform/embedded/src/process-identity.ts');
  for (const name of existsSync(dir) ? readdirSync(dir) : []) {
    const owner = /^run-(\d+)$/.exec(name)?.[1];
    if (!owner || birthMark(Number(owner)) !== undefined) continue;
    const run = join(dir, name);
    for (const file of ['postgres/postgres/postmaster.pid', 'redis/redis.pid']) {
      const pid = existsSync(join(run, file)) ? parseInt(readFileSync(join(run, file), 'utf8'), 10) : 0;
      if (pid > 0 && commandLine(pid)?.includes(run)) process.kill(pid, 'SIGKILL');
    }
    rmSync(run, { recursive: true, force: true });
  }
}
