/** Keeps a consumer going for ever: whatever ends a session, another one follows. */
import type { Logger } from '#platform/log';
import { amqpConsuming, amqpDelivered, amqpQueueLength, amqpVerdict } from '#platform/metrics';
import { setTimeout as pause } from 'node:timers/promises';
import { refusalRemedy, wordsOf } from './connect.ts';
import type { Handler } from './message.ts';
import { Session } from './session.ts';
import { namesFor, TopologyFault } from './topology.ts';
import { Window } from './window.ts';

/** How a consumer works. */
export interface ConsumerOptions {
  /** `amqp:` or `amqps:`, with credentials and virtual host. */
  url: string;
  /** Prefix of exchanges and queues. */
  prefix: string;
  /** Whether to declare what is missing, or only to look. */
  declare: boolean;
  /** Most messages in hand. */
  prefetch: number;
  log: Logger;
  handle: Handler;
  /** Waits, in milliseconds; absent, those of a real installation. */
  timing?: Partial<Timing>;
}

/** Waits, in milliseconds. */
export interface Timing {
  /** Before the first new try; each further one waits twice as long. */
  firstGap: number;
  longestGap: number;
  /** A connection that lasted this long was sound: the next gap is the first again. */
  sound: number;
  /** Between looks at the length of the queue. */
  watch: number;
  /** For what is in hand when the consumer is closed. */
  drain: number;
}

const usual: Timing = { firstGap: 500, longestGap: 10_000, sound: 10_000, watch: 10_000, drain: 10_000 };

/** A consumer that runs until it is closed. */
export interface Consumer {
  /** Takes no more messages; what is in hand stays there. */
  pause(): void;
  resume(): void;
  /** Lets what is in hand finish, and closes everything. */
  close(): Promise<void>;
}

/** Starts to consume. Never throws for anything that the broker does: it says so in the log and tries again. */
export function startConsumer(options: ConsumerOptions): Consumer {
  return new LastingConsumer(options);
}

class LastingConsumer implements Consumer {
  readonly #options: ConsumerOptions;
  readonly #timing: Timing;
  readonly #window: Window;
  readonly #stopping = new AbortController();
  readonly #run: Promise<void>;
  #session: Session | undefined;
  #wanted = true;
  /** The state that the log knows of. */
  #said = '';

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#timing = { ...usual, ...options.timing };
    this.#window = new Window(options.prefetch);
    amqpConsuming(false);
    this.#run = this.#live();
  }

  pause(): void {
    this.#want(false);
  }

  resume(): void {
    this.#want(true);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#session?.close(this.#timing.drain);
    await this.#run;
  }

  #want(wanted: boolean): void {
    if (this.#wanted === wanted) return;
    this.#wanted = wanted;
    void this.#session?.take(wanted).then(() => amqpConsuming(this.#session?.consuming ?? false));
  }

  async #live(): Promise<void> {
    const { firstGap, longestGap, sound } = this.#timing;
    for (let gap = firstGap; !this.#stopping.signal.aborted;) {
      const lastedMs = await this.#once();
      gap = lastedMs >= sound ? firstGap : gap;
      // Not all processes of an installation at the same moment.
      await rest(gap * (0.75 + Math.random() / 2), this.#stopping.signal);
      gap = Math.min(gap * 2, longestGap);
    }
  }

  /** One session from beginning to end; answers how long it stood, in milliseconds. */
  async #once(): Promise<number> {
    const session = this.#newSession();
    this.#session = session;
    let openedAt = Infinity;
    try {
      await session.open(this.#wanted);
      openedAt = Date.now();
      // A pause or a resume that came while it was opened.
      await session.take(this.#wanted);
      await this.#watchOver(session);
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#sayBroken(error);
    } finally {
      await session.close(0);
      this.#session = undefined;
      amqpConsuming(false);
    }
    return Date.now() - openedAt;
  }

  #newSession(): Session {
    const { url, prefix, declare, handle, log } = this.#options;
    return new Session({
      url,
      names: namesFor(prefix),
      declare,
      window: this.#window,
      handle: (message, hand) => {
        amqpDelivered();
        return handle(message, hand);
      },
      onVerdict: amqpVerdict,
      onBlocked: (reason) =>
        reason === undefined ? log.info({}, 'amqp.unblocked') : log.warn({ reason }, 'amqp.blocked'),
      onBug: (error) => log.error({ error }, 'amqp.handler_failed'),
    });
  }

  /** Looks after a session until it ends. Rejects with what ended it, unless that was us. */
  async #watchOver(session: Session): Promise<void> {
    if (session.consuming || !this.#wanted) this.#sayConnected();
    await this.#look(session);
    const timer = setInterval(() => void this.#look(session), this.#timing.watch);
    try {
      const reason = await session.ended;
      if (reason) throw reason;
    } finally {
      clearInterval(timer);
    }
  }

  async #look(session: Session): Promise<void> {
    this.#window.forget();
    try {
      amqpQueueLength(await session.waiting());
      amqpConsuming(session.consuming);
    } catch (error) {
      session.fail(error as Error);
    }
  }

  #sayConnected(): void {
    const { host } = new URL(this.#options.url);
    this.#say('connected', () => this.#options.log.info({ host, prefix: this.#options.prefix }, 'amqp.connected'));
  }

  #sayBroken(error: unknown): void {
    const { url, log } = this.#options;
    const words = wordsOf(error, url);
    const remedy = error instanceof TopologyFault ? error.remedy : refusalRemedy(error);
    if (error instanceof TopologyFault) {
      this.#say(`unfit ${words}`, () => log.error({ error: words, remedy }, 'amqp.topology_unfit'));
    } else if (remedy) {
      this.#say(`refused ${words}`, () => log.error({ error: words, remedy }, 'amqp.refused'));
    } else {
      this.#say('disconnected', () => log.warn({ error: words }, 'amqp.disconnected'));
    }
  }

  /** One line per change of state, not per try. */
  #say(state: string, line: () => void): void {
    if (this.#said === state) return;
    this.#said = state;
    line();
  }
}

/** Waits, or less when it is stopped. */
async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
