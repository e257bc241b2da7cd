/** Rows as PostgreSQL answers them, and the views that the edge shows. */
import {
  toPublicId,
  uuidTimeMs,
  type AddressKind,
  type AttemptView,
  type DeliveryState,
  type DeliveryView,
  type EventState,
  type EventView,
  type InboxMessage,
  type JsonValue,
  type Message,
  type Outcome,
  type Priority,
} from '#contract';

/** A row of `event`. */
export interface EventRecord {
  id: string;
  source: string;
  type: string;
  subject: string | null;
  time: Date;
  idempotency_key: string | null;
  correlation_key: string | null;
  data: JsonValue;
  extensions: Record<string, JsonValue> | null;
  state: EventState;
  rules: string[];
  notes: string[];
  routed_at: Date | null;
  /** As text, because `bigint` may exceed a JavaScript number. */
  book_version: string | null;
}

/** Columns of an `EventRecord`. */
export const eventColumns =
  'id, source, type, subject, time, idempotency_key, correlation_key, data, extensions, state, rules, notes, routed_at, book_version';

/** A row of `delivery` with the type of its event. */
export interface DeliveryRecord {
  id: string;
  event_id: string;
  /** `null` when the event is gone already: partitions are dropped by day. */
  event_type: string | null;
  rule: string;
  recipient: string | null;
  backend: string;
  address: string;
  address_kind: AddressKind;
  message: Message;
  state: DeliveryState;
  attempts: number;
  due_at: Date;
  finished_at: Date | null;
  last_outcome: Outcome | null;
  fallback_to: string | null;
  correlation_key: string | null;
  held_since: Date | null;
  valid_until: Date | null;
  priority: Priority | null;
}

/** Columns of a `DeliveryRecord`, apart from the type of the event. */
export const deliveryColumns =
  'id, event_id, rule, recipient, backend, address, address_kind, message, state, attempts, due_at, finished_at, last_outcome, fallback_to, correlation_key, held_since, valid_until, priority';

/** A row of `attempt`. */
export interface AttemptRecord {
  id: string;
  delivery_id: string;
  number: number;
  started_at: Date;
  duration_ms: number;
  outcome: Outcome;
  /** As text, because `bigint` may exceed a JavaScript number. */
  wait_ms: string | null;
}

/** A row of `inbox_message`. */
export interface InboxRecord {
  id: string;
  event_id: string;
  event_type: string;
  title: string | null;
  text: string;
  read_at: Date | null;
  /** UUIDv7 of the moment of arrival. */
  arrived: string;
}

/** Columns of an `InboxRecord`. */
export const inboxColumns = 'id, event_id, event_type, title, text, read_at, arrived';

/** Leaves out what is `null`: the edge shows absent fields, never `null` ones. */
function present<T extends Record<string, unknown>>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as never;
}

/** An event as the edge shows it. */
export function toEventView(row: EventRecord): EventView {
  return {
    id: toPublicId('event', row.id),
    source: row.source,
    type: row.type,
    time: row.time.toISOString(),
    acceptedAt: timeOf(row.id),
    state: row.state,
    data: row.data,
    rules: row.rules,
    notes: row.notes,
    ...present({
      subject: row.subject,
      idempotencyKey: row.idempotency_key,
      correlationKey: row.correlation_key,
      extensions: row.extensions,
      routedAt: row.routed_at?.toISOString() ?? null,
      revision: row.book_version === null ? null : Number(row.book_version),
    }),
  };
}

/** States in which `due_at` is the time of the next attempt; while sending it is the end of the lease. */
const waitingStates: ReadonlySet<DeliveryState> = new Set(['pending', 'retrying', 'waiting']);

/** A delivery as the edge shows it. */
export function toDeliveryView(row: DeliveryRecord): DeliveryView {
  return {
    id: toPublicId('delivery', row.id),
    eventId: toPublicId('event', row.event_id),
    eventType: row.event_type ?? '',
    rule: row.rule,
    backend: row.backend,
    to: row.address,
    toKind: row.address_kind,
    state: row.state,
    attempts: row.attempts,
    createdAt: timeOf(row.id),
    message: row.message,
    ...present({
      recipient: row.recipient,
      nextAttemptAt: waitingStates.has(row.state) ? row.due_at.toISOString() : null,
      finishedAt: row.finished_at?.toISOString() ?? null,
      lastOutcome: row.last_outcome,
      fallbackTo: row.fallback_to && toPublicId('delivery', row.fallback_to),
      correlationKey: row.correlation_key,
      heldSince: row.held_since?.toISOString() ?? null,
      validUntil: row.valid_until?.toISOString() ?? null,
      priority: row.priority,
      // Held for somebody to come online it waits too, but then for no hour.
      notBefore: row.state === 'waiting' && row.held_since === null ? row.due_at.toISOString() : null,
    }),
  };
}

/** An attempt as the edge shows it. */
export function toAttemptView(row: AttemptRecord): AttemptView {
  return {
    id: toPublicId('attempt', row.id),
    number: row.number,
    startedAt: row.started_at.toISOString(),
    durationMs: row.duration_ms,
    outcome: row.outcome,
    ...(row.wait_ms === null ? {} : { waitMs: Number(row.wait_ms) }),
  };
}

/** A message of an inbox as the edge shows it. */
export function toInboxMessage(row: InboxRecord): InboxMessage {
  return {
    id: toPublicId('delivery', row.id),
    eventId: toPublicId('event', row.event_id),
    eventType: row.event_type,
    text: row.text,
    at: timeOf(row.arrived),
    ...present({ title: row.title, readAt: row.read_at?.toISOString() ?? null }),
  };
}

/** When an id was made, as ISO 8601. */
function timeOf(uuid: string): string {
  return new Date(uuidTimeMs(uuid)).toISOString();
}
