import { z } from 'zod';
import { instant } from './event.ts';
import { slug } from './ids.ts';
import { limits } from './limits.ts';

/** What is followed, as the `subject` of events or any other name that rules give in `followers:<subject>`. */
export const followedSubject = z
  .string()
  .min(1)
  .max(limits.attributeChars)
  .refine((text) => text.isWellFormed() && !text.includes('\u0000'), 'must be well-formed Unicode without NUL')
  .refine((text) => text === text.trim(), 'must not begin or end with a space')
  .meta({ example: 'order/4711' });

/** A wish to hear of a subject. */
export const newFollow = z
  .strictObject({
    recipient: slug,
    subject: followedSubject,
    until: instant.optional().meta({ description: 'When the recipient stops following. Absent: never.' }),
  })
  .meta({ id: 'NewFollow', example: { recipient: 'anna', subject: 'order/4711' } });

/** A wish to hear of a subject. */
export type NewFollow = z.infer<typeof newFollow>;

/** Who follows what. */
export const followView = z
  .strictObject({
    recipient: z.string(),
    subject: z.string(),
    createdAt: z.string().meta({ description: 'ISO 8601.' }),
    createdBy: z.string().meta({ description: 'Name of the API key.' }),
    until: z.string().optional().meta({ description: 'ISO 8601.' }),
  })
  .meta({
    id: 'Follow',
    example: {
      recipient: 'anna',
      subject: 'order/4711',
      createdAt: '2026-11-20T08:00:00.000Z',
      createdBy: 'erp',
      until: '2026-12-20T08:00:00.000Z',
    },
  });

/** Who follows what. */
export type FollowView = z.infer<typeof followView>;
