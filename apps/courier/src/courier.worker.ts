import { createNetwork, createTargetGuard, type Network } from '#backends/kit';
import { RUNTIME, type Runtime } from '#platform/runtime';
import { createMailbox, SEALER, type Sealer } from '#platform/store';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { BackendState } from './backend-state.ts';
import { createConsumers, type Consumers } from './consumers.ts';
import { createDelivering, type Delivering } from './delivering.ts';
import { keepHealth, type HealthKeeper } from './health-keeper.ts';
import { startKnocking } from './knocking.ts';
import { keepLeases, type Leases } from './leases.ts';
import { createPresenceAsker } from './presence-asker.ts';
import { watchPresence } from './presence-watch.ts';
import { probeBackend } from './probing.ts';

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
  readonly #runtime: Runtime;
  readonly #network: Network;
  readonly #leases: Leases;
  readonly #health: HealthKeeper;
  readonly #delivering: Delivering;
  readonly #consumers: Consumers;
  readonly #watches: { close(): Promise<void> }[] = [];
  readonly #stopTimeoutMs: number;

  constructor(
    @Inject(RUNTIME) runtime: Runtime,
    @Inject(SEALER) sealer: Sealer,
    @Inject(COURIER_CONFIG) config: CourierConfig,
  ) {
    const { database, queues, log, book, circuits } = runtime;
    this.#runtime = runtime;
    this.#stopTimeoutMs = config.STOP_TIMEOUT_S * 1000;
    this.#network = createNetwork(createTargetGuard(config.TARGET_NETWORKS));
    this.#leases = keepLeases(database, log);
    const mailbox = createMailbox(database);
    const presence = createPresenceAsker({ network: this.#network, mailbox, log });
    this.#health = keepHealth({
      circuits,
      queues,
      log,
      backends: () => this.#slugs(),
      probe: (backend) => probeBackend(database, backend, (ids) => this.#consumers.deliver(backend, ids, true)),
    });
    this.#delivering = createDelivering({
      database,
      queues,
      log,
      leases: this.#leases,
      health: this.#health,
      presence,
      network: this.#network,
      mailbox,
      exists: (backend) => book.current().backends.has(backend),
      reader: (recipient) => book.current().recipients.get(recipient),
      bookAtLeast: (version) => book.atLeast(version),
    });
    this.#consumers = createConsumers({ delivering: this.#delivering, queues, sealer, log });
    this.#watches.push(
      this.#health,
      watchPresence({ database, queues, log, presence, backends: () => this.#healthy() }),
      startKnocking({
        database,
        queues,
        log,
        backends: () => this.#doors(),
        deliver: (backend, ids) => this.#consumers.deliver(backend, ids),
      }),
    );
  }

  onApplicationBootstrap(): void {
    this.#runtime.book.onChange((book) => this.#consumers.follow(book.backends));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#delivering.drain();
    const timer = setTimeout(() => this.#delivering.abort(), this.#stopTimeoutMs);
    await this.#consumers.close();
    await Promise.all(this.#watches.map((watch) => watch.close()));
    clearTimeout(timer);
    await this.#delivering.close();
    this.#leases.close();
    await this.#network.close();
  }

  #slugs(): string[] {
    return this.#consumers.running().map(({ slug }) => slug);
  }

  #healthy(): BackendState[] {
    return this.#consumers.running().filter(({ slug }) => this.#health.isOpen(slug));
  }

  #doors(): { slug: string; perSecond: number | undefined; isOpen: boolean }[] {
    return this.#consumers.running().map(({ slug, rate }) => {
      return { slug, perSecond: rate && (rate.max * 1000) / rate.perMs, isOpen: this.#health.isOpen(slug) };
    });
  }
}
