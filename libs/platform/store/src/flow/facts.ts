/** Reads the facts of events, from this process's memory where they passed a moment ago, else from PostgreSQL. */
import type { EventFacts, JsonValue } from '#contract';
import type { Database } from '../database.ts';
import { idRange } from './ranges.ts';

/** The columns of an event that its facts are made of. */
export interface FactsRow {
  id: string;
  source: string;
  type: string;
  subject: string | null;
  time: Date;
  correlation_key: string | null;
  data: JsonValue;
  extensions: Record<string, JsonValue> | null;
}

/** Facts, and the book to work by. */
export interface LoadedFacts {
  facts: Map<string, EventFacts>;
  /** Version of the rule book that these events must be routed by at least. */
  bookVersion: bigint;
}

/** Loads those of the given events that exist. */
export async function loadFacts(
  database: Pick<Database, 'pool' | 'events'>,
  ids: readonly string[],
): Promise<LoadedFacts> {
  const loaded: LoadedFacts = { facts: new Map(), bookVersion: 0n };
  const missing: string[] = [];
  for (const id of ids) {
    const known = database.events.get(id);
    if (known) add(loaded, known.facts, known.bookVersion);
    else missing.push(id);
  }
  if (missing.length === 0) return loaded;
  const { rows } = await database.pool.query<FactsRow & { version: string }>({
    name: 'load_facts',
    text: `SELECT id, source, type, subject, time, correlation_key, data, extensions, (SELECT version FROM book) AS version
           FROM event WHERE id = ANY($1::uuid[]) AND id BETWEEN $2 AND $3`,
    values: [missing, ...idRange(missing)],
  });
  for (const row of rows) add(loaded, factsOf(row), BigInt(row.version));
  return loaded;
}

function add(loaded: LoadedFacts, facts: EventFacts, bookVersion: bigint): void {
  loaded.facts.set(facts.id, facts);
  if (bookVersion > loaded.bookVersion) loaded.bookVersion = bookVersion;
}

/** The facts of an event, of its columns. */
export function factsOf(row: FactsRow): EventFacts {
  return {
    id: row.id,
    source: row.source,
    type: row.type,
    subject: row.subject ?? undefined,
    time: row.time.toISOString(),
    correlationKey: row.correlation_key ?? undefined,
    data: row.data,
    extensions: row.extensions ?? undefined,
  };
}
