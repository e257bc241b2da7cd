/** Every key that the environment may hold, with default, unit and danger. An app composes the slices it needs. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { readRedisUrl } from './redis-url.ts';
import { Secret } from './secret.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const secret = z.string().transform((text) => new Secret(text));
const url = (schemes: readonly string[]) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol),
      `must be a URL with ${schemes.join(' or ')}`,
    );

const cidrList = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  )
  .refine((list) => list.every(isCidr), 'must be a comma-separated list such as 10.0.0.0/8,fc00::/7');

function isCidr(text: string): boolean {
  const [, address = '', bits] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const mostBits = { 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return Number(bits) <= mostBits;
}

/** One slice: the keys of the environment that belong together. */
export type EnvSlice = Record<string, z.ZodType>;

/** The HTTP server. */
export const httpEnv = {
  PORT: port.default(3000).describe('HTTP port. 0 takes any free one.'),
  HOST: z.string().default('0.0.0.0').describe('Address to listen on. 127.0.0.1 keeps Vestnik to this machine.'),
  STOP_NOTICE_S: z.coerce
    .number()
    .min(0)
    .max(600)
    .default(0)
    .describe(
      'How long a stopping process still takes requests after /health/ready turned red, so that a load balancer can notice, in seconds.',
    ),
};

/** The database. */
export const databaseEnv = {
  DATABASE_URL: url(['postgres:', 'postgresql:'])
    .transform((text) => new Secret(text))
    .describe('PostgreSQL 14 or later. Absent: an embedded PostgreSQL in DATA_DIR (standalone only).'),
  DATABASE_POOL: z.coerce
    .number()
    .int()
    .min(2)
    .max(200)
    .default(10)
    .describe('Most connections to PostgreSQL per process.'),
  RETENTION_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3650)
    .default(90)
    .describe('How long events and deliveries are kept, in days. Older ones are dropped for good.'),
};

/** The queues. */
export const queueEnv = {
  REDIS_URL: z
    .string()
    .superRefine((text, context) => {
      const read = readRedisUrl(text);
      if ('fault' in read) context.addIssue(read.fault);
    })
    .transform((text) => new Secret(text))
    .optional()
    .describe(
      'Redis 6.2 or later, or Valkey: redis://host:6379/0; with Sentinel redis+sentinel://host1:26379,host2:26379/mymaster/0; a Cluster redis+cluster://host1:6379,host2:6379; rediss… with TLS. Absent: the queues live in PostgreSQL.',
    ),
  QUEUE_PREFIX: z
    .string()
    .regex(/^[a-zA-Z0-9_-]{1,40}$/)
    .default('vestnik')
    .describe('Prefix of the queues, so that several installations may share one Redis.'),
};

/** The AMQP door. */
export const amqpEnv = {
  AMQP_URL: url(['amqp:', 'amqps:'])
    .transform((text) => new Secret(text))
    .optional()
    .describe(
      'RabbitMQ 3.8 or later, with user, password and virtual host: amqp://user:password@host:5672/vhost (%2F is the default one); amqps with TLS. Absent: the AMQP door is closed.',
    ),
  AMQP_PREFIX: z
    .string()
    .regex(/^[a-zA-Z0-9_.-]{1,60}$/)
    .default('vestnik')
    .describe(
      'Prefix of the exchanges and queues (vestnik.events, vestnik.ingest, vestnik.rejected), so that several installations may share one broker.',
    ),
  AMQP_DECLARE: flag
    .default(true)
    .describe('false: exchanges and queues are only checked, for users who may not create any.'),
  AMQP_PREFETCH: z.coerce
    .number()
    .int()
    .min(1)
    .max(20_000)
    .default(2000)
    .describe(
      'Most AMQP messages in hand per process. While messages are large, fewer are taken: all in hand together stay near 64 MiB.',
    ),
};

/** Secrets at rest. */
export const secretsEnv = {
  SECRET_KEY: secret
    .refine((value) => value.reveal().length >= 16, 'must have at least 16 characters')
    .describe(
      'Encrypts the secrets of backends at rest. Losing it means entering them again. Standalone makes one in DATA_DIR; required elsewhere.',
    ),
};

/** Access to the API. */
export const accessEnv = {
  ADMIN_API_KEY: secret
    .refine((value) => value.reveal().length >= 16, 'must have at least 16 characters')
    .refine((value) => /^[!-~]*$/.test(value.reveal()), 'must be plain ASCII without spaces, to fit into a header')
    .optional()
    .describe(
      'Bootstrap key with every scope. Absent: standalone makes one on first start, prints it once and keeps it in DATA_DIR (0600).',
    ),
};

/** Deliveries. */
export const courierEnv = {
  TARGET_NETWORKS: cidrList
    .default(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'])
    .describe(
      'CIDRs outside the public internet that a backend may point at, comma-separated. Cloud metadata addresses are never allowed. `npm start` adds loopback.',
    ),
  STOP_TIMEOUT_S: z.coerce
    .number()
    .min(1)
    .max(600)
    .default(20)
    .describe('How long a stopping process waits for what is under way, in seconds.'),
};

/** What only the all-in-one process reads. */
export const standaloneEnv = {
  DATA_DIR: z.string().min(1).default('./.data').describe('Folder of the embedded database and the generated keys.'),
  SEED_DEMO: flag
    .default(false)
    .describe('true: puts a small warehouse example into an empty database. `npm start` sets it.'),
};

/** The log. */
export const logEnv = {
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least important level that is written.'),
};

/** All slices, for the generated documentation. */
export const allSlices: Record<string, EnvSlice> = {
  httpEnv,
  databaseEnv,
  queueEnv,
  amqpEnv,
  secretsEnv,
  accessEnv,
  courierEnv,
  standaloneEnv,
  logEnv,
};
