/**
 * `npm run bench`: builds, then measures Vestnik beside the bare pipeline of the same libraries; `-- idle` measures it at rest,
 * `-- amqp` the AMQP door, `-- rules` and `-- rules-hostile` the rules engine.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import './node-version.mjs';
import { Fault, runCommand } from './fault.mjs';
import { root } from './root.mjs';
import { prepare } from './steps.mjs';

await runCommand(async () => {
  process.chdir(root.pathname);
  await prepare();
  const script = process.argv[2] ?? 'main';
  if (!existsSync(`dist/bench/${script}.js`)) throw new Fault(`There is no bench "${script}".`, 'Try `npm run bench`.');
  const child = spawn(process.execPath, ['--enable-source-maps', `dist/bench/${script}.js`], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
});
