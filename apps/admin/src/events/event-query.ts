import { eventState, idPrefixes, pageQuery, type IdKind } from '#contract';
import { z } from 'zod';

/** Text that a list is narrowed by. PostgreSQL has no character U+0000, so nothing can equal a text with one. */
export const filterText = z
  .string()
  .min(1)
  .max(512)
  .refine((text) => !text.includes('\0'), 'must not hold the character U+0000');

/** A span of time and a place in a list that is newest first. */
export const spanQuery = pageQuery.extend({
  from: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: 'Only what was made at this time or later, e.g. `2026-11-20T00:00:00Z`.' }),
  to: z.iso.datetime({ offset: true }).optional().meta({ description: 'Only what was made before this time.' }),
});

/** What `GET /v1/events` may be narrowed by. */
export const eventQuery = spanQuery.extend({
  type: filterText.optional().meta({ description: 'Only events of this type.', example: 'warehouse.stock.low' }),
  source: filterText.optional().meta({ description: 'Only events of this source.' }),
  subject: filterText.optional().meta({ description: 'Only events about this.' }),
  state: eventState.optional().meta({ description: 'Only events in this state.' }),
  correlationKey: filterText.optional().meta({ description: 'Only events of this story.' }),
});

/** What `GET /v1/events` may be narrowed by. */
export type EventListQuery = z.infer<typeof eventQuery>;

/** An id in a path. What is no id at all is looked for like any other: there is nothing under it. */
export function idParam(kind: IdKind, description: string) {
  return z
    .string()
    .max(64)
    .meta({ description, example: `${idPrefixes[kind]}0199d2a0-6c3f-7000-8000-000000000001` });
}
