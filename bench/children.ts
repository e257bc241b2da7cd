/** Child processes of a bench run, and what they cost. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A child that serves. */
export interface Served {
  url: string;
  pid: number;
  end(): Promise<void>;
}

/** Starts a Node script and waits until it says where it listens. Its log is dropped; its errors are shown. */
export async function serve(script: string, env: NodeJS.ProcessEnv): Promise<Served> {
  const child = spawn(process.execPath, ['--max-semi-space-size=64', script], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await listeningUrl(child, script);
  child.stdout!.resume();
  return {
    url,
    pid: child.pid!,
    end: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
        setTimeout(() => child.kill('SIGKILL'), 15_000).unref();
      }),
  };
}

function listeningUrl(child: ChildProcess, script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}: ${output.slice(-2000)}`)));
    child.stdout!.on('data', function look(chunk: Buffer) {
      output += chunk.toString();
      const url = /"url":"([^"]+)"[^\n]*"msg":"app\.listening"/.exec(output)?.[1];
      if (!url) return;
      child.stdout!.off('data', look);
      resolve(url);
    });
  });
}

/** Clock ticks per second of `/proc` (`getconf CLK_TCK`); 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** CPU seconds, user and system, that processes and those of their children that have ended have used so far. 0 where there is no /proc. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuOf(pid), 0);
}

function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return ticks / ticksPerSecond;
  } catch {
    return 0;
  }
}

/** Most memory that a process has had resident, in MiB. */
export function peakMemoryMib(pid: number): number {
  return mebibytes(`/proc/${pid}/status`, /VmHWM:\s+(\d+)/);
}

/** Memory of a process, in MiB; what it shares with others counts by its share. 0 where there is no /proc. */
export function memoryMib(pid: number): number {
  return mebibytes(`/proc/${pid}/smaps_rollup`, /^Pss:\s+(\d+)/m);
}

function mebibytes(path: string, kibibytes: RegExp): number {
  try {
    return Math.round(Number(kibibytes.exec(readFileSync(path, 'utf8'))?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}

interface RedisTool {
  startRedis(options: {
    dir: string;
    cacheDir: string;
    log: (line: string) => void;
  }): Promise<{ url: string; stop(): Promise<void> }>;
}

/** Starts the Redis that the tests use, with its files below `dir`. */
export async function startRedisFor(dir: string, log: (line: string) => void): ReturnType<RedisTool['startRedis']> {
  const { startRedis } = (await import(new URL('../../tools/redis.mjs', import.meta.url).href)) as RedisTool;
  const cacheDir = fileURLToPath(new URL('../../.test/fetched/redis', import.meta.url));
  return startRedis({ dir, cacheDir, log });
}
