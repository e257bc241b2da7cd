/** Reads the facts of events, from this process's memory where they passed a moment ago, else from PostgreSQL. */
import type { EventFacts, JsonValue } from '#contract';
import type { Database } from '../database.ts';
import { idRange } from './ranges.ts';

interface EventRow {
  id: string;
  source: string;
  type: string;
  subject: string | null;
  time: Date;
  correlation_key: string | null;
  data: JsonValue;
  extensions: Record<string, JsonValue> | null;
}

/** Loads those of the given events that exist, in the order of their ids. */
export async function loadFacts(
  database: Pick<Database, 'pool' | 'events'>,
  ids: readonly string[],
): Promise<Map<string, EventFacts>> {
  const found = new Map<string, EventFacts>();
  const missing: string[] = [];
  for (const id of ids) {
    const facts = database.events.get(id);
    if (facts) found.set(id, facts);
    else missing.push(id);
  }
  if (missing.length === 0) return found;
  const { rows } = await database.pool.query<EventRow>({
    name: 'load_facts',
    text: `SELECT id, source, type, subject, time, correlation_key, data, extensions FROM event
           WHERE id = ANY($1::uuid[]) AND id BETWEEN $2 AND $3`,
    values: [missing, ...idRange(missing)],
  });
  for (const row of rows) found.set(row.id, factsOf(row));
  return found;
}

function factsOf(row: EventRow): EventFacts {
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
