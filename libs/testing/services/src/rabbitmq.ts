import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findRoot } from './migrations.ts';
import { serviceUrl } from './service-env.ts';

const prefix = `t${randomBytes(6).toString('hex')}`;

/** URL of the RabbitMQ that all specs share. Throws when no test server is known. */
export function amqpUrl(): string {
  return serviceUrl('TEST_AMQP_URL');
}

/** A prefix of exchanges and queues that no other spec file uses. The same for every call in one file. */
export function amqpPrefix(): string {
  return prefix;
}

/** A RabbitMQ of one spec alone, which may be killed. */
export interface OwnRabbitMq {
  /** With the name and password of the guest. The same after a restart. */
  url: string;
  port: number;
  pid(): number;
  /** Writes down where new queues are; before a `kill` that follows within seconds of a declaration. */
  flush(): Promise<void>;
  /** Ends it without notice, and resolves once it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data; resolves once it takes connections. */
  start(): Promise<void>;
  /** Runs Erlang inside it, for what AMQP cannot ask for; resolves with the printed value. The code ends with a full stop. */
  evaluate(code: string): Promise<string>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

interface RabbitMqTool {
  startRabbitMq(options: { dir: string; cacheDir: string; log: (line: string) => void }): Promise<OwnRabbitMq>;
}

interface ServersTool {
  testDir(): string;
}

let started = 0;

/** Starts a RabbitMQ for the caller alone, in some 5 s. Should the caller be killed, the next test run ends it. */
export async function ownRabbitMq(): Promise<OwnRabbitMq> {
  const [{ startRabbitMq }, { testDir }] = await Promise.all([
    loadTool<RabbitMqTool>('rabbitmq.mjs'),
    loadTool<ServersTool>('servers.mjs'),
  ]);
  started += 1;
  const run = join(testDir(), `run-${process.pid}`);
  const dir = join(run, `rabbitmq-${started}-${prefix}`);
  mkdirSync(dir, { recursive: true });
  const cacheDir = join(testDir(), 'fetched', 'rabbitmq');
  const broker = await startRabbitMq({ dir, cacheDir, log: (line) => process.stderr.write(`${line}\n`) });
  const stop = async () => {
    await broker.stop();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    if (readdirSync(run).length === 0) rmdirSync(run);
  };
  return { ...broker, stop };
}

function loadTool<T>(name: string): Promise<T> {
  return import(pathToFileURL(join(findRoot(), 'tools', name)).href) as Promise<T>;
}
