/**
 * `npm run services`: PostgreSQL, Redis and RabbitMQ for running single specs by hand. Stays in the foreground; where the servers are
 * stands on standard output and in `.test/env`, where the specs find it. A second call shows what the first one started, and
 * brings its template database up to date.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import './node-version.mjs';
import { runCommand } from './fault.mjs';
import { root } from './root.mjs';

const envFile = new URL('.test/env', root);
const note = (line) => console.error(line);

await runCommand(async () => {
  process.chdir(root.pathname);
  const { buildTemplate, startServers, testDir } = await import('./servers.mjs');
  let servers;
  try {
    servers = await startServers({ dir: join(testDir(), 'services'), log: note });
  } catch (error) {
    if (!/already running/.test(error.message) || !existsSync(envFile)) throw error;
    const text = readFileSync(envFile, 'utf8');
    await buildTemplate(/TEST_DATABASE_URL=(.*)/.exec(text)[1]);
    note('The test servers are already running:');
    process.stdout.write(text);
    return 0;
  }
  const text = Object.entries(servers.env).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(envFile, text.join(''), { mode: 0o644 });
  process.stdout.write(text.join(''));
  note('The test servers run until Ctrl-C. Single specs find them by `.test/env`.');
  await new Promise((resolve) => {
    const alive = setInterval(() => undefined, 60_000);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(clearInterval(alive)));
  });
  rmSync(envFile, { force: true });
  await servers.stop();
  return 0;
});
