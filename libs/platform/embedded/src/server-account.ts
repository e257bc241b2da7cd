/** PostgreSQL refuses to run as root; this finds or makes the account that it runs under instead. */
import { spawnSync } from 'node:child_process';
import { StartError } from './start-error.ts';

/** A user of the operating system. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** Ways to make a system account: of shadow-utils, and of BusyBox. */
const makers: readonly (readonly string[])[] = [
  [
    'useradd',
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/bin/false',
    'vestnik',
  ],
  ['adduser', '-S', '-D', '-H', '-s', '/bin/false', 'vestnik'],
];

/**
 * The account for the database: `undefined` when this process is an ordinary user and runs it itself. As root: whoever
 * owns the database already, else `postgres`, else `vestnik` (made when missing), else `nobody`.
 */
export function serverAccount(owner: { uid: number; gid: number } | undefined): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (owner && owner.uid !== 0) return { name: `uid ${owner.uid}`, ...owner };
  const found = lookUp('postgres') ?? lookUp('vestnik') ?? makeAccount() ?? lookUp('nobody');
  if (found) return found;
  throw new StartError(
    'PostgreSQL does not run as root, and there is no other user to run it as.',
    'Start Vestnik as an ordinary user, or create a user named postgres.',
  );
}

function makeAccount(): Account | undefined {
  for (const [command = '', ...args] of makers) {
    if (spawnSync(command, args, { stdio: 'ignore' }).status === 0) return lookUp('vestnik');
  }
  return undefined;
}

function lookUp(name: string): Account | undefined {
  const uid = askId('-u', name);
  const gid = askId('-g', name);
  return uid && gid ? { name, uid, gid } : undefined;
}

function askId(flag: string, name: string): number | undefined {
  const answer = spawnSync('id', [flag, name], { encoding: 'utf8' });
  return answer.status === 0 ? Number(answer.stdout) : undefined;
}

/** Whether the account may enter a folder and every folder above it. Without an account: this process, which may. */
export function canEnter(account: Account | undefined, folder: string): boolean {
  if (!account) return true;
  const answer = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...runAs(account), stdio: 'ignore' });
  return answer.status === 0;
}

/** Options for starting a program of PostgreSQL: the account, a folder that everyone may enter, a bare environment. */
export function runAs(account: Account | undefined) {
  return {
    cwd: '/',
    // PGDATA, PGPORT, locales and the like of the surroundings must not reach the server.
    env: { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' },
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
  };
}
