/** `npm run docs`: writes docs/errors.md, docs/config.md and .env.example from the code; `--check` compares only. */
import './node-version.mjs';
import { runCommand } from './fault.mjs';
import { writeOrCheck } from './generated.mjs';
import { prepare } from './steps.mjs';

await runCommand(async () => {
  await prepare();
  const { referenceFiles } = await import('../dist/libs/platform/reference/src/index.js');
  writeOrCheck(referenceFiles(), 'Run `npm run docs` and commit what it wrote.');
});
