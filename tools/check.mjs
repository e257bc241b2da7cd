/**
 * `npm run check`: format, lint, types, unit and house tests, two at a time, in under a minute. Prints what each found only
 * when it found something.
 */
import { existsSync } from 'node:fs';
import './node-version.mjs';
import { Fault, runCommand } from './fault.mjs';
import { root } from './root.mjs';
import { prepare, run } from './steps.mjs';

const bin = (path) => [process.execPath, new URL(`node_modules/${path}`, root).pathname];
const quiet = { ...process.env, NX_DAEMON: 'false', FORCE_COLOR: process.stdout.isTTY ? '1' : '0' };
const jestEnv = { ...quiet, NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' };
const suites = ['unit', ...(existsSync(new URL('test/house', root)) ? ['house'] : [])];

/** The lint rule for layers reads the project graph, and is silently off without one; so the graph comes first. */
const graph = { name: 'project graph', command: [...bin('nx/dist/bin/nx.js'), 'show', 'projects'], env: quiet };
const lint = {
  name: 'lint',
  command: [...bin('eslint/bin/eslint.js'), '.', '--max-warnings=0'],
  env: quiet,
};
const format = {
  name: 'format',
  command: [...bin('prettier/bin/prettier.cjs'), '--check', '--cache', '--log-level=warn', '.'],
  env: quiet,
};
const types = { name: 'types', command: [...bin('typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.json'], env: quiet };
const tests = {
  name: `${suites.join(' and ')} tests`,
  command: [...bin('jest/bin/jest.js'), '--selectProjects', ...suites],
  env: jestEnv,
};

await runCommand(async () => {
  process.chdir(root.pathname);
  await prepare({ build: false });
  const found = await Promise.all([inTurn([graph, lint]), inTurn([types, format, tests])]);
  const faulty = found.flat().filter(Boolean);
  if (faulty.length > 0)
    throw new Fault(`${faulty.join(', ')}: see above.`, '`npx prettier --write .` mends the format.');
});

async function inTurn(checks) {
  const faulty = [];
  for (const { name, command, env } of checks) {
    const startedAt = Date.now();
    const { code, output } = await run(command, { env });
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    console.log(code === 0 ? `✓ ${name} (${seconds} s)` : `✗ ${name} (${seconds} s)\n${output.trimEnd()}\n`);
    if (code !== 0) faulty.push(name);
  }
  return faulty;
}
