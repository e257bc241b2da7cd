import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serviceUrl } from './service-env.ts';

/** How many databases the test server is started with (`tools/redis.mjs`). */
const databases = 4096;
const prefix = `t${randomBytes(6).toString('hex')}`;
let mine: string | undefined;

/**
 * URL of a Redis database that no other spec file uses, so that it may be flushed at will. The same for every call in
 * one file. Throws when no test server is known.
 */
export function redisUrl(): string {
  mine ??= claimDatabase(serviceUrl('TEST_REDIS_URL'));
  return mine;
}

/** A key prefix that no other spec file uses. The same for every call in one file. */
export function redisPrefix(): string {
  return prefix;
}

/** Takes the next number by making a folder, which only one process can do. */
function claimDatabase(server: string): string {
  const url = new URL(server);
  const slots = join(tmpdir(), `vestnik-redis-${url.port}`);
  mkdirSync(slots, { recursive: true });
  for (let number = 1; number < databases; number += 1) {
    if (!tryMake(join(slots, String(number)))) continue;
    url.pathname = `/${number}`;
    return url.href;
  }
  rmSync(slots, { recursive: true, force: true });
  return claimDatabase(server);
}

function tryMake(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
