/** Runs jest with the reporter that counts, and judges the result more strictly than jest does. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { root } from './root.mjs';

/** How long jest may take to end after its last test; something that was left open keeps it. */
const endWithinMs = 30_000;

/** Runs jest; resolves with `{passed, failed}`. Skipped tests, a crash, a hang at the end and no tests at all are failures. */
export async function runJest(args, env = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'vestnik-counts-'));
  const countsFile = join(dir, 'counts.json');
  try {
    const code = await spawnJest(args, { ...env, TEST_COUNTS_FILE: countsFile }, countsFile);
    const counts = existsSync(countsFile) ? JSON.parse(readFileSync(countsFile, 'utf8')) : undefined;
    return judge(code, counts, args);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function judge(code, counts, args) {
  if (!counts) return { passed: 0, failed: 1 };
  // Choosing tests by name makes jest report all others as skipped.
  const byName = args.some((arg) => /^(-t|--testNamePattern)(=|$)/.test(arg));
  const { passed } = counts;
  let failed = counts.failed + (byName ? 0 : counts.skipped);
  if (counts.skipped > 0 && !byName) console.error(`✗ ${counts.skipped} tests were skipped; that counts as failed.`);
  if (passed + failed === 0) console.error('✗ No test was run; that counts as failed.');
  if (failed === 0 && (code !== 0 || passed === 0)) failed = 1;
  return { passed, failed };
}

function spawnJest(args, env, countsFile) {
  return new Promise((resolve) => {
    const jest = new URL('node_modules/jest/bin/jest.js', root).pathname;
    const reporters = ['--reporters=default', `--reporters=${new URL('tools/test-counter.mjs', root).pathname}`];
    const options = [process.env.NODE_OPTIONS, '--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
    const child = spawn(process.execPath, [jest, ...args, ...reporters], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...env, NODE_OPTIONS: options.filter(Boolean).join(' ') },
    });
    const stop = () => child.kill('SIGTERM');
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
    let endsAt;
    const watch = setInterval(() => {
      endsAt ??= existsSync(countsFile) ? Date.now() + endWithinMs : undefined;
      if (endsAt === undefined || Date.now() < endsAt) return;
      console.error('✗ The tests are done, but something they left open keeps the process alive.');
      child.kill('SIGKILL');
    }, 500);
    child.once('error', () => resolve(1));
    child.once('exit', (code) => {
      clearInterval(watch);
      resolve(code ?? 1);
    });
  });
}
