/** The doorbells: BullMQ on Redis or on PostgreSQL. Jobs carry ids only; nothing here cannot be rebuilt from the store. */
import type { Logger } from '#platform/log';
import { createQueues } from './bullmq.ts';
import type { Queues } from './queues.ts';
import { postgresServer, redisServer } from './servers.ts';

export * from './queues.ts';

/** Injection token of the process's `Queues`. */
export const QUEUES = Symbol('QUEUES');

/** Where the queues live: on Redis when a URL is given, else in PostgreSQL. */
export interface QueueHome {
  redisUrl: string | undefined;
  databaseUrl: string;
  prefix: string;
}

/** Opens the doorbells of a process. Connections are made when first used. */
export function openQueues(home: QueueHome, log: Logger): Queues {
  const server = home.redisUrl ? redisServer(home.redisUrl, home.prefix) : postgresServer(home.databaseUrl);
  return createQueues(server, log);
}
