/** Telling processes apart: a pid alone is not enough, because the system gives it out again. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const hasProc = existsSync('/proc/self/stat');

/**
 * Tells this life of a pid from a later one: boot and start time. `undefined` when no such process lives; a zombie does
 * not live.
 */
export function birthMark(pid: number): string | undefined {
  return hasProc ? birthFromProc(pid) : birthFromPs(pid);
}

function birthFromProc(pid: number): string | undefined {
  const stat = readOrNothing(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name, field 2, may hold spaces and brackets; what follows the last bracket starts with field 3, the state.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const boot = readOrNothing('/proc/sys/kernel/random/boot_id') ?? '';
  return `${boot.trim()}:${fields[19] ?? ''}`;
}

function birthFromPs(pid: number): string | undefined {
  const line = askPs(pid, 'stat=,lstart=');
  if (line === undefined || line.startsWith('Z')) return undefined;
  return line.replace(/^\S+\s+/, '');
}

/** The arguments of a living process in one text; `undefined` when there is no such process. */
export function commandLine(pid: number): string | undefined {
  if (birthMark(pid) === undefined) return undefined;
  return hasProc ? readOrNothing(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ') : askPs(pid, 'command=');
}

function askPs(pid: number, columns: string): string | undefined {
  try {
    return execFileSync('ps', ['-o', columns, '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
