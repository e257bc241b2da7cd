import {
  deliveryStory,
  deliveryView,
  fromPublicId,
  HouseError,
  pageOf,
  redriveAnswer,
  redriveRequest,
  toPublicId,
  type DeliveryStory,
  type DeliveryView,
  type Page,
  type RedriveAnswer,
} from '#contract';
import { Actor, Describe, RequireScope, Section, type ActorView } from '#platform/http';
import { QUEUES, type Queues } from '#platform/queue';
import { createReading, DATABASE, type Database, type Reading } from '#platform/store';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import { idParam } from '../events/event-query.ts';
import { deliveryQuery, type DeliveryListQuery } from './delivery-query.ts';
import { deliveryExample, storyExample } from './examples.ts';
import { ringAll } from './ring-all.ts';

const deliveryId = idParam('delivery', 'Id of the delivery, with or without its prefix.');

/** `/v1/deliveries`. */
@Section('Deliveries')
@Controller('v1/deliveries')
export class DeliveriesController {
  readonly #reading: Reading;
  readonly #queues: Queues;

  constructor(@Inject(DATABASE) database: Database, @Inject(QUEUES) queues: Queues) {
    this.#reading = createReading(database);
    this.#queues = queues;
  }

  @Get()
  @RequireScope('read')
  @Describe({
    summary: 'Lists deliveries, newest first',
    description: 'Filters combine. A span of time makes rare deliveries quick to find.',
    ok: {
      status: 200,
      description: 'One page.',
      schema: pageOf(deliveryView, 'DeliveryPage'),
      example: { items: [deliveryExample] },
    },
  })
  list(@Query({ schema: deliveryQuery }) { eventId, ...query }: DeliveryListQuery): Promise<Page<DeliveryView>> {
    return this.#reading.listDeliveries({ ...query, eventId: eventId && fromPublicId('event', eventId) });
  }

  @Get(':id')
  @RequireScope('read')
  @Describe({
    summary: 'Shows a delivery and its attempts',
    description: 'Attempts are listed oldest first; of very many, the last 100.',
    ok: { status: 200, description: 'The delivery.', schema: deliveryStory, example: storyExample },
    errors: ['NOT_FOUND'],
  })
  async get(@Param('id', { schema: deliveryId }) id: string): Promise<DeliveryStory> {
    const bare = fromPublicId('delivery', id);
    const story = bare && (await this.#reading.getDelivery(bare));
    if (!story)
      throw new HouseError('NOT_FOUND', {
        detail: 'There is no delivery with this id, or it is older than what is kept.',
      });
    return story;
  }

  @Post('redrive')
  @HttpCode(200)
  @RequireScope('edit')
  @Describe({
    summary: 'Puts dead letters back',
    description:
      'By id or by filter. They are due at once and may again be tried for as long as a new delivery; attempts are counted on. ' +
      'A filter takes what is dead when the call comes in, and leaves out what a fallback took over.',
    ok: {
      status: 200,
      description: 'How many, and which ids were left alone.',
      schema: redriveAnswer,
      example: { redriven: 1, notFound: [], notDead: [] },
    },
  })
  async redrive(
    @Body({ schema: redriveRequest }) request: z.infer<typeof redriveRequest>,
    @Actor() actor: ActorView,
  ): Promise<RedriveAnswer> {
    const { ids, unreadable } = readIds(request.ids ?? []);
    const wish = request.filter ? { filter: request.filter } : { ids };
    const { redriven, notFound, notDead } = await this.#reading.redrive(wish, actor.name);
    await ringAll(this.#queues, redriven);
    return {
      redriven: redriven.length,
      notFound: [...unreadable, ...notFound.map((id) => toPublicId('delivery', id))],
      notDead: notDead.map((id) => toPublicId('delivery', id)),
    };
  }
}

/** Tells ids from texts that cannot be one, under which there is nothing for sure. */
function readIds(texts: readonly string[]): { ids: string[]; unreadable: string[] } {
  const ids: string[] = [];
  const unreadable: string[] = [];
  for (const text of new Set(texts)) {
    const bare = fromPublicId('delivery', text);
    if (bare) ids.push(bare);
    else unreadable.push(text);
  }
  return { ids, unreadable };
}
