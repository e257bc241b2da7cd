/** `npm run fuzz -- --inputs 200000 --seed 1`: sends very many bad requests to a built Vestnik on throw-away servers. */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import './node-version.mjs';
import { runCommand } from './fault.mjs';
import { root } from './root.mjs';
import { prepare } from './steps.mjs';

await runCommand(async () => {
  process.chdir(root.pathname);
  await prepare();
  const { startServers, testDir } = await import('./servers.mjs');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
  const dir = join(testDir(), `run-${process.pid}`);
  mkdirSync(dir, { recursive: true });
  let servers;
  try {
    servers = await startServers({ dir, log: (line) => console.log(line) });
    return await runFuzz(process.argv.slice(2), servers.env);
  } finally {
    await servers?.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});

/** Runs the TypeScript of the tests as it stands; resolves with its exit code. */
function runFuzz(args, env) {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      ['--conditions=source', '--import', '@swc-node/register/esm-register', 'test/fuzz/main.ts', ...args],
      { stdio: 'inherit', env: { ...process.env, ...env } },
    );
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
