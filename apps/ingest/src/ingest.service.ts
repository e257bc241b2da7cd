import { DATABASE, type Accepted, type Database, type NewEvent } from '#platform/store';
import { QUEUES, type Queues } from '#platform/queue';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { createAcceptor, type Acceptor } from './acceptor.ts';

/** The one acceptor of the process, shared by all doors. */
@Injectable()
export class IngestService implements OnModuleInit, OnApplicationShutdown {
  readonly #acceptor: Acceptor;
  readonly #host: HttpAdapterHost;

  constructor(@Inject(DATABASE) database: Database, @Inject(QUEUES) queues: Queues, host: HttpAdapterHost) {
    this.#acceptor = createAcceptor(database, queues);
    this.#host = host;
  }

  /** A flood is turned away before its bodies are read. */
  onModuleInit(): void {
    const fastify = this.#host.httpAdapter.getInstance<FastifyInstance>();
    fastify.doorkeepers.set('/v1/events', () => this.#acceptor.refusal());
  }

  /** Stores events; resolves after the commit. */
  accept(events: NewEvent[]): Promise<Accepted[]> {
    return this.#acceptor.accept(events);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#acceptor.close();
  }
}
