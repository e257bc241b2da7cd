import { afterEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findRoot, migrationsFingerprint } from './migrations.ts';
import { serviceUrl } from './service-env.ts';

const before = process.env.TEST_REDIS_URL;
afterEach(() => {
  if (before === undefined) delete process.env.TEST_REDIS_URL;
  else process.env.TEST_REDIS_URL = before;
});

describe('serviceUrl', () => {
  it('reads the environment first', () => {
    process.env.TEST_REDIS_URL = 'redis://127.0.0.1:1';
    expect(serviceUrl('TEST_REDIS_URL')).toBe('redis://127.0.0.1:1');
  });

  it('falls back to the running services, and without them names the command that starts them', () => {
    delete process.env.TEST_REDIS_URL;
    const running = existsSync(join(findRoot(), '.test', 'env'));
    if (running) expect(serviceUrl('TEST_REDIS_URL')).toMatch(/^redis:/);
    else expect(() => serviceUrl('TEST_REDIS_URL')).toThrow(/TEST_REDIS_URL is not set: run `npm run services`/);
  });
});

describe('migrationsFingerprint', () => {
  it('is a hash that stays the same while the migrations do', () => {
    expect(migrationsFingerprint()).toMatch(/^[0-9a-f]{64}$/);
    expect(migrationsFingerprint()).toBe(migrationsFingerprint());
  });
});
