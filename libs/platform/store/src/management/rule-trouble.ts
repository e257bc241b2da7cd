/** What goes wrong with rules while they run, counted where those who edit them see it. */
import { toPublicId, type RuleTrouble } from '#contract';
import type { Database } from '../database.ts';
import type { Queryable } from './book.ts';

/** How often a rule failed lately, and the last time. */
export interface NewTrouble {
  rule: string;
  count: number;
  /** Bare id of the last event. */
  eventId: string;
  reason: string;
}

/** Adds to the counts; one row per rule and call. */
export async function recordTrouble({ pool }: Pick<Database, 'pool'>, troubles: readonly NewTrouble[]): Promise<void> {
  if (troubles.length === 0) return;
  // In one order everywhere, or two routers could wait for each other.
  const sorted = [...troubles].sort((one, other) => (one.rule < other.rule ? -1 : 1));
  await pool.query({
    name: 'record_trouble',
    text: `INSERT INTO rule_trouble AS t (rule, count, event_id, reason)
           SELECT * FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[])
           ON CONFLICT (rule) DO UPDATE
           SET count = t.count + EXCLUDED.count, last_at = now(), event_id = EXCLUDED.event_id, reason = EXCLUDED.reason`,
    values: [
      sorted.map(({ rule }) => rule),
      sorted.map(({ count }) => count),
      sorted.map(({ eventId }) => eventId),
      sorted.map(({ reason }) => reason.toWellFormed().replaceAll('\u0000', '\ufffd')),
    ],
  });
}

/** A rule that was changed or removed starts anew. */
export async function forgetTrouble(queryable: Queryable, rules: readonly string[]): Promise<void> {
  if (rules.length > 0)
    await (queryable as Database['pool']).query('DELETE FROM rule_trouble WHERE rule = ANY($1)', [rules]);
}

interface TroubleRow {
  rule: string;
  count: string;
  firstAt: Date;
  lastAt: Date;
  eventId: string;
  reason: string;
}

/** The troubles of those of the given rules that have any. */
export async function troublesOf(
  { pool }: Pick<Database, 'pool'>,
  rules: readonly string[],
): Promise<Map<string, RuleTrouble>> {
  const { rows } = await pool.query<TroubleRow>(
    `SELECT rule, count, first_at AS "firstAt", last_at AS "lastAt", event_id AS "eventId", reason
     FROM rule_trouble WHERE rule = ANY($1)`,
    [rules],
  );
  return new Map(
    rows.map(({ rule, count, firstAt, lastAt, eventId, reason }) => [
      rule,
      {
        count: Number(count),
        firstAt: firstAt.toISOString(),
        lastAt: lastAt.toISOString(),
        eventId: toPublicId('event', eventId),
        reason,
      },
    ]),
  );
}
