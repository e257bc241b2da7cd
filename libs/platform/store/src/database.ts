/** The one pool of connections of a process, and the Prisma client on top of it. */
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { EventCache } from './flow/event-cache.ts';
import { PrismaClient } from './generated/client.ts';

/** How to reach PostgreSQL. */
export interface DatabaseOptions {
  connectionString: string;
  /** Most connections of this process. */
  poolSize: number;
  /** Told of errors on idle connections, which are replaced by themselves. */
  onError: (error: Error) => void;
}

/** PostgreSQL as the rest of the store sees it. */
export interface Database {
  /** For batched hot-path SQL. */
  pool: pg.Pool;
  /** For management data. */
  prisma: PrismaClient;
  connectionString: string;
  /** Events that passed through this process a moment ago. */
  events: EventCache;
  close(): Promise<void>;
}

/** Opens the database; connections are made when first used. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.poolSize,
    application_name: 'vestnik',
    connectionTimeoutMillis: 5000,
  });
  pool.on('error', options.onError);
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return {
    pool,
    prisma,
    connectionString: options.connectionString,
    events: new EventCache(),
    close: async () => {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

/** Runs `work` in one transaction on one connection; rolls back and rethrows when it throws. */
export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    await client.query('ROLLBACK').then(
      () => client.release(),
      (broken: Error) => client.release(broken),
    );
    throw error;
  }
}
