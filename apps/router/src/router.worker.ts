import { compileBook, updateBook, type BookFault, type CompiledBook } from '#domain/routing';
import type { Consumer } from '#platform/queue';
import { RUNTIME, type Rounds, type Runtime } from '#platform/runtime';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { startHousekeeping } from './housekeeping.ts';
import { routeEvents } from './routing.ts';
import { keepTroubles, type TroubleBook } from './rule-trouble.ts';
import { startSweep } from './sweep.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

/** Injection token of the router's part of the configuration. */
export const ROUTER_CONFIG = Symbol('ROUTER_CONFIG');

/** The router's part of the configuration. */
export interface RouterConfig {
  RETENTION_DAYS: number;
}

/** Batches routed at once. Routing is CPU between two round trips, so a few are enough to keep PostgreSQL busy. */
const batchesAtOnce = 4;

/** Runs routing, the sweep and housekeeping for as long as the process runs. */
@Injectable()
export class RouterWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #runtime: Runtime;
  readonly #config: RouterConfig;
  #consumer: Consumer | undefined;
  #sweep: Rounds | undefined;
  #watchdog: Watchdog | undefined;
  #troubles: TroubleBook | undefined;
  #housekeeping: { close(): void } | undefined;

  constructor(@Inject(RUNTIME) runtime: Runtime, @Inject(ROUTER_CONFIG) config: RouterConfig) {
    this.#runtime = runtime;
    this.#config = config;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { database, queues, log, book, circuits, readiness } = this.#runtime;
    let compiled: CompiledBook | undefined;
    book.onChange((fresh, changes) => {
      compiled = compiled && changes ? updateBook(compiled, fresh, changes) : compileBook(fresh);
      const isNews = ({ kind, slug }: BookFault) =>
        !changes || changes.some((change) => change.noun === kind && change.slug === slug);
      for (const fault of compiled.faults.filter(isNews)) log.error({ fault }, 'book.part_unusable');
    });
    this.#housekeeping = await startHousekeeping(database, log, this.#config.RETENTION_DAYS);
    const bookAtLeast = async (version: bigint): Promise<CompiledBook> => {
      await book.atLeast(version);
      return compiled!;
    };
    this.#troubles = keepTroubles(database, log);
    const parts = { database, queues, log, circuits, troubles: this.#troubles, book: bookAtLeast };
    const route = (ids: readonly string[]) => routeEvents(parts, ids);
    const backends = () => book.current().backends;
    this.#consumer = await queues.consumeRoute(route, { concurrency: batchesAtOnce });
    this.#sweep = startSweep({ database, queues, circuits, log, backends, route });
    const watchdog = startWatchdog({ database, circuits, log, backends });
    this.#watchdog = watchdog;
    readiness.push({ name: 'flow', check: () => watchdog.check() });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#housekeeping?.close();
    this.#watchdog?.close();
    await this.#sweep?.close();
    await this.#consumer?.close();
    await this.#troubles?.close();
  }
}
