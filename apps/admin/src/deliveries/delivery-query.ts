import { deliveryState, fromPublicId, slug } from '#contract';
import { z } from 'zod';
import { filterText, spanQuery } from '../events/event-query.ts';

/** What `GET /v1/deliveries` may be narrowed by. */
export const deliveryQuery = spanQuery.extend({
  state: deliveryState
    .optional()
    .meta({ description: 'Only deliveries in this state; `dead` lists the dead letters.' }),
  backend: slug.optional().meta({ description: 'Only deliveries to this backend.' }),
  recipient: slug.optional().meta({ description: 'Only deliveries to this recipient.' }),
  rule: slug.optional().meta({ description: 'Only deliveries that this rule asked for.' }),
  eventType: filterText.optional().meta({ description: 'Only deliveries of events of this type.' }),
  eventId: z
    .string()
    .max(64)
    .refine((text) => fromPublicId('event', text) !== undefined, 'must be the id of an event')
    .optional()
    .meta({ description: 'Only deliveries of this event.' }),
});

/** What `GET /v1/deliveries` may be narrowed by. */
export type DeliveryListQuery = z.infer<typeof deliveryQuery>;
