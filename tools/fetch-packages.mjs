/**
 * Servers for tests that the machine does not have: Debian's packages, unpacked below a folder of ours. Nothing is
 * installed, so it needs no root and starts no service.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Folders where programs usually are, also when the PATH does not name them. */
export const usualFolders = ['/usr/bin', '/usr/local/bin', '/usr/sbin', '/opt/homebrew/bin', '/snap/bin'];

/** All folders in which a program may be, those of the PATH first. */
export function programFolders() {
  return [...(process.env.PATH ?? '').split(':').filter(Boolean), ...usualFolders];
}

/** Whether a program of this name is there. */
export function onPath(name) {
  return programFolders().some((folder) => existsSync(join(folder, name)));
}

/** Runs a command silently to its end; answers whether it succeeded. */
export function run([program, ...args]) {
  const answer = spawnSync(program, args, { stdio: 'ignore', timeout: 300_000, env: { ...process.env, LC_ALL: 'C' } });
  return answer.status === 0;
}

/**
 * Fetches a package and what it depends on, with package lists of its own, and unpacks all of them into `<cacheDir>/root`.
 * Two at once do not get into each other's way: each unpacks apart and moves the whole into place.
 */
export function unpackWithApt(packageName, cacheDir) {
  mkdirSync(cacheDir, { recursive: true });
  const work = mkdtempSync(join(cacheDir, 'apt-'));
  const [lists, archives, root] = ['lists', 'archives', 'root'].map((name) => join(work, name));
  for (const folder of [join(lists, 'partial'), join(archives, 'partial'), root])
    mkdirSync(folder, { recursive: true });
  const options = [
    `Dir::State::Lists=${lists}`,
    `Dir::Cache=${work}`,
    `Dir::Cache::Archives=${archives}`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
    'Acquire::Languages=none',
  ].flatMap((option) => ['-o', option]);
  run(['apt-get', ...options, 'update']);
  run(['apt-get', ...options, 'install', '-y', '--download-only', '--no-install-recommends', packageName]);
  const packages = readdirSync(archives).filter((file) => file.endsWith('.deb'));
  const whole = packages.length > 0 && packages.every((name) => run(['dpkg', '-x', join(archives, name), root]));
  if (whole) putInPlace(root, join(cacheDir, 'root'));
  rmSync(work, { recursive: true, force: true });
}

function putInPlace(from, to) {
  try {
    rmSync(to, { recursive: true, force: true });
    renameSync(from, to);
  } catch (error) {
    // Another process was quicker, with the same files.
    if (!existsSync(to)) throw error;
  }
}

/** The value of LD_LIBRARY_PATH with which unpacked programs find the libraries that came with them. */
export function librariesBelow(root) {
  const folders = ['usr/lib', 'lib'].flatMap((folder) => {
    const path = join(root, folder);
    if (!existsSync(path)) return [];
    return readdirSync(path)
      .filter((name) => name.includes('-linux-'))
      .map((name) => join(path, name));
  });
  return folders.join(':');
}
