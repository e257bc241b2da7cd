import {
  eventStory,
  eventView,
  fromPublicId,
  HouseError,
  pageOf,
  replayAnswer,
  toPublicId,
  type EventStory,
  type EventView,
  type Page,
} from '#contract';
import { Actor, Describe, RequireScope, Section, type ActorView } from '#platform/http';
import { QUEUES, type Queues } from '#platform/queue';
import { createReading, DATABASE, type Database, type Reading } from '#platform/store';
import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import { deliveryExample, storyExample } from '../deliveries/examples.ts';
import { Explainer } from '../rule-book/explainer.ts';
import { eventQuery, idParam, type EventListQuery } from './event-query.ts';

const eventId = idParam('event', 'Id of the event, with or without its prefix.');

const example = {
  id: deliveryExample.eventId,
  source: 'erp',
  type: 'warehouse.stock.low',
  subject: 'sku/4711',
  time: '2026-11-20T07:59:58.000Z',
  acceptedAt: '2026-11-20T08:00:00.000Z',
  state: 'routed',
  data: { sku: '4711', qty: 3, warehouse: 'MSK-1' },
  rules: ['stock-low'],
  notes: [],
  routedAt: '2026-11-20T08:00:00.020Z',
  revision: 12,
};

const recipients = [{ rule: 'stock-low', recipient: 'anna', through: ['group:storekeepers'], outcome: 'told' }];

const failures = [{ path: 'data.qty', expected: [0], actual: 3 }];
const misses = [{ rule: 'stock-empty', matched: false, failures }];

/** `/v1/events`, to look at. The door is another controller. */
@Section('Events')
@Controller('v1/events')
export class EventsController {
  readonly #reading: Reading;
  readonly #queues: Queues;
  readonly #explainer: Explainer;

  constructor(@Inject(DATABASE) database: Database, @Inject(QUEUES) queues: Queues, explainer: Explainer) {
    this.#reading = createReading(database);
    this.#queues = queues;
    this.#explainer = explainer;
  }

  @Get()
  @RequireScope('read')
  @Describe({
    summary: 'Lists events, newest first',
    description: 'Filters combine. A span of time makes rare events quick to find.',
    ok: {
      status: 200,
      description: 'One page.',
      schema: pageOf(eventView, 'EventPage'),
      example: { items: [example] },
    },
  })
  list(@Query({ schema: eventQuery }) query: EventListQuery): Promise<Page<EventView>> {
    return this.#reading.listEvents(query);
  }

  @Get(':id')
  @RequireScope('read')
  @Describe({
    summary: 'Shows an event and everything that became of it',
    description:
      'The rules that matched, those that came close, whom they meant and what became of them, and each delivery with its text and attempts. ' +
      'Rules are those of the revision that it was routed by.',
    ok: {
      status: 200,
      description: 'The whole story.',
      schema: eventStory,
      example: { ...example, recipients, misses, deliveries: [storyExample], moreDeliveries: false },
    },
    errors: ['NOT_FOUND'],
  })
  async get(@Param('id', { schema: eventId }) id: string): Promise<EventStory> {
    const story = await this.#reading.getEvent(bareId(id));
    if (!story) throw notFound();
    if (story.revision === undefined) return story;
    const { data, correlationKey, extensions, subject, source, type, time } = story;
    const facts = { id, data, correlationKey, extensions, subject, source, type, time };
    const misses = await this.#explainer.missesAt(story.revision, facts);
    return { ...story, ...(misses ? { misses } : {}) };
  }

  @Post(':id/replay')
  @HttpCode(202)
  @RequireScope('edit')
  @Describe({
    summary: 'Routes an event again',
    description:
      'The present rules decide anew, and new deliveries are made beside the old ones: whoever was told already is told again. ' +
      'Refused with `STATE_CONFLICT` while the event has yet to be routed.',
    ok: {
      status: 202,
      description: 'It will be routed.',
      schema: replayAnswer,
      example: { id: example.id, status: 'accepted' },
    },
    errors: ['NOT_FOUND', 'STATE_CONFLICT'],
  })
  async replay(
    @Param('id', { schema: eventId }) id: string,
    @Actor() actor: ActorView,
  ): Promise<z.infer<typeof replayAnswer>> {
    const bare = bareId(id);
    await this.#reading.replay(bare, actor.name);
    await this.#queues.ringRoute([bare]);
    return { id: toPublicId('event', bare), status: 'accepted' };
  }
}

function bareId(id: string): string {
  const bare = fromPublicId('event', id);
  if (!bare) throw notFound();
  return bare;
}

function notFound(): HouseError {
  return new HouseError('NOT_FOUND', { detail: 'There is no event with this id, or it is older than what is kept.' });
}
