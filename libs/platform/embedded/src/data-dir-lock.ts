/**
 * One Vestnik per DATA_DIR. The lock is a file that names its holder; a holder that was killed cannot remove it, so the
 * next start looks whether that very process still lives.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { birthMark } from './process-identity.ts';
import { explainFileError, StartError } from './start-error.ts';

interface Holder {
  pid: number;
  birth: string;
  since: string;
  note: string;
}

/** How long a lock may stay unreadable while its maker is still writing it, in milliseconds. */
const writingMs = 1_000;

/**
 * Takes the lock of a data folder and returns what gives it back. Throws `StartError` when another process holds it;
 * `note` (such as a URL) is what that error says of us to others.
 */
export async function claimDataDir(dataDir: string, note: string): Promise<() => void> {
  const path = join(dataDir, 'vestnik.lock');
  const mine = describeSelf(note);
  while (!tryCreate(path, mine)) {
    const text = readLock(path);
    const holder = parseHolder(text);
    if (holder && birthMark(holder.pid) === holder.birth) throw alreadyRunning(dataDir, holder);
    if (holder || ageMs(path) > writingMs) removeStale(path, text);
    else await pause(20);
  }
  return () => {
    if (readLock(path) === mine) rmSync(path, { force: true });
  };
}

function describeSelf(note: string): string {
  const holder: Holder = {
    pid: process.pid,
    birth: birthMark(process.pid) ?? '',
    since: new Date().toISOString(),
    note,
  };
  return JSON.stringify(holder);
}

function tryCreate(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw explainFileError(error, path);
  }
}

function readLock(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw explainFileError(error, path);
  }
}

function ageMs(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? Date.now() - stats.mtimeMs : 0;
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    return typeof holder?.pid === 'number' && typeof holder.birth === 'string' ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** Removes a dead holder's lock, but puts it back when a third process has taken it over in between. */
function removeStale(path: string, seen: string): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw explainFileError(error, path);
  }
  const taken = readLock(aside);
  if (taken !== seen) tryCreate(path, taken);
  rmSync(aside, { force: true });
}

function alreadyRunning(dataDir: string, holder: Holder): StartError {
  const since = new Date(holder.since).toLocaleString('sv');
  const note = holder.note ? `, ${holder.note}` : '';
  return new StartError(
    `Vestnik is already running on ${dataDir}: pid ${holder.pid}, since ${since}${note}.`,
    `Use that one, stop it (kill ${holder.pid}), or give this one its own DATA_DIR and PORT.`,
  );
}
