/** The door's write: many events, one statement, one commit. */
import type { EventState, JsonValue } from '#contract';
import type { Database } from '../database.ts';
import { idRange } from './ranges.ts';

/** An event that passed the door's checks and has its id. */
export interface NewEvent {
  /** UUIDv7, made at the door. */
  id: string;
  source: string;
  type: string;
  subject: string | undefined;
  /** ISO 8601. */
  time: string;
  idempotencyKey: string | undefined;
  correlationKey: string | undefined;
  /** `data` as JSON text. */
  data: string;
  extensions: Record<string, JsonValue> | undefined;
}

/** What became of an event: stored under its own id, or known already under the id of the first. */
export interface Accepted {
  id: string;
  status: EventState;
  duplicate: boolean;
}

// Keys are written in order, so that two batches with the same keys wait for each other instead of dead-locking.
const insertSql = `
WITH input AS (
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[])
    AS t(id, source, type, subject, time, key, correlation_key, data, extensions)
), fresh AS (
  INSERT INTO event_key (source, key, event_id)
  SELECT source, key, id FROM input WHERE key IS NOT NULL ORDER BY source, key, id
  ON CONFLICT DO NOTHING RETURNING event_id
), stored AS (
  INSERT INTO event (id, source, type, subject, time, idempotency_key, correlation_key, data, extensions)
  SELECT id, source, type, subject, time, key, correlation_key, data::json, extensions::json
  FROM input WHERE key IS NULL OR id IN (SELECT event_id FROM fresh)
)
SELECT id FROM input WHERE key IS NOT NULL AND id NOT IN (SELECT event_id FROM fresh)`;

const knownSql = `
SELECT k.source, k.key, k.event_id AS id, e.state
FROM unnest($1::text[], $2::text[]) AS t(source, key) JOIN event_key k USING (source, key)
LEFT JOIN event e ON e.id = k.event_id`;

/** Stores a batch of events; duplicates by (source, idempotency key) are answered with the first. Resolves after the commit. */
export async function acceptEvents(database: Pick<Database, 'pool'>, events: readonly NewEvent[]): Promise<Accepted[]> {
  const { rows } = await database.pool.query<{ id: string }>({
    name: 'accept',
    text: insertSql,
    values: [
      events.map((event) => event.id),
      events.map((event) => event.source),
      events.map((event) => event.type),
      events.map((event) => event.subject ?? null),
      events.map((event) => event.time),
      events.map((event) => event.idempotencyKey ?? null),
      events.map((event) => event.correlationKey ?? null),
      events.map((event) => event.data),
      events.map((event) => (event.extensions ? JSON.stringify(event.extensions) : null)),
    ],
  });
  if (rows.length === 0) return events.map(({ id }) => ({ id, status: 'accepted', duplicate: false }));
  return withFirsts(database, events, new Set(rows.map((row) => row.id)));
}

async function withFirsts(
  database: Pick<Database, 'pool'>,
  events: readonly NewEvent[],
  repeated: Set<string>,
): Promise<Accepted[]> {
  const repeats = events.filter((event) => repeated.has(event.id));
  const { rows } = await database.pool.query<{ source: string; key: string; id: string; state: EventState | null }>(
    knownSql,
    [repeats.map((event) => event.source), repeats.map((event) => event.idempotencyKey)],
  );
  const firsts = new Map(rows.map((row) => [keyOf(row.source, row.key), row]));
  return events.map((event) => {
    if (!repeated.has(event.id)) return { id: event.id, status: 'accepted', duplicate: false };
    const first = firsts.get(keyOf(event.source, event.idempotencyKey!));
    return { id: first?.id ?? event.id, status: first?.state ?? 'accepted', duplicate: true };
  });
}

function keyOf(source: string, key: string): string {
  return `${source}\u0000${key}`;
}

/** An event as the router needs it. */
export interface UnroutedEvent {
  id: string;
  source: string;
  type: string;
  subject: string | null;
  time: Date;
  correlation_key: string | null;
  data: JsonValue;
  extensions: Record<string, JsonValue> | null;
}

/** Events to be routed, and the book to route them by. */
export interface Unrouted {
  events: UnroutedEvent[];
  /** Version of the rule book when they were loaded: a rule that was saved before an event was sent counts for it. */
  bookVersion: bigint;
}

const unroutedSql = `
SELECT id, source, type, subject, time, correlation_key, data, extensions, (SELECT version FROM book) AS version FROM event
WHERE id = ANY($1::uuid[]) AND id BETWEEN $2 AND $3 AND state = 'accepted' ORDER BY id`;

/** Loads those of the given events that still wait to be routed. */
export async function loadUnrouted(database: Pick<Database, 'pool'>, ids: readonly string[]): Promise<Unrouted> {
  const { rows } = await database.pool.query<UnroutedEvent & { version: string }>({
    name: 'load_unrouted',
    text: unroutedSql,
    values: [ids, ...idRange(ids)],
  });
  return { events: rows, bookVersion: BigInt(rows[0]?.version ?? 0) };
}
