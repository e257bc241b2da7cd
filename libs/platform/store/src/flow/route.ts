/** The router's write: deliveries and the state of their events, in one statement. */
import type { Message, RetryPolicy } from '#contract';
import type { Database } from '../database.ts';
import { idRange } from './ranges.ts';

/** Addresses to fall back to, and how long each but the last is tried. */
export interface Fallbacks {
  next: { backend: string; to: string }[];
  /** Seconds that an address is tried while another is left. */
  giveUpSeconds: number;
}

/** A delivery to be made. */
export interface NewDelivery {
  /** UUIDv7. */
  id: string;
  eventId: string;
  rule: string;
  recipient: string | undefined;
  backend: string;
  to: string;
  toKind: 'person' | 'room';
  message: Message;
  correlationKey: string | undefined;
  fallbacks: Fallbacks | undefined;
  retry: RetryPolicy | undefined;
}

/** What routing found for one event. */
export interface RoutedEvent {
  id: string;
  rules: string[];
  notes: string[];
  deliveries: NewDelivery[];
}

// An event that another router took meanwhile is not in `taken`, and its deliveries are not written twice.
const routeSql = `
WITH taken AS (
  UPDATE event e SET state = i.state, rules = i.rules::text[], notes = i.notes::text[]
  FROM unnest($1::uuid[], $4::text[], $5::text[], $6::text[]) AS i(id, state, rules, notes)
  WHERE e.id = i.id AND e.id BETWEEN $2 AND $3 AND e.state = 'accepted'
  RETURNING e.id
)
INSERT INTO delivery (id, event_id, rule, recipient, backend, address, address_kind, message, correlation_key, fallbacks, retry)
SELECT d.id, d.event_id, d.rule, d.recipient, d.backend, d.address, d.address_kind, d.message::json, d.correlation_key, d.fallbacks::json, d.retry::json
FROM unnest($7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[])
  AS d(id, event_id, rule, recipient, backend, address, address_kind, message, correlation_key, fallbacks, retry)
WHERE d.event_id IN (SELECT id FROM taken)
RETURNING id, backend`;

/** Stores what routing found. Answers the deliveries that were written, to be rung. */
export async function storeRouted(
  database: Pick<Database, 'pool'>,
  routed: readonly RoutedEvent[],
): Promise<{ id: string; backend: string }[]> {
  const ids = routed.map((event) => event.id);
  const deliveries = routed.flatMap((event) => event.deliveries);
  const { rows } = await database.pool.query<{ id: string; backend: string }>({
    name: 'route',
    text: routeSql,
    values: [
      ids,
      ...idRange(ids),
      routed.map((event) => (event.rules.length > 0 ? 'routed' : 'unmatched')),
      routed.map((event) => arrayLiteral(event.rules)),
      routed.map((event) => arrayLiteral(event.notes.map(storable))),
      deliveries.map((delivery) => delivery.id),
      deliveries.map((delivery) => delivery.eventId),
      deliveries.map((delivery) => delivery.rule),
      deliveries.map((delivery) => delivery.recipient ?? null),
      deliveries.map((delivery) => delivery.backend),
      deliveries.map((delivery) => storable(delivery.to)),
      deliveries.map((delivery) => delivery.toKind),
      deliveries.map((delivery) => JSON.stringify(delivery.message)),
      deliveries.map((delivery) => (delivery.correlationKey === undefined ? null : storable(delivery.correlationKey))),
      deliveries.map((delivery) => (delivery.fallbacks ? JSON.stringify(delivery.fallbacks) : null)),
      deliveries.map((delivery) => (delivery.retry ? JSON.stringify(delivery.retry) : null)),
    ],
  });
  return rows;
}

/** Texts made from the data of an event may hold what a text column cannot: NUL, and halves of surrogate pairs. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd');
}

/** A list of texts as PostgreSQL writes an array: a list of lists cannot be a parameter when their lengths differ. */
function arrayLiteral(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
