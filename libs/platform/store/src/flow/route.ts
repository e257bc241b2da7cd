/** The router's write: deliveries and the state of their events, in one statement. */
import type { Message, Priority, RetryPolicy, TrailEntry, WhenOffline } from '#contract';
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
  /** Absent: normal. */
  priority?: Priority | undefined;
  /** When the hours begin that it waits for. Its age and its patience count from then. Absent: it may go at once. */
  notBefore?: Date | undefined;
}

/** What routing found for one event. */
export interface RoutedEvent {
  id: string;
  rules: string[];
  notes: string[];
  deliveries: NewDelivery[];
  /** Whom the rules meant, and what became of them. Absent: nobody. */
  trail?: readonly TrailEntry[] | undefined;
  /** Revision of the book that decided. */
  bookVersion?: bigint | undefined;
}

// An event that another router took meanwhile is not in `taken`, and its deliveries are not written twice.
const routeSql = `
WITH taken AS (
  UPDATE event e SET state = i.state, rules = i.rules::text[], notes = i.notes::text[], routed_at = now(), book_version = i.book_version,
    trail = i.trail::json
  FROM unnest($1::uuid[], $4::text[], $5::text[], $6::text[], $22::bigint[], $23::text[]) AS i(id, state, rules, notes, book_version, trail)
  WHERE e.id = i.id AND e.id BETWEEN $2 AND $3 AND e.state = 'accepted'
  RETURNING e.id
), given AS (
  SELECT d.* FROM unnest($7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
                         $17::text[], $18::uuid[], $19::timestamptz[], $20::text[], $21::float8[], $24::text[], $25::timestamptz[])
    AS d(id, event_id, rule, recipient, backend, address, address_kind, message, correlation_key, fallbacks, retry, order_key, valid_until,
         when_offline, patience_s, priority, not_before)
  WHERE d.event_id IN (SELECT id FROM taken)
), lined_up AS (
  INSERT INTO delivery_line (order_key, event_id, delivery_id, not_before)
  SELECT order_key, event_id, id, not_before FROM given WHERE order_key IS NOT NULL
)
INSERT INTO delivery (id, event_id, rule, recipient, backend, address, address_kind, message, correlation_key, fallbacks, retry, order_key,
                      valid_until, when_offline, give_up_at, priority, state, due_at, opened_at)
SELECT id, event_id, rule, recipient, backend, address, address_kind, message::json, correlation_key, fallbacks::json, retry::json, order_key,
       valid_until, when_offline, coalesce(not_before, now()) + patience_s * interval '1 second', priority,
       CASE WHEN not_before IS NULL THEN 'pending' ELSE 'waiting' END, coalesce(not_before, now()), coalesce(not_before, now())
FROM given
RETURNING id, backend`;

/**
 * Stores what routing found. Answers the deliveries that were written and may go at once, to be rung; those that wait for their hours
 * are left to the sweep.
 */
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
      ...columnsOf(deliveries),
      routed.map((event) => event.bookVersion ?? null),
      routed.map((event) => (event.trail?.length ? JSON.stringify(event.trail) : null)),
      deliveries.map(({ priority }) => (priority === 'normal' ? null : (priority ?? null))),
      deliveries.map(({ notBefore }) => notBefore ?? null),
    ],
  });
  const waiting = new Set(deliveries.filter(({ notBefore }) => notBefore !== undefined).map(({ id }) => id));
  return waiting.size === 0 ? rows : rows.filter(({ id }) => !waiting.has(id));
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
