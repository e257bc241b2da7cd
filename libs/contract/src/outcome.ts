import { z } from 'zod';

/** The kinds of result that an attempt may have. What follows from each is decided in `domain/delivery`. */
export const outcomeKind = z
  .enum(['delivered', 'retryable', 'permanent', 'recipientOffline', 'backendDown', 'authBroken'])
  .meta({ id: 'OutcomeKind' });

/** The kinds of result that an attempt may have. */
export type OutcomeKind = z.infer<typeof outcomeKind>;

/** The result of one attempt. */
export const outcome = z
  .strictObject({
    kind: outcomeKind,
    reason: z
      .string()
      .meta({ description: 'Short stable word for metrics and filters, e.g. `http_503`, `refused`, `timeout`.' }),
    detail: z
      .string()
      .optional()
      .meta({ description: "The backend's own words, cut to 1,000 characters, secrets masked." }),
    statusCode: z.int().optional().meta({ description: "HTTP status or the backend's own error number." }),
    retryAfterMs: z
      .number()
      .nonnegative()
      .optional()
      .meta({ description: 'A wait that the backend asked for, in milliseconds.' }),
    backendMessageId: z
      .string()
      .optional()
      .meta({ description: 'What the backend calls the message, for later edits.' }),
    recipientOnline: z.boolean().optional(),
  })
  .meta({ id: 'Outcome' });

/** The result of one attempt. */
export type Outcome = z.infer<typeof outcome>;
