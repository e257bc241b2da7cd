/** What PostgreSQL's own last words mean, and what to do about them. */
import { StartError } from './start-error.ts';

interface Diagnosis {
  signs: RegExp;
  problem: (match: RegExpMatchArray) => string;
  remedy: string;
}

const outside = 'set DATABASE_URL to a PostgreSQL of your own';

const diagnoses: readonly Diagnosis[] = [
  {
    signs: /No space left on device|Disk quota exceeded/,
    problem: () => 'The database cannot start: the disk is full.',
    remedy: 'Free some space, or point DATA_DIR at another disk.',
  },
  {
    signs:
      /(?:error while loading shared libraries: ([^\s:]+)|Library not loaded: (\S+)|Error loading shared library ([^\s:]+))/,
    problem: (match) =>
      `The bundled PostgreSQL needs the library ${match[1] ?? match[2] ?? match[3]}, which is missing here.`,
    remedy: `Install the system package that has it, or ${outside}.`,
  },
  {
    signs: /database files are incompatible with server|was initialized by PostgreSQL version (\S+),/,
    problem: () => 'The database in DATA_DIR was made by another version of PostgreSQL.',
    remedy: 'Start the version of Vestnik that made it and move the data with pg_dump, or use another DATA_DIR.',
  },
  {
    signs: /Read-only file system/,
    problem: () => 'The database cannot start: its file system is read-only.',
    remedy: 'Point DATA_DIR at a folder that can be written.',
  },
  {
    signs: /could not (?:map anonymous shared memory|create shared memory segment|fork)|Cannot allocate memory/,
    problem: () => 'The database cannot start: there is not enough memory.',
    remedy: `Free about 300 MB of memory, or ${outside}.`,
  },
  {
    signs:
      /could not locate a valid checkpoint record|invalid primary checkpoint record|control file .* (?:corrupt|invalid)/i,
    problem: () => 'The database files are damaged.',
    remedy: 'Restore DATA_DIR from a backup.',
  },
  {
    signs: /spawn\w* \S+ ENOENT/,
    problem: () => 'The bundled PostgreSQL does not run on this system: it is built for the GNU C library.',
    remedy: `Use a distribution with glibc, or ${outside}.`,
  },
  {
    signs: /spawn\w* \S+ EACCES/,
    problem: () => 'The bundled PostgreSQL may not be executed here.',
    remedy: `Move the installation off a file system that is mounted noexec, or ${outside}.`,
  },
  {
    signs: /spawn\w* \S+ (?:EPERM|EINVAL)/,
    problem: () => 'This root may not become another user, and PostgreSQL does not run as root.',
    remedy: `Start Vestnik as an ordinary user, or ${outside}.`,
  },
  {
    signs: /Permission denied|Operation not permitted|invalid permissions|has wrong ownership/,
    problem: () => 'The database cannot start: its files may not be read or written by the user it runs as.',
    remedy: 'Start as the user that made DATA_DIR, or correct the owner of the files in it.',
  },
];

/** Whether the chosen port was taken by someone else in the meantime. */
export function portWasTaken(output: string): boolean {
  return /could not bind .*Address already in use|could not create any TCP\/IP sockets/i.test(output);
}

/** Whether processes of a database that was killed are still on their way out. */
export function remnantsLinger(output: string): boolean {
  return /pre-existing shared memory block/.test(output);
}

/** Puts the output of a program of PostgreSQL that failed into one line and a remedy. */
export function diagnose(output: string, where: string): StartError {
  for (const { signs, problem, remedy } of diagnoses) {
    const match = signs.exec(output);
    if (match) return new StartError(`${problem(match)} (${where})`, remedy);
  }
  const lines = output.split('\n').filter((line) => line.trim());
  const last = lines.findLast((line) => /FATAL|PANIC|error/i.test(line)) ?? lines.at(-1) ?? 'it said nothing';
  return new StartError(
    `The database cannot start: ${last.trim()} (${where})`,
    `See the log beside it, or ${outside}.`,
  );
}
