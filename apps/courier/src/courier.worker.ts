import { createNetwork, createTargetGuard, type Network } from '#backends/kit';
import { RUNTIME, type Runtime } from '#platform/runtime';
import { createMailbox, SEALER, type BookWatcher, type Sealer } from '#platform/store';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { createConsumers, type Consumers } from './consumers.ts';
import { createDelivering, type Delivering } from './delivering.ts';

/** Injection token of the courier's part of the configuration. */
export const COURIER_CONFIG = Symbol('COURIER_CONFIG');

/** The courier's part of the configuration. */
export interface CourierConfig {
  TARGET_NETWORKS: readonly string[];
  /** Seconds. */
  STOP_TIMEOUT_S: number;
}

/** Runs the consumers for as long as the process runs; stopping drains what is under way, within the stop time. */
@Injectable()
export class CourierWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #network: Network;
  readonly #delivering: Delivering;
  readonly #consumers: Consumers;
  readonly #book: BookWatcher;
  readonly #stopTimeoutMs: number;

  constructor(
    @Inject(RUNTIME) runtime: Runtime,
    @Inject(SEALER) sealer: Sealer,
    @Inject(COURIER_CONFIG) config: CourierConfig,
  ) {
    const { database, queues, log, book } = runtime;
    this.#book = book;
    this.#stopTimeoutMs = config.STOP_TIMEOUT_S * 1000;
    this.#network = createNetwork(createTargetGuard(config.TARGET_NETWORKS));
    const exists = (backend: string): boolean => book.current().backends.has(backend);
    this.#delivering = createDelivering({
      database,
      queues,
      log,
      exists,
      bookAtLeast: (version) => book.atLeast(version),
      network: this.#network,
      mailbox: createMailbox(database),
    });
    this.#consumers = createConsumers({ delivering: this.#delivering, queues, sealer, log });
  }

  onApplicationBootstrap(): void {
    this.#book.onChange((book) => this.#consumers.follow(book.backends));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#delivering.drain();
    const timer = setTimeout(() => this.#delivering.abort(), this.#stopTimeoutMs);
    await this.#consumers.close();
    clearTimeout(timer);
    await this.#delivering.close();
    await this.#network.close();
  }
}
