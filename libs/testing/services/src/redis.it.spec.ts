import { describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { redisPrefix, redisUrl } from './redis.ts';

describe('redisUrl', () => {
  it('leads to an empty database of this file alone, the same at every call', async () => {
    const redis = new Redis(redisUrl());
    expect(await redis.dbsize()).toBe(0);
    await redis.set('mine', '1');
    expect(await redis.dbsize()).toBe(1);
    expect(redisUrl()).toBe(redisUrl());
    expect(new URL(redisUrl()).pathname).toMatch(/^\/[1-9]\d*$/);
    await redis.quit();
  });

  it('comes with a prefix of this file alone', () => {
    expect(redisPrefix()).toMatch(/^t[0-9a-f]{12}$/);
    expect(redisPrefix()).toBe(redisPrefix());
  });
});
