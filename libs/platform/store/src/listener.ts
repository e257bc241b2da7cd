/** Hears what PostgreSQL is told by NOTIFY, on a connection of its own, and never misses a change for good. */
import type { Logger } from '#platform/log';
import pg from 'pg';
import type { Database } from './database.ts';

type Handler = (payload: string) => void;

/** Ears on channels of PostgreSQL. */
export interface Listener {
  /**
   * Calls `handler` with the payload of every notification of `channel`, and with `''` after each reconnect, when
   * anything may have been missed. Also possible after `start`.
   */
  on(channel: string, handler: Handler): void;
  /** Connects; resolves once it listens for the first time (or was closed). Keeps trying while PostgreSQL is away. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** How a listener lives. */
export interface ListenerOptions {
  log: Logger;
  /** Wait before the first reconnect, in milliseconds; doubles with each failure up to 30 s. 200 when absent. */
  firstRetryMs?: number;
  /** Time between checks that the connection still lives, in milliseconds. 30,000 when absent. */
  pingMs?: number;
  /** Time for connecting and for each answer, in milliseconds. 10,000 when absent. */
  questionTimeoutMs?: number;
}

const longestRetryMs = 30_000;

/** Makes a listener; nothing connects before `start`. */
export function createListener(database: Pick<Database, 'connectionString'>, options: ListenerOptions): Listener {
  return new PostgresListener(database.connectionString, options);
}

class PostgresListener implements Listener {
  readonly #connectionString: string;
  readonly #log: Logger;
  readonly #firstRetryMs: number;
  readonly #pingMs: number;
  readonly #questionTimeoutMs: number;
  readonly #handlers = new Map<string, Handler[]>();
  /** The present connection, once it is one: `pg` never settles a connect that is ended meanwhile. */
  #client: pg.Client | undefined;
  /** Ends with the last question to the present connection, so that there is never more than one at once. */
  #asking: Promise<unknown> = Promise.resolve();
  #loop: Promise<void> | undefined;
  #first: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  #closed = false;

  constructor(connectionString: string, options: ListenerOptions) {
    this.#connectionString = connectionString;
    this.#log = options.log;
    this.#firstRetryMs = options.firstRetryMs ?? 200;
    this.#pingMs = options.pingMs ?? 30_000;
    this.#questionTimeoutMs = options.questionTimeoutMs ?? 10_000;
  }

  on(channel: string, handler: Handler): void {
    const known = this.#handlers.get(channel);
    if (known) return void known.push(handler);
    this.#handlers.set(channel, [handler]);
    if (this.#client) this.#ask(this.#client, listenSql(channel));
  }

  start(): Promise<void> {
    this.#first ??= new Promise((resolve) => {
      this.#loop = this.#keepListening(resolve);
    });
    return this.#first;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    if (this.#client) endQuietly(this.#client);
    await this.#loop;
  }

  async #keepListening(onFirstUp: () => void): Promise<void> {
    let failures = 0;
    let wasUp = false;
    const onUp = () => {
      failures = 0;
      onFirstUp();
      if (wasUp) for (const channel of this.#handlers.keys()) this.#tell(channel, '');
      wasUp = true;
    };
    while (!this.#closed) {
      await this.#listenOnce(onUp).catch((error: unknown) => this.#log.debug({ error }, 'listener.not_connected'));
      if (this.#closed) break;
      await this.#pause(Math.min(this.#firstRetryMs * 2 ** failures, longestRetryMs));
      failures += 1;
    }
    onFirstUp();
  }

  /** Lives as long as one connection does; resolves when it is lost, rejects when there was none. */
  async #listenOnce(onUp: () => void): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#connectionString,
      application_name: 'vestnik listener',
      connectionTimeoutMillis: this.#questionTimeoutMs,
      query_timeout: this.#questionTimeoutMs,
    });
    const lost = new Promise<void>((resolve) => client.once('end', resolve));
    client.on('error', (error) => this.#log.debug({ error }, 'listener.connection_error'));
    client.on('notification', ({ channel, payload }) => this.#tell(channel, payload ?? ''));
    this.#asking = client.connect();
    try {
      await this.#asking;
      if (this.#closed) return;
      this.#client = client;
      for (const channel of [...this.#handlers.keys()]) this.#ask(client, listenSql(channel));
      await this.#asking;
      onUp();
      await this.#untilLost(client, lost);
    } finally {
      this.#client = undefined;
      endQuietly(client);
    }
  }

  /** A connection can die without a word; then only an unanswered question tells. */
  async #untilLost(client: pg.Client, lost: Promise<void>): Promise<void> {
    const pinging = setInterval(() => this.#ask(client, 'SELECT 1'), this.#pingMs);
    pinging.unref();
    await lost;
    clearInterval(pinging);
  }

  /** A question that fails ends the connection: the next one listens to everything anew. */
  #ask(client: pg.Client, sql: string): void {
    this.#asking = this.#asking.then(() => client.query(sql));
    this.#asking.catch((error: unknown) => {
      this.#log.debug({ error }, 'listener.question_failed');
      endQuietly(client);
    });
  }

  async #pause(waitMs: number): Promise<void> {
    this.#log.warn({ waitMs }, 'listener.reconnecting');
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, waitMs);
    });
    clearTimeout(timer);
  }

  #tell(channel: string, payload: string): void {
    for (const handler of this.#handlers.get(channel) ?? []) {
      try {
        handler(payload);
      } catch (error) {
        this.#log.error({ error, channel }, 'listener.handler_failed');
      }
    }
  }
}

function listenSql(channel: string): string {
  return `LISTEN ${pg.escapeIdentifier(channel)}`;
}

/** Ends a connection that may be dead already; what it says then is of no use to anybody. */
function endQuietly(client: pg.Client): void {
  client.end().catch(() => undefined);
}
