/** `npm run openapi`: writes docs/openapi.json from the modules of the built apps; `--check` compares only. */
import './node-version.mjs';
import { runCommand } from './fault.mjs';
import { writeOrCheck } from './generated.mjs';
import { prepare } from './steps.mjs';

await runCommand(async () => {
  await prepare();
  const { describeModules, openApiText } = await import('../dist/libs/platform/http/src/index.js');
  const { standaloneApp } = await import('../dist/apps/standalone/src/app.js');
  const document = await describeModules(standaloneApp(false).modules);
  writeOrCheck(
    [{ path: 'docs/openapi.json', text: openApiText(document) }],
    'Run `npm run openapi` and commit what it wrote.',
  );
});
