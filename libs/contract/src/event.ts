import { z } from 'zod';
import { limits } from './limits.ts';

const attribute = z
  .string()
  .min(1)
  .max(limits.attributeChars)
  .refine((text) => text.isWellFormed() && !text.includes('\u0000'), 'must be well-formed Unicode without NUL');

/** A moment within the years 1 to 9999, which is what everything behind the door can hold. */
export const instant = z.iso.datetime({ offset: true }).refine((text) => {
  const year = new Date(text).getUTCFullYear();
  // What is no moment at all is told already.
  return Number.isNaN(year) || (year >= 1 && year <= 9999);
}, 'must be a moment within the years 1 to 9999');

/** Any JSON value. */
export const jsonValue: z.ZodType<JsonValue> = z
  .unknown()
  .meta({ id: 'JsonValue', description: 'Any JSON value.' }) as never;

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** One event as plain JSON. */
export const plainEvent = z
  .strictObject({
    type: attribute.meta({ description: 'What happened, dot-separated, coarse to fine.' }),
    source: attribute.optional().meta({ description: 'Who produced it. Absent: the name of the API key.' }),
    subject: attribute.optional().meta({ description: 'What it is about, e.g. an order.' }),
    time: instant.optional().meta({ description: 'When it happened. Absent: when it was accepted.' }),
    idempotencyKey: attribute.optional().meta({ description: 'Unique per source; sending it again changes nothing.' }),
    correlationKey: attribute.optional().meta({ description: 'Ties events of one story together.' }),
    data: jsonValue.optional().meta({
      description:
        'The facts. Absent: an empty object. Numbers are IEEE 754 doubles (RFC 7493): send integers beyond 2^53 as strings.',
    }),
  })
  .meta({
    id: 'PlainEvent',
    example: {
      type: 'warehouse.stock.low',
      source: 'erp',
      subject: 'sku/4711',
      idempotencyKey: 'stock-4711-2026-11-20',
      data: { sku: '4711', qty: 3, warehouse: 'MSK-1' },
    },
  });

/** One event as plain JSON. */
export type PlainEvent = z.infer<typeof plainEvent>;

/** A CloudEvents 1.0 event in JSON format; extension attributes are kept with the event. */
export const cloudEvent = z
  .looseObject({
    specversion: z.string(),
    id: attribute,
    source: attribute,
    type: attribute,
    subject: attribute.optional(),
    time: instant.optional(),
    correlationkey: attribute.optional(),
    datacontenttype: z.string().optional(),
    dataschema: z.string().optional(),
    data: jsonValue.optional(),
    data_base64: z.base64().optional(),
  })
  .meta({
    id: 'CloudEvent',
    description:
      'CloudEvents 1.0, JSON format. `id` serves as idempotency key, the extension `correlationkey` as correlation key.',
    example: { specversion: '1.0', id: 'a-1', source: '/erp', type: 'order.blocked', data: { order: '4711' } },
  });

/** A CloudEvents 1.0 event in JSON format. */
export type CloudEvent = z.infer<typeof cloudEvent>;

/** Where an event stands: not yet routed, routed to somebody, or nobody's business. */
export const eventState = z.enum(['accepted', 'routed', 'unmatched']).meta({ id: 'EventState' });

/** Where an event stands. */
export type EventState = z.infer<typeof eventState>;

/** The facts of an event, as rules, templates and adapters see them. */
export interface EventFacts {
  id: string;
  source: string;
  type: string;
  subject?: string | undefined;
  /** ISO 8601 with offset or Z. */
  time: string;
  correlationKey?: string | undefined;
  data: JsonValue;
  /** CloudEvents extension attributes. */
  extensions?: Record<string, JsonValue> | undefined;
}

/** The answer to one event. */
export const acceptedEvent = z
  .strictObject({
    id: z.string(),
    status: eventState,
    duplicate: z
      .boolean()
      .meta({ description: 'True when this source sent this idempotency key before; the id is that of the first.' }),
  })
  .meta({
    id: 'AcceptedEvent',
    example: { id: 'evt_0199d2a0-6c3f-7000-8000-000000000001', status: 'accepted', duplicate: false },
  });

/** The answer to one event. */
export type AcceptedEvent = z.infer<typeof acceptedEvent>;

/** The answer to an array of events, in the order of the array. */
export const acceptedBatch = z
  .strictObject({ accepted: z.int(), duplicates: z.int(), events: z.array(acceptedEvent) })
  .meta({ id: 'AcceptedBatch' });

/** The answer to an array of events. */
export type AcceptedBatch = z.infer<typeof acceptedBatch>;

/** An event as lists show it. */
export const eventView = z
  .strictObject({
    id: z.string(),
    source: z.string(),
    type: z.string(),
    subject: z.string().optional(),
    time: z.string(),
    acceptedAt: z.string(),
    state: eventState,
    idempotencyKey: z.string().optional(),
    correlationKey: z.string().optional(),
    data: jsonValue,
    extensions: z.record(z.string(), jsonValue).optional(),
    rules: z.array(z.string()).meta({ description: 'Rules that matched.' }),
    notes: z.array(z.string()).meta({ description: 'What routing could not do, and why.' }),
    routedAt: z.string().optional().meta({ description: 'When it was routed for the last time.' }),
    revision: z.int().optional().meta({ description: 'Revision of the rule book that it was routed by.' }),
  })
  .meta({ id: 'Event' });

/** An event as lists show it. */
export type EventView = z.infer<typeof eventView>;
