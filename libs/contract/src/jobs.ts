/** What is rung on the queues: versioned lists of ids, never facts. */
import { z } from 'zod';

const ids = z.array(z.uuid()).min(1);

/** Events to route. */
export const routeJob = z.strictObject({ v: z.literal(1), eventIds: ids });

/** Events to route. */
export type RouteJob = z.infer<typeof routeJob>;

/** Deliveries of one backend to attempt. */
export const deliverJob = z.strictObject({ v: z.literal(1), deliveryIds: ids });

/** Deliveries of one backend to attempt. */
export type DeliverJob = z.infer<typeof deliverJob>;
