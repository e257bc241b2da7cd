/** Files that are made from the code: written, or only compared when a tool is called with `--check`. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Fault } from './fault.mjs';
import { root } from './root.mjs';

/** Writes the files `{ path, text }`, or with `--check` throws when one of them is out of date, after showing how. */
export function writeOrCheck(files, remedy) {
  const check = process.argv.includes('--check');
  const stale = files.filter(
    ({ path, text }) => !existsSync(fileAt(path)) || readFileSync(fileAt(path), 'utf8') !== text,
  );
  for (const file of stale) {
    if (check) showDifference(file);
    else write(file);
  }
  if (check && stale.length > 0) throw new Fault(`Out of date: ${stale.map(({ path }) => path).join(', ')}.`, remedy);
  if (!check)
    console.log(stale.length === 0 ? '· generated files: up to date' : `✓ ${stale.map(({ path }) => path).join(', ')}`);
}

const fileAt = (path) => new URL(path, root).pathname;

function write({ path, text }) {
  mkdirSync(dirname(fileAt(path)), { recursive: true });
  writeFileSync(fileAt(path), text);
}

function showDifference({ path, text }) {
  const folder = mkdtempSync(join(tmpdir(), 'vestnik-generated-'));
  try {
    const wanted = join(folder, 'generated');
    writeFileSync(wanted, text);
    const present = existsSync(fileAt(path)) ? fileAt(path) : '/dev/null';
    // diff answers 1 when there is a difference, which there is.
    execFileSync('diff', ['-u', '--label', path, '--label', `${path} (generated)`, present, wanted], {
      stdio: 'inherit',
    });
  } catch (error) {
    if (error.status !== 1) console.error(`${path} differs; diff could not show how: ${error.message}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
