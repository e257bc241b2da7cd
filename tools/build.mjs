/** `npm run build` and `npm run generate`: the steps before a start, alone. */
import './node-version.mjs';
import { runCommand } from './fault.mjs';
import { prepare } from './steps.mjs';

await runCommand(() => prepare({ build: process.argv[2] !== 'generate' }));
