/** The router's write: deliveries and the state of their events, in one statement. */
import type { Message, RetryPolicy, WhenOffline } from '#contract';
import type { Database } from '../database.ts';
import { orderKeyOf } from './line.ts';
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
  whenOffline: WhenOffline | undefined;
  /** Until when the news is worth delivering. */
  validUntil: Date | undefined;
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
), given AS (
  SELECT d.* FROM unnest($7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
                         $17::text[], $18::uuid[], $19::timestamptz[], $20::text[], $21::float8[])
    AS d(id, event_id, rule, recipient, backend, address, address_kind, message, correlation_key, fallbacks, retry, order_key, valid_until,
         when_offline, patience_s)
  WHERE d.event_id IN (SELECT id FROM taken)
), lined_up AS (
  INSERT INTO delivery_line (order_key, event_id, delivery_id) SELECT order_key, event_id, id FROM given WHERE order_key IS NOT NULL
)
INSERT INTO delivery (id, event_id, rule, recipient, backend, address, address_kind, message, correlation_key, fallbacks, retry, order_key,
                      valid_until, when_offline, give_up_at)
SELECT id, event_id, rule, recipient, backend, address, address_kind, message::json, correlation_key, fallbacks::json, retry::json, order_key,
       valid_until, when_offline, now() + patience_s * interval '1 second'
FROM given
RETURNING id, backend`;

/** Stores what routing found. Answers the deliveries that were written, to be rung. */
export async function storeRouted(
  database: Pick<Database, 'pool'>,
  routed: readonly RoutedEvent[],
): Promise<{ id: string; backend: string }[]> {
  const ids = routed.map((event) => event.id);
  const { rows } = await database.pool.query<{ id: string; backend: string }>({
    name: 'route',
    text: routeSql,
    values: [
      ids,
      ...idRange(ids),
      routed.map((event) => (event.rules.length > 0 ? 'routed' : 'unmatched')),
      routed.map((event) => arrayLiteral(event.rules)),
      routed.map((event) => arrayLiteral(event.notes.map(storable))),
      ...columnsOf(routed.flatMap((event) => event.deliveries)),
    ],
  });
  return rows;
}

function columnsOf(deliveries: readonly NewDelivery[]): unknown[][] {
  const column = (pick: (delivery: NewDelivery) => unknown) => deliveries.map((delivery) => pick(delivery) ?? null);
  return [
    column((d) => d.id),
    column((d) => d.eventId),
    column((d) => d.rule),
    column((d) => d.recipient),
    column((d) => d.backend),
    column((d) => storable(d.to)),
    column((d) => d.toKind),
    column((d) => JSON.stringify(d.message)),
    column((d) => (d.correlationKey === undefined ? null : storable(d.correlationKey))),
    column((d) => (d.fallbacks ? JSON.stringify(d.fallbacks) : null)),
    column((d) => (d.retry ? JSON.stringify(d.retry) : null)),
    column((d) => orderKeyOf(d)),
    column((d) => d.validUntil),
    column((d) => d.whenOffline),
    column((d) => d.fallbacks?.giveUpSeconds),
  ];
}

/** Texts made from the data of an event may hold what a text column cannot: NUL, and halves of surrogate pairs. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd');
}

/** A list of texts as PostgreSQL writes an array: a list of lists cannot be a parameter when their lengths differ. */
function arrayLiteral(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
