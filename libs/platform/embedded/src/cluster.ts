/**
 * The data folder of the database: where it lies and how it is made. Normally `<DATA_DIR>/postgres`. When the account of
 * the server cannot enter DATA_DIR (a clone in /root), the data lies in /var/lib/vestnik and `postgres` is a link to it.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { chmod, chown, lstat, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Binaries } from './binaries.ts';
import { diagnose } from './failures.ts';
import { type Account, canEnter, runAs } from './server-account.ts';
import { explainFileError, StartError } from './start-error.ts';

/** Where things lie that DATA_DIR cannot hold, because the server's account cannot enter it. */
export const systemDir = '/var/lib/vestnik';

/** What making or opening the data folder needs. */
export interface ClusterOrder {
  dataDir: string;
  binaries: Binaries;
  account: Account | undefined;
  password: string;
  durable: boolean;
  log: (line: string) => void;
}

/** Only password logins over loopback; there is no socket file that could be left open. */
const hostRules = 'host all all 127.0.0.1/32 scram-sha-256\n';

/** Owner of the database that exists in a data folder; `undefined` when there is none yet. */
export function clusterOwner(dataDir: string): { uid: number; gid: number } | undefined {
  const link = join(dataDir, 'postgres');
  return existsSync(link) ? statSync(link) : undefined;
}

/** Real path of the database in a data folder; made first when there is none. Throws `StartError` when it cannot be used. */
export async function openCluster(order: ClusterOrder): Promise<string> {
  const link = join(order.dataDir, 'postgres');
  await refuseDangling(link);
  if (!existsSync(link) || (await isEmptyFolder(link))) await createCluster(order, link);
  const home = realpathSync(link);
  refuseForeignOwner(home, order.account);
  refuseOtherVersion(home, order.binaries);
  return canEnter(order.account, home) ? home : moveOut(order, link, home);
}

async function refuseDangling(link: string): Promise<void> {
  const entry = await lstat(link).catch(() => undefined);
  if (!entry?.isSymbolicLink() || existsSync(link)) return;
  const target = await readlink(link);
  throw new StartError(
    `The database folder ${target}, which ${link} points to, is gone.`,
    `Bring it back, or remove the link ${link} to start with an empty database.`,
  );
}

async function isEmptyFolder(path: string): Promise<boolean> {
  const names = await readdir(path).catch((error: unknown) => {
    throw explainFileError(error, path);
  });
  return names.length === 0;
}

function refuseForeignOwner(home: string, account: Account | undefined): void {
  const mine = account?.uid ?? process.getuid?.();
  const { uid } = statSync(home);
  if (mine === undefined || uid === mine) return;
  throw new StartError(
    `The database in ${home} belongs to another user (uid ${uid}); this start would run it as uid ${mine}.`,
    'Start it the way it was started first (as root?), or hand the folder over with chown -R.',
  );
}

function refuseOtherVersion(home: string, binaries: Binaries): void {
  const path = join(home, 'PG_VERSION');
  if (!existsSync(path)) {
    throw new StartError(`${home} is not empty, but holds no database.`, 'Move it away, or use another DATA_DIR.');
  }
  const version = readFileSync(path, 'utf8').trim();
  if (version === binaries.majorVersion) return;
  throw new StartError(
    `The database in ${home} was made by PostgreSQL ${version}; this Vestnik brings ${binaries.majorVersion}.`,
    'Start the version of Vestnik that made it and move the data with pg_dump, or use another DATA_DIR.',
  );
}

/** Makes the database beside its final place, so that a start that is killed meanwhile leaves nothing half-made in it. */
async function createCluster(order: ClusterOrder, link: string): Promise<void> {
  const fresh = `${link}.new`;
  try {
    await discard(fresh);
    const home = await makeHome(order, fresh);
    await runInitdb(order, home);
    await writeFile(join(home, 'pg_hba.conf'), hostRules);
    await setPassword({ ...order, home }, true);
    await rm(link, { recursive: true, force: true });
    await rename(fresh, link);
  } catch (error) {
    await discard(fresh);
    throw explainFileError(error, order.dataDir);
  }
}

async function discard(fresh: string): Promise<void> {
  const target = await readlink(fresh).catch(() => undefined);
  if (target?.startsWith(`${systemDir}/`)) await rm(target, { recursive: true, force: true });
  await rm(fresh, { recursive: true, force: true });
}

async function makeHome(order: ClusterOrder, fresh: string): Promise<string> {
  if (canEnter(order.account, order.dataDir)) {
    await mkdir(fresh, { mode: 0o700 });
    await giveTo(order.account, fresh);
    return fresh;
  }
  const home = await newSystemHome();
  await symlink(home, fresh);
  await mkdir(home, { mode: 0o700 });
  await giveTo(order.account, home);
  order.log(
    `The database lies in ${home}: the user ${order.account?.name}, who runs it, cannot enter ${order.dataDir}.`,
  );
  return home;
}

async function newSystemHome(): Promise<string> {
  await mkdir(systemDir, { recursive: true });
  await chmod(systemDir, 0o755);
  return join(systemDir, randomBytes(6).toString('hex'));
}

async function giveTo(account: Account | undefined, path: string): Promise<void> {
  if (account) await chown(path, account.uid, account.gid);
}

/** A database whose folder was moved to where its account cannot follow: the data goes to the system folder. */
async function moveOut(order: ClusterOrder, link: string, home: string): Promise<string> {
  const target = await newSystemHome();
  try {
    await rename(home, target);
  } catch (error) {
    throw new StartError(
      `The user ${order.account?.name}, who runs the database, cannot enter ${home}.`,
      `Move DATA_DIR to a folder that others may enter, or move ${home} to ${target} and put a link in its place.`,
      error,
    );
  }
  await rm(link, { force: true });
  await symlink(target, link);
  order.log(`The database moved to ${target}: the user ${order.account?.name}, who runs it, cannot enter ${home}.`);
  return target;
}

async function runInitdb(order: ClusterOrder, home: string): Promise<void> {
  const args = ['-D', home, '-U', 'postgres', '--auth=trust', '--no-instructions', '--encoding=UTF8', '--locale=C'];
  // Sorts by code point like C, but knows the upper and lower case of every alphabet.
  args.push('--locale-provider=builtin', '--builtin-locale=C.UTF-8');
  if (!order.durable) args.push('--no-sync');
  const { code, output } = await run(order.binaries.initdb, args, '', order.account);
  if (code !== 0) throw diagnose(output, home);
}

/**
 * Sets the passwords while no server runs, through the stand-alone mode, which asks for none; with `first` also makes
 * the role and the database.
 */
export async function setPassword(
  order: Pick<ClusterOrder, 'binaries' | 'account' | 'password'> & { home: string },
  first: boolean,
): Promise<void> {
  const commands = [
    ...(first ? ['CREATE ROLE vestnik LOGIN', 'CREATE DATABASE vestnik OWNER vestnik'] : []),
    `ALTER ROLE vestnik PASSWORD '${order.password}'`,
    `ALTER ROLE postgres PASSWORD '${order.password}'`,
  ];
  const args = ['--single', '-D', order.home, '-c', 'log_checkpoints=off', 'postgres'];
  const { code, output } = await run(order.binaries.postgres, args, commands.join('\n') + '\n', order.account);
  if (code !== 0 || /(ERROR|FATAL|PANIC):/.test(output)) throw diagnose(output, order.home);
}

async function run(
  program: string,
  args: readonly string[],
  input: string,
  account: Account | undefined,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(program, args, { ...runAs(account), stdio: 'pipe' });
  const exit = once(child, 'close').then(
    ([code]) => ({ code: code as number | null, problem: '' }),
    (error: Error) => ({ code: null, problem: error.message }),
  );
  // A program that ends before it has read its input is judged by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const { code, problem } = await exit;
  return { code, output: `${out}${err}${problem}` };
}
