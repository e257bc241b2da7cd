/** Connections to Redis in each of its three forms: one server, Sentinels with their master, a Cluster. */
import { readRedisUrl, type RedisTarget } from '#platform/config';
import { Cluster, Redis, type RedisOptions } from 'ioredis';

/** A connection to one server, or to a Cluster as a whole. */
export type RedisConnection = Redis | Cluster;

/** Who uses a connection: rings fail fast (the sweep rings again), workers wait for ever. */
export type RedisUse = 'rings' | 'worker';

/** How long a closing connection may take before it is cut, in milliseconds; also when it was never open. */
const disconnectTimeout = 200;
/** How long to wait for a connection to come up, in milliseconds. */
const connectTimeout = 5000;
/** How long a worker's connection waits for its server before it is cut and made anew, in milliseconds; longer than `drainSeconds`. */
const workerSilenceMs = 15_000;
/** The same for the connection of the rings, in milliseconds; longer than a ring waits. */
const ringSilenceMs = 3000;
/** Wait before a connection is made again to a server that must not be written to, in milliseconds. */
const demotedWaitMs = 1000;

/**
 * Wait before a connection is made again, in milliseconds. A ring fails after the second failed connect, so this also bounds
 * how long a ring takes while Redis is away; by itself ioredis would let it wait for ten seconds.
 */
const soonAgain = (attempt: number) => Math.min(attempt * 50, 500);

/** Opens one more connection. */
export type ConnectRedis = (use: RedisUse) => RedisConnection;

/** Where the keys are, and how to get there. */
export interface RedisPlace {
  connect: ConnectRedis;
  /** Prefix of all keys. In a Cluster it is a hash tag, so that all keys of a queue lie on one node, as its scripts need it. */
  prefix: string;
}

/** Reads the URL. Throws when it has none of the three forms; the configuration has refused such a one before. */
export function redisPlace(url: string, prefix: string): RedisPlace {
  const read = readRedisUrl(url);
  if ('fault' in read) throw new Error(`REDIS_URL ${read.fault}`);
  const { target } = read;
  return {
    connect: (use) => connect(target, use),
    prefix: target.kind === 'cluster' ? `{${prefix}}` : prefix,
  };
}

function connect(target: RedisTarget, use: RedisUse): RedisConnection {
  const options = optionsFor(use);
  if (target.kind === 'single') return new Redis(target.url, options);
  const { username, password, tls } = target;
  const login = { ...(username ? { username } : {}), ...(password ? { password } : {}), ...(tls ? { tls: {} } : {}) };
  if (target.kind === 'cluster') {
    const { retryStrategy, ...redisOptions } = options;
    return new Cluster(target.nodes, {
      clusterRetryStrategy: retryStrategy,
      redisOptions: { ...redisOptions, ...login },
      // Nodes are looked up by the name that they give themselves, as with TLS it must be.
      dnsLookup: (host, found) => found(null, host),
    });
  }
  return new Redis({
    ...options,
    ...login,
    sentinels: target.nodes,
    name: target.master,
    db: target.db,
    ...(target.sentinelPassword ? { sentinelPassword: target.sentinelPassword } : {}),
    ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
    sentinelRetryStrategy: soonAgain,
    // Without `failoverDetector`: what it hears while the connection is being made ends that connection for good (ioredis 6.0.0).
    // A master that hangs is left when its silence has lasted too long.
  });
}

function optionsFor(use: RedisUse) {
  let demotedAt = 0;
  return {
    connectionName: 'vestnik',
    disconnectTimeout,
    connectTimeout,
    maxRetriesPerRequest: use === 'rings' ? 1 : null,
    socketTimeout: use === 'rings' ? ringSilenceMs : workerSilenceMs,
    // After a failover the old master may be read-only: elsewhere, or later here, there is one that can be written to.
    reconnectOnError: (error: Error): 1 | false => {
      if (!error.message.startsWith('READONLY')) return false;
      demotedAt = Date.now();
      return 1;
    },
    retryStrategy: (attempt: number) =>
      Date.now() - demotedAt < 2 * demotedWaitMs ? demotedWaitMs : soonAgain(attempt),
  } satisfies RedisOptions;
}
