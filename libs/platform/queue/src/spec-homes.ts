import { freshDatabase, redisPrefix, redisUrl, testDatabaseUrl } from '#testing/services';
import { randomUUID } from 'node:crypto';
import type { QueueHome } from './index.ts';
import { postgresServer, redisServer, type JobLocks, type QueueServer } from './servers.ts';

/** Made-up ids. */
export const ids = (count: number) => Array.from({ length: count }, () => randomUUID());

/** Both servers that queues may live on, each with a place of this file's own. */
export const homes: [name: string, open: () => Promise<{ home: QueueHome; drop: () => Promise<void> }>][] = [
  [
    'Redis',
    async () => ({
      home: { redisUrl: redisUrl(), databaseUrl: testDatabaseUrl(), prefix: redisPrefix() },
      drop: async () => undefined,
    }),
  ],
  [
    'PostgreSQL',
    async () => {
      const { url, drop } = await freshDatabase();
      return { home: { redisUrl: undefined, databaseUrl: url, prefix: 'vestnik' }, drop };
    },
  ],
];

/** The server of a home, for what queues do not offer. */
export function serverOf({ redisUrl: redis, databaseUrl, prefix }: QueueHome, locks?: JobLocks): QueueServer {
  return redis ? redisServer(redis, prefix, locks) : postgresServer(databaseUrl, locks);
}
