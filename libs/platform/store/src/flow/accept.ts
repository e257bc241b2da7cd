/** The door's write: many events, one statement, one commit. */
import { createHash } from 'node:crypto';
import type { EventFacts, EventState, JsonValue } from '#contract';
import type { Database } from '../database.ts';

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
  data: JsonValue;
  /** `data` as JSON text, where the door made it already. */
  dataText?: string;
  extensions: Record<string, JsonValue> | undefined;
}

/** What became of an event: stored under its own id, or known already under the id of the first. */
export interface Accepted {
  id: string;
  status: EventState;
  duplicate: boolean;
}

/**
 * Longest wait for an answer of PostgreSQL, in milliseconds: more than a commit takes behind a checkpoint on a slow disk.
 * It may commit all the same what we no longer wait for; the idempotency keys tell, when the producer sends it again.
 * The types of `pg` know the option of the connection only: https://node-postgres.com/apis/client#clientquery.
 */
const patience = { query_timeout: 10_000 };

// Keys are written in order, so that two batches with the same keys wait for each other instead of dead-locking.
const insertSql = `
WITH input AS (
  SELECT id, source, type, subject, time, key, decode(hash, 'hex') AS hash, correlation_key, data, extensions
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
    AS t(id, source, type, subject, time, key, hash, correlation_key, data, extensions)
), fresh AS (
  INSERT INTO event_key (hash, event_id)
  SELECT hash, id FROM input WHERE key IS NOT NULL ORDER BY hash, id
  ON CONFLICT DO NOTHING RETURNING event_id
), stored AS (
  INSERT INTO event (id, source, type, subject, time, idempotency_key, correlation_key, data, extensions)
  SELECT id, source, type, subject, time, key, correlation_key, data::json, extensions::json
  FROM input WHERE key IS NULL OR id IN (SELECT event_id FROM fresh)
)
SELECT b.version, r.id FROM book b LEFT JOIN (
  SELECT id FROM input WHERE key IS NOT NULL AND id NOT IN (SELECT event_id FROM fresh)
) r ON true`;

const knownSql = `
SELECT encode(k.hash, 'hex') AS hash, k.event_id AS id, e.state
FROM unnest($1::text[]) AS t(hash) JOIN event_key k ON k.hash = decode(t.hash, 'hex')
LEFT JOIN event e ON e.id = k.event_id`;

/** Stores a batch of events; duplicates by (source, idempotency key) are answered with the first. Resolves after the commit. */
export async function acceptEvents(
  database: Pick<Database, 'pool' | 'events'>,
  events: readonly NewEvent[],
): Promise<Accepted[]> {
  const texts = events.map((event) => event.dataText ?? JSON.stringify(event.data));
  const { rows } = await database.pool.query<{ version: string; id: string | null }>({
    name: 'accept',
    text: insertSql,
    ...patience,
    values: [
      events.map((event) => event.id),
      events.map((event) => event.source),
      events.map((event) => event.type),
      events.map((event) => event.subject ?? null),
      events.map((event) => event.time),
      events.map((event) => event.idempotencyKey ?? null),
      events.map((event) => (event.idempotencyKey === undefined ? null : hashOf(event))),
      events.map((event) => event.correlationKey ?? null),
      texts,
      events.map((event) => (event.extensions ? JSON.stringify(event.extensions) : null)),
    ],
  });
  const repeated = new Set(rows.flatMap((row) => row.id ?? []));
  const bookVersion = BigInt(rows[0]?.version ?? 0);
  for (const [index, event] of events.entries()) {
    if (!repeated.has(event.id)) database.events.put(factsOf(event), bookVersion, texts[index]!.length);
  }
  if (repeated.size === 0) return events.map(({ id }) => ({ id, status: 'accepted', duplicate: false }));
  return withFirsts(database, events, repeated);
}

function factsOf(event: NewEvent): EventFacts {
  const { id, source, type, subject, time, correlationKey, data, extensions } = event;
  return { id, source, type, subject, time: new Date(time).toISOString(), correlationKey, data, extensions };
}

async function withFirsts(
  database: Pick<Database, 'pool'>,
  events: readonly NewEvent[],
  repeated: Set<string>,
): Promise<Accepted[]> {
  const repeats = events.filter((event) => repeated.has(event.id));
  const { rows } = await database.pool.query<{ hash: string; id: string; state: EventState | null }>({
    text: knownSql,
    ...patience,
    values: [repeats.map(hashOf)],
  });
  const firsts = new Map(rows.map((row) => [row.hash, row]));
  return events.map((event) => {
    if (!repeated.has(event.id)) return { id: event.id, status: 'accepted', duplicate: false };
    const first = firsts.get(hashOf(event));
    return { id: first?.id ?? event.id, status: first?.state ?? 'accepted', duplicate: true };
  });
}

/** What makes an event the same as another, as hexadecimal text. JSON keeps the two apart, whatever they hold. */
function hashOf({ source, idempotencyKey }: NewEvent): string {
  return createHash('sha256')
    .update(JSON.stringify([source, idempotencyKey]))
    .digest('hex');
}
