/** What became of things: the event with all that followed, the inbox with what is unread, and the ways to try again. */
import { z } from 'zod';
import { deliveryStory } from './delivery.ts';
import { eventView } from './event.ts';
import { ruleVerdict } from './explain.ts';
import { slug } from './ids.ts';
import { inboxMessage } from './inbox.ts';
import { pageOf } from './page.ts';
import { trailEntry } from './trail.ts';

/** Deliveries and attempts that a story tells at most; the lists have the rest. */
export const storyLimits = { deliveries: 500, attemptsOfEach: 100, misses: 20 } as const;

/** An event with its deliveries, oldest first, each with its attempts. */
export const eventStory = eventView
  .extend({
    deliveries: z.array(deliveryStory).meta({ description: 'Oldest first; of each the last 100 attempts.' }),
    recipients: z
      .array(trailEntry)
      .optional()
      .meta({ description: 'Whom the rules meant, by which way, and what became of them; at most 200.' }),
    misses: z.array(ruleVerdict).optional().meta({
      description:
        'The rules that came closest without matching, at most 20, by the book of that time; absent when that is no longer known.',
    }),
    moreDeliveries: z
      .boolean()
      .meta({ description: 'True when there are more than 500: `GET /v1/deliveries?eventId=…` lists all.' }),
  })
  .meta({ id: 'EventStory' });

/** An event with its deliveries and their attempts. */
export type EventStory = z.infer<typeof eventStory>;

/** The answer to a replay. */
export const replayAnswer = z
  .strictObject({ id: z.string(), status: z.literal('accepted') })
  .meta({ id: 'ReplayAnswer', example: { id: 'evt_0199d2a0-6c3f-7000-8000-000000000001', status: 'accepted' } });

const filterText = z
  .string()
  .min(1)
  .max(512)
  .refine((text) => !text.includes('\0'), 'must not hold the character U+0000');

/** Which dead letters to put back. Fields that are given must all fit. */
export const redriveFilter = z
  .strictObject({
    backend: slug.optional(),
    rule: slug.optional(),
    recipient: slug.optional(),
    eventType: filterText.optional(),
    reason: filterText.optional().meta({ description: 'Reason of the last outcome, e.g. `http_400`.' }),
    from: z.iso.datetime({ offset: true }).optional().meta({ description: 'Made at this time or later.' }),
    to: z.iso.datetime({ offset: true }).optional().meta({ description: 'Made before this time.' }),
  })
  .meta({ id: 'RedriveFilter' });

/** Which dead letters to put back. */
export type RedriveFilter = z.infer<typeof redriveFilter>;

/** A request to put dead letters back: by id, or by filter. */
export const redriveRequest = z
  .strictObject({
    ids: z.array(z.string().max(64)).min(1).max(10_000).optional().meta({ description: 'Ids of deliveries.' }),
    filter: redriveFilter.optional().meta({ description: 'An empty one means every dead letter.' }),
  })
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), 'must have either `ids` or `filter`')
  .meta({ id: 'RedriveRequest', example: { filter: { backend: 'mychat-hq', reason: 'http_400' } } });

/** What a redrive did. */
export const redriveAnswer = z
  .strictObject({
    redriven: z.int().meta({ description: 'Dead letters that are pending again.' }),
    notFound: z.array(z.string()).meta({ description: 'Given ids under which there is no delivery.' }),
    notDead: z
      .array(z.string())
      .meta({ description: 'Given ids of deliveries that are no dead letters; nothing was done to them.' }),
  })
  .meta({ id: 'RedriveAnswer', example: { redriven: 1, notFound: [], notDead: [] } });

/** What a redrive did. */
export type RedriveAnswer = z.infer<typeof redriveAnswer>;

const unread = z.int().meta({ description: 'Unread messages of the inbox; 1,000 means that many or more.' });

/** One page of an inbox, newest first. */
export const inboxPage = pageOf(inboxMessage, 'InboxMessages').extend({ unread }).meta({ id: 'InboxPage' });

/** What has been read: some messages, all up to one, or everything. */
export const readMark = z
  .strictObject({
    ids: z.array(z.string().max(64)).min(1).max(1000).optional(),
    upTo: z.string().max(64).optional().meta({ description: 'This message and all that are older.' }),
  })
  .refine((mark) => mark.ids === undefined || mark.upTo === undefined, 'must have either `ids` or `upTo`')
  .meta({ id: 'ReadMark', example: { upTo: 'dlv_0199d2a0-6c3f-7000-8000-000000000001' } });

/** The answer to a read mark. */
export const unreadAnswer = z.strictObject({ unread }).meta({ id: 'Unread', example: { unread: 0 } });
