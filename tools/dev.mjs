/** `npm run dev`: Vestnik from its sources, started anew whenever one of them is saved. */
import './node-version.mjs';
import { runCommand } from './fault.mjs';
import { runVestnik } from './run-vestnik.mjs';
import { prepare } from './steps.mjs';

const watch = [
  '--watch',
  '--watch-preserve-output',
  '--conditions=source',
  '--import',
  '@swc-node/register/esm-register',
];

await runCommand(async () => {
  await prepare({ build: false });
  return runVestnik([...watch, 'apps/standalone/src/main.ts']);
});
