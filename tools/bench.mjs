/** `npm run bench`: builds, then measures Vestnik beside the bare pipeline of the same libraries. */
import { spawn } from 'node:child_process';
import './node-version.mjs';
import { runCommand } from './fault.mjs';
import { root } from './root.mjs';
import { prepare } from './steps.mjs';

await runCommand(async () => {
  process.chdir(root.pathname);
  await prepare();
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/bench/main.js', ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
});
