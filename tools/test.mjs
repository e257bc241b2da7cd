/** `npm test`: brings up what the tests need, runs all of them, and ends with one line of counts. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import './node-version.mjs';
import { runCommand } from './fault.mjs';
import { root } from './root.mjs';
import { prepare, step } from './steps.mjs';

let counts = { passed: 0, failed: 1 };

await runCommand(async () => {
  process.chdir(root.pathname);
  await prepare();
  counts = await withServers(async (env) => {
    const { runJest } = await import('./run-jest.mjs');
    return runJest(process.argv.slice(2), env);
  });
  return counts.failed > 0 ? 1 : 0;
});
console.log(`${counts.passed} passed, ${counts.failed} failed`);

/** Whatever happens meanwhile, Ctrl-C included, the servers are stopped and their files removed. */
async function withServers(work) {
  const { startServers, sweepAbandoned, testDir } = await import('./servers.mjs');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
  const base = testDir();
  await sweepAbandoned(base);
  const dir = join(base, `run-${process.pid}`);
  mkdirSync(dir, { recursive: true });
  let servers;
  try {
    await step('test servers', async () => {
      servers = await startServers({ dir, log: (line) => console.log(line) });
    });
    return await work(servers.env);
  } finally {
    await servers?.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
