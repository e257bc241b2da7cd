/** Redis servers of a spec's own, to be killed, stopped and emptied at will. Same program as the tests' common server. */
import { freePort, redisUrl, waitFor } from '#testing/services';
import { Redis } from 'ioredis';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A server that the spec may do anything to. */
export interface OwnRedis {
  port: number;
  url: string;
  /** Sends one command over a connection of its own. */
  send(...command: string[]): Promise<unknown>;
  /** Lets the process stand still, or go on. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  kill(): Promise<void>;
  /** Starts it anew on the same port, empty. */
  start(): Promise<void>;
}

const quietly = ['--save', '', '--appendonly', 'no', '--loglevel', 'warning', '--set-proc-title', 'no'];

/** Starts servers; `close` ends all of them. */
export class OwnRedises {
  readonly #folder = mkdtempSync(join(tmpdir(), 'vestnik-own-redis-'));
  readonly #running = new Set<ChildProcess>();

  /** Starts one more server on a free port, with further arguments. */
  async start(args: readonly string[] = []): Promise<OwnRedis> {
    const port = await freePort();
    const all = ['--port', String(port), '--dir', this.#folder, ...quietly, ...args];
    let child = await this.#launch(all, port);
    return {
      port,
      url: `redis://127.0.0.1:${port}`,
      send: (...command) => sendTo(port, command),
      signal: (name) => void child.kill(name),
      kill: () => this.#kill(child),
      start: async () => {
        child = await this.#launch(all, port);
      },
    };
  }

  /** Starts a Sentinel that watches one master as `mymaster`, and resolves with its port. */
  async sentinel(masterPort: number): Promise<number> {
    const port = await freePort();
    const settings = [
      `sentinel monitor mymaster 127.0.0.1 ${masterPort} 1`,
      'sentinel down-after-milliseconds mymaster 500',
      'sentinel failover-timeout mymaster 3000',
    ];
    const file = join(this.#folder, `sentinel-${port}.conf`);
    writeFileSync(file, `${settings.join('\n')}\n`);
    await this.#launch([file, '--sentinel', '--port', String(port), '--dir', this.#folder], port);
    return port;
  }

  /** Sends one command to whatever listens on a port. */
  send(port: number, command: readonly string[]): Promise<unknown> {
    return sendTo(port, command);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map((child) => this.#kill(child)));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #launch(args: readonly string[], port: number): Promise<ChildProcess> {
    const { program, env } = await theProgram();
    const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...env } });
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    await waitFor(async () => (await sendTo(port, ['PING'])) === 'PONG', { what: `Redis on ${port}` });
    return child;
  }

  async #kill(child: ChildProcess): Promise<void> {
    if (!this.#running.has(child)) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

async function sendTo(port: number, [name, ...args]: readonly string[]): Promise<unknown> {
  const client = new Redis(port, '127.0.0.1', {
    retryStrategy: () => null,
    lazyConnect: true,
    enableReadyCheck: false,
  });
  client.on('error', () => undefined);
  try {
    return await client.call(name!, ...args);
  } finally {
    client.disconnect();
  }
}

/** The common server says which program it is. Unpacked below a folder of ours, it needs the libraries beside it. */
async function theProgram(): Promise<{ program: string; env: Record<string, string> }> {
  const client = new Redis(redisUrl());
  const program = /^executable:(.*?)\r?$/m.exec(await client.info('server'))?.[1] ?? 'redis-server';
  client.disconnect();
  const root = dirname(dirname(dirname(program)));
  if (root === '/') return { program, env: {} };
  const folders = ['usr/lib', 'lib'].flatMap((folder) => librariesIn(join(root, folder)));
  return { program, env: { LD_LIBRARY_PATH: folders.join(':') } };
}

function librariesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.includes('-linux-'))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}
