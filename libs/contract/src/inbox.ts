import { z } from 'zod';

/** One message in the built-in inbox of a recipient. */
export const inboxMessage = z
  .strictObject({
    id: z.string().meta({ description: 'Id of the delivery.' }),
    eventId: z.string(),
    eventType: z.string(),
    title: z.string().optional(),
    text: z.string(),
    at: z.string(),
    readAt: z.string().optional(),
  })
  .meta({ id: 'InboxMessage' });

/** One message in the built-in inbox of a recipient. */
export type InboxMessage = z.infer<typeof inboxMessage>;
