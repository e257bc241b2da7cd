import {
  acceptedBatch,
  acceptedEvent,
  cloudEvent,
  plainEvent,
  toPublicId,
  type AcceptedBatch,
  type AcceptedEvent,
} from '#contract';
import { Actor, Describe, RequireScope, Section, type ActorView } from '#platform/http';
import type { Accepted } from '#platform/store';
import { Body, Controller, Headers, HttpCode, Post } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { IngestService } from './ingest.service.ts';
import { readEvents } from './read-events.ts';

const plainExample = plainEvent.meta()?.['example'];
const cloudExample = cloudEvent.meta()?.['example'];
const acceptedExample = acceptedEvent.meta()?.['example'];

/** The HTTP door. */
@Controller('v1/events')
@Section('Events')
export class EventsDoorController {
  readonly #ingest: IngestService;

  constructor(ingest: IngestService) {
    this.#ingest = ingest;
  }

  /** Accepts one event or an array of them; answers after the commit. */
  @Post()
  @HttpCode(202)
  @RequireScope('ingest')
  @Describe({
    summary: 'Takes one event, or an array of them',
    description:
      'Takes plain JSON, an array of it, and CloudEvents 1.0: structured (`application/cloudevents+json`), batch ' +
      '(`application/cloudevents-batch+json`) and binary (`ce-` headers, the body is the data). The answer comes after the event is on disk. ' +
      'The same idempotency key from the same source again stores nothing and answers the first id. One bad item refuses the whole array.',
    headers: { 'Idempotency-Key': 'Idempotency key of a single event.' },
    bodies: {
      'application/json': {
        schema: z.union([plainEvent, z.array(plainEvent)]),
        examples: {
          'one event': plainExample,
          'several events': [plainExample, { type: 'order.blocked', data: { order: '4711' } }],
        },
      },
      'application/cloudevents+json': { schema: cloudEvent, examples: { 'structured CloudEvent': cloudExample } },
      'application/cloudevents-batch+json': {
        schema: z.array(cloudEvent),
        examples: { 'batch of CloudEvents': [cloudExample] },
      },
    },
    ok: {
      status: 202,
      description: 'Stored. An array is answered with `accepted`, `duplicates` and `events`.',
      schema: z.union([acceptedEvent, acceptedBatch]),
      example: acceptedExample,
    },
    errors: [
      'EVENT_TOO_LARGE',
      'TOO_MANY_EVENTS',
      'EVENT_TOO_DEEP',
      'SPEC_VERSION_UNSUPPORTED',
      'IDEMPOTENCY_KEY_CONFLICT',
    ],
  })
  async send(
    @Headers() headers: IncomingHttpHeaders,
    @Body() body: unknown,
    @Actor() actor: ActorView,
  ): Promise<AcceptedEvent | AcceptedBatch> {
    const { many, events } = readEvents({ headers, body, defaultSource: actor.name, nowMs: Date.now() });
    const answers = (await this.#ingest.accept(events)).map(toAnswer);
    if (!many) return answers[0]!;
    const duplicates = answers.filter((answer) => answer.duplicate).length;
    return { accepted: answers.length - duplicates, duplicates, events: answers };
  }
}

function toAnswer({ id, status, duplicate }: Accepted): AcceptedEvent {
  return { id: toPublicId('event', id), status, duplicate };
}
