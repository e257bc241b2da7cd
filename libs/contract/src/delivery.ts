import { z } from 'zod';
import { outcome } from './outcome.ts';

/** States of a delivery; the transitions are a table in `domain/delivery`. */
export const deliveryState = z
  .enum(['pending', 'sending', 'delivered', 'retrying', 'waiting', 'dead', 'suppressed'])
  .meta({ id: 'DeliveryState' });

/** States of a delivery. */
export type DeliveryState = z.infer<typeof deliveryState>;

/** Whether an address names a person or a shared conversation. */
export const addressKind = z.enum(['person', 'room']);

/** Whether an address names a person or a shared conversation. */
export type AddressKind = z.infer<typeof addressKind>;

/** What becomes of a delivery to a person who is offline: sent all the same, held until seen, or passed to the next address. */
export const whenOffline = z.enum(['send', 'hold', 'fallback']);

/** What becomes of a delivery to a person who is offline. */
export type WhenOffline = z.infer<typeof whenOffline>;

/** How urgent the messages of a rule are. */
export const priority = z.enum(['low', 'normal', 'high', 'critical']).meta({ id: 'Priority' });

/** How urgent the messages of a rule are. */
export type Priority = z.infer<typeof priority>;

/** Text to deliver, as Markdown, before it is turned into a backend's dialect. */
export const message = z.strictObject({ title: z.string().optional(), markdown: z.string() }).meta({ id: 'Message' });

/** Text to deliver, as Markdown. */
export type Message = z.infer<typeof message>;

/** When to try again and when to give up. */
export const retryPolicy = z
  .strictObject({
    scheduleSeconds: z
      .array(z.number().positive().max(86_400))
      .min(1)
      .max(50)
      .meta({ description: 'Waits between attempts, in seconds; the last one repeats.' }),
    maxAgeSeconds: z
      .number()
      .positive()
      .max(30 * 86_400)
      .meta({ description: 'Age of a delivery, in seconds, after which it is a dead letter.' }),
  })
  .partial()
  .meta({ id: 'RetryPolicy', example: { scheduleSeconds: [1, 5, 30], maxAgeSeconds: 3600 } });

/** When to try again and when to give up. */
export type RetryPolicy = z.infer<typeof retryPolicy>;

/** One try of a delivery. */
export const attemptView = z
  .strictObject({
    id: z.string(),
    number: z.int().meta({ description: 'Counted from 1.' }),
    startedAt: z.string(),
    durationMs: z.number(),
    outcome,
    waitMs: z.number().optional().meta({ description: 'Wait before the next attempt, in milliseconds.' }),
  })
  .meta({ id: 'Attempt' });

/** One try of a delivery. */
export type AttemptView = z.infer<typeof attemptView>;

/** A delivery as lists show it. */
export const deliveryView = z
  .strictObject({
    id: z.string(),
    eventId: z.string(),
    eventType: z.string(),
    rule: z.string(),
    recipient: z.string().optional(),
    backend: z.string(),
    to: z.string(),
    toKind: addressKind,
    state: deliveryState,
    attempts: z.int(),
    createdAt: z.string(),
    nextAttemptAt: z.string().optional(),
    finishedAt: z.string().optional(),
    message,
    lastOutcome: outcome.optional(),
    fallbackTo: z.string().optional().meta({ description: 'Delivery that took over after this one gave up.' }),
    correlationKey: z
      .string()
      .optional()
      .meta({ description: 'Deliveries to one address that share it go out in the order of their events.' }),
    heldSince: z.string().optional().meta({ description: 'Since when it had to wait for the person to come online.' }),
    validUntil: z
      .string()
      .optional()
      .meta({ description: 'Until when the news is worth delivering; then it is suppressed.' }),
    priority: priority.optional().meta({ description: 'Absent: `normal`.' }),
    notBefore: z
      .string()
      .optional()
      .meta({ description: 'While it waits for working hours or the end of quiet hours: when they are there.' }),
  })
  .meta({ id: 'Delivery' });

/** A delivery as lists show it. */
export type DeliveryView = z.infer<typeof deliveryView>;

/** A delivery with its attempts, oldest first. */
export const deliveryStory = deliveryView.extend({ attemptLog: z.array(attemptView) }).meta({ id: 'DeliveryStory' });

/** A delivery with its attempts. */
export type DeliveryStory = z.infer<typeof deliveryStory>;
