import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { AmqpDoor } from './amqp/amqp-door.ts';
import { EventsDoorController } from './events.controller.ts';
import { IngestService } from './ingest.service.ts';

/** ACCEPT: the doors in. */
@Module({ controllers: [EventsDoorController], providers: [IngestService, AmqpDoor] })
export class IngestModule implements OnModuleInit {
  readonly #host: HttpAdapterHost;

  constructor(host: HttpAdapterHost) {
    this.#host = host;
  }

  /** CloudEvents in binary mode may carry text as data; nothing else takes a text body. */
  onModuleInit(): void {
    const fastify = this.#host.httpAdapter.getInstance<FastifyInstance>();
    if (!fastify.hasContentTypeParser(/^text\//)) {
      fastify.addContentTypeParser(/^text\//, { parseAs: 'string' }, (_request, body, done) => done(null, body));
    }
  }
}
