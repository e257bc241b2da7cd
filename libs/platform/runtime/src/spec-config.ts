/** What the specs of this room start apps with: a database and a Redis of their own, and any free port. */
import { loadConfig } from '#platform/config';
import { redisPrefix, redisUrl } from '#testing/services';
import { runtimeEnv } from './runtime.ts';

/** The environment of an app on a database, with its queues on Redis unless told otherwise. */
export function envOn(databaseUrl: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl(),
    QUEUE_PREFIX: redisPrefix(),
    ADMIN_API_KEY: 'a-key-that-the-specs-know',
    LOG_LEVEL: 'info',
    ...more,
  };
}

/** The same, read and validated. */
export function configOn(databaseUrl: string, more?: Record<string, string>) {
  return loadConfig(runtimeEnv, envOn(databaseUrl, more));
}
