import { DATABASE, type Accepted, type Database, type NewEvent } from '#platform/store';
import { QUEUES, type Queues } from '#platform/queue';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { createAcceptor, type Acceptor } from './acceptor.ts';

/** The one acceptor of the process, shared by all doors. */
@Injectable()
export class IngestService implements OnApplicationShutdown {
  readonly #acceptor: Acceptor;

  constructor(@Inject(DATABASE) database: Database, @Inject(QUEUES) queues: Queues) {
    this.#acceptor = createAcceptor(database, queues);
  }

  /** Stores events; resolves after the commit. */
  accept(events: NewEvent[]): Promise<Accepted[]> {
    return this.#acceptor.accept(events);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#acceptor.close();
  }
}
