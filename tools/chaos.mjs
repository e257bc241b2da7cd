/**
 * `npm run chaos -- --minutes 10 --seed 1`: builds, then breaks a whole installation in every way while it works, and counts
 * what was lost. `-- --scenario flush|rolling|outage` for the others; `test/chaos/options.ts` knows all that can be said.
 */
import { spawn } from 'node:child_process';
import './node-version.mjs';
import { runCommand } from './fault.mjs';
import { root } from './root.mjs';
import { prepare } from './steps.mjs';

/** The harness runs from its sources; what it breaks is built. */
const fromSources = ['--enable-source-maps', '--conditions=source', '--import', '@swc-node/register/esm-register'];

await runCommand(async () => {
  process.chdir(root.pathname);
  await prepare();
  const args = [...fromSources, 'test/chaos/main.ts', ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
});
