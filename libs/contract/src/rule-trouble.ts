import { z } from 'zod';

/** What went wrong with the `when` of a rule. */
export const ruleTrouble = z
  .strictObject({
    count: z
      .int()
      .meta({ description: 'Events on which `when` could not be evaluated since the rule was last changed.' }),
    firstAt: z.string(),
    lastAt: z.string(),
    eventId: z.string().meta({ description: 'The last such event.' }),
    reason: z.string().meta({ description: 'What went wrong with it.' }),
  })
  .meta({
    id: 'RuleTrouble',
    example: {
      count: 3,
      firstAt: '2026-11-20T08:00:00.000Z',
      lastAt: '2026-11-20T09:30:00.000Z',
      eventId: 'evt_0199d2a0-6c3f-7000-8000-000000000001',
      reason: 'when could not be evaluated: No such key: minQty.',
    },
  });

/** What went wrong with the `when` of a rule. */
export type RuleTrouble = z.infer<typeof ruleTrouble>;
