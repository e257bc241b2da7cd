import {
  fromPublicId,
  HouseError,
  inboxMessage,
  inboxPage,
  pageQuery,
  readMark,
  unreadAnswer,
  type InboxMessage,
  type Page,
} from '#contract';
import { Describe, RequireScope, Section } from '#platform/http';
import { createReading, DATABASE, type Database, type InboxReading } from '#platform/store';
import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Sse,
  type MessageEvent,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { filterText } from '../events/event-query.ts';
import { InboxFeed } from './inbox-feed.ts';

const ownerName = filterText.meta({
  description: 'Whose inbox: the address of the recipient on the backend `inbox`, usually its slug.',
  example: 'anna',
});

const inboxQuery = pageQuery.extend({
  unread: z.enum(['true', 'false']).optional().meta({ description: '`true`: only messages that are unread.' }),
});

const example = {
  id: 'dlv_0199d2a0-6c40-7000-8000-000000000002',
  eventId: 'evt_0199d2a0-6c3f-7000-8000-000000000001',
  eventType: 'warehouse.stock.low',
  title: 'Low stock: 4711',
  text: 'Only 3 left in MSK-1.',
  at: '2026-11-20T08:00:00.020Z',
};

/** `/v1/inbox`. */
@Section('Inbox')
@Controller('v1/inbox/:owner')
export class InboxController {
  readonly #inbox: InboxReading;
  readonly #feed: InboxFeed;

  constructor(@Inject(DATABASE) database: Database, feed: InboxFeed) {
    this.#inbox = createReading(database).inbox;
    this.#feed = feed;
  }

  @Get()
  @RequireScope('read')
  @Describe({
    summary: 'Lists the messages of an inbox, newest first',
    description:
      'In the order of arrival: `at` is when a message arrived, however long its delivery took. An inbox is made by its first message; one that was never written to is empty.',
    ok: {
      status: 200,
      description: 'One page, and how many messages are unread.',
      schema: inboxPage,
      example: { unread: 1, items: [example] },
    },
  })
  async list(
    @Param('owner', { schema: ownerName }) owner: string,
    @Query({ schema: inboxQuery }) { unread, ...page }: z.infer<typeof inboxQuery>,
  ): Promise<Page<InboxMessage> & { unread: number }> {
    const messages = await this.#inbox.list(owner, { ...page, unread: unread === 'true' });
    return { unread: await this.#inbox.unreadCount(owner), ...messages };
  }

  @Sse('stream')
  @RequireScope('read')
  @Describe({
    summary: 'Sends the messages of an inbox as they come',
    description:
      'Server-sent events: `event: message`, the id of the message as `id`, the message as JSON in `data`, and a comment every 15 seconds. ' +
      'With `Last-Event-ID` it starts with what came after that message. A message may come twice, never not at all.',
    headers: { 'Last-Event-ID': 'Id of the last message that the reader has.' },
    ok: {
      status: 200,
      description: 'A stream that ends when the reader leaves.',
      schema: z.string(),
      contentType: 'text/event-stream',
      example: `event: message\nid: ${example.id}\ndata: ${JSON.stringify(inboxMessage.parse(example))}\n\n`,
    },
  })
  stream(
    @Param('owner', { schema: ownerName }) owner: string,
    @Headers('last-event-id') lastEventId: string | undefined,
  ): Promise<Observable<MessageEvent>> {
    return this.#feed.open(owner, lastEventId ? messageId(lastEventId, 'Last-Event-ID') : undefined);
  }

  @Post('read')
  @HttpCode(200)
  @RequireScope('edit')
  @Describe({
    summary: 'Marks messages as read',
    description: 'Those in `ids`, or all that arrived up to and including `upTo`; with neither (`{}`), all.',
    ok: { status: 200, description: 'How many are unread still.', schema: unreadAnswer, example: { unread: 0 } },
  })
  async read(
    @Param('owner', { schema: ownerName }) owner: string,
    @Body({ schema: readMark }) mark: z.infer<typeof readMark>,
  ): Promise<z.infer<typeof unreadAnswer>> {
    await this.#inbox.markRead(owner, {
      ids: mark.ids?.map((id, index) => messageId(id, `/ids/${index}`)),
      upTo: mark.upTo === undefined ? undefined : messageId(mark.upTo, '/upTo'),
    });
    return { unread: await this.#inbox.unreadCount(owner) };
  }
}

function messageId(text: string, pointer: string): string {
  const bare = fromPublicId('delivery', text);
  if (!bare) throw new HouseError('REQUEST_INVALID', { faults: [{ pointer, detail: 'must be the id of a message' }] });
  return bare;
}
