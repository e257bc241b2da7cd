/** The AMQP door: what the broker delivers goes through the same acceptor as what comes by HTTP. */
import { HouseError } from '#contract';
import { startConsumer, type AmqpMessage, type Consumer, type ConsumerOptions, type Verdict } from '#platform/amqp';
import type { Secret } from '#platform/config';
import { LOG, type Logger } from '#platform/log';
import {
  Inject,
  Injectable,
  Optional,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { IngestService } from '../ingest.service.ts';
import { Gate, type GateTiming } from './gate.ts';
import { readMessage } from './read-message.ts';

/** Injection token of what the doors read of the environment. Absent, only HTTP is open, and the log does not speak of it. */
export const INGEST_CONFIG = Symbol('INGEST_CONFIG');

/** What the AMQP door reads of the environment. */
export interface AmqpConfig {
  AMQP_URL: Secret | undefined;
  AMQP_PREFIX: string;
  AMQP_DECLARE: boolean;
  AMQP_PREFETCH: number;
}

const usualGaps: GateTiming = { firstGap: 250, longestGap: 5_000 };

/** Consumes while the process runs. */
@Injectable()
export class AmqpDoor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #config: AmqpConfig | undefined;
  readonly #log: Logger;
  readonly #gate: Gate;
  #consumer: Consumer | undefined;

  constructor(
    ingest: IngestService,
    @Inject(LOG) log: Logger,
    @Optional() @Inject(INGEST_CONFIG) config: AmqpConfig | undefined,
  ) {
    this.#config = config;
    this.#log = log;
    this.#gate = new Gate((events) => ingest.accept(events), usualGaps, {
      onClosed: (error) => log.warn({ error }, 'amqp.paused'),
      onOpened: () => log.info({}, 'amqp.resumed'),
      onWelcome: (welcome) => (welcome ? this.#consumer?.resume() : this.#consumer?.pause()),
    });
  }

  onApplicationBootstrap(): void {
    if (!this.#config) return;
    const { AMQP_URL: url, AMQP_PREFIX: prefix, AMQP_DECLARE: declare, AMQP_PREFETCH: prefetch } = this.#config;
    if (!url) {
      this.#log.info({ reason: 'AMQP_URL is not set' }, 'amqp.closed');
      return;
    }
    this.open({ url: url.reveal(), prefix, declare, prefetch });
  }

  /** Starts to consume. */
  open(options: Pick<ConsumerOptions, 'url' | 'prefix' | 'declare' | 'prefetch' | 'timing'>): void {
    this.#consumer = startConsumer({
      ...options,
      log: this.#log,
      handle: (message, hand) => this.#take(message, hand),
    });
  }

  /** Runs while the acceptor still works. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#consumer?.close();
  }

  async #take(message: AmqpMessage, hand: AbortSignal): Promise<Verdict> {
    try {
      await this.#gate.store(readMessage(message, Date.now()), hand);
      return 'taken';
    } catch (error) {
      hand.throwIfAborted();
      return this.#rejection(error);
    }
  }

  #rejection(error: unknown): Verdict {
    if (error instanceof HouseError) {
      const { code, faults } = error;
      const lines = faults.map(({ pointer, detail }) => `${pointer || '/'}: ${detail}`);
      this.#log.debug({ code }, 'amqp.message_rejected');
      return { reason: code, detail: [error.message, ...lines].join('\n') };
    }
    this.#log.error({ error }, 'amqp.message_failed');
    return { reason: 'INTERNAL', detail: error instanceof Error ? error.message : String(error) };
  }
}
