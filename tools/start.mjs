/** `npm start`: from a fresh clone to a running Vestnik. Only Node and a package registry are needed. */
import './node-version.mjs';
import { runCommand } from './fault.mjs';
import { runVestnik } from './run-vestnik.mjs';
import { prepare } from './steps.mjs';

await runCommand(async () => {
  await prepare();
  return runVestnik(['dist/apps/standalone/src/main.js']);
});
