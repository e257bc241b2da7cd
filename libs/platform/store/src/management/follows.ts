/** Who follows what: kept beside the book, for it changes with every order and not with a decision of the operators. */
import { HouseError, type FollowView, type NewFollow, type Page } from '#contract';
import type { Database } from '../database.ts';
import { Conditions } from '../reading/keyset.ts';
import { followCursor, readFollowCursor } from './follow-cursor.ts';

/** Which follows are asked for. */
export interface FollowQuery {
  recipient?: string | undefined;
  subject?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

/** The follows of the house. */
export interface Follows {
  /** Begins to follow, or changes until when; the same again changes nothing. Throws DEFINITION_INVALID without such a recipient. */
  put(wish: NewFollow, actor: string): Promise<{ follow: FollowView; created: boolean }>;
  /** Stops following. Throws NOT_FOUND when nobody follows there. */
  remove(recipient: string, subject: string): Promise<void>;
  /** Follows that fit, by subject and recipient; those that have ended stay in the list. Throws CURSOR_INVALID. */
  list(query: FollowQuery): Promise<Page<FollowView>>;
}

interface FollowRow {
  subject: string;
  recipient: string;
  created_at: Date;
  created_by: string;
  until: Date | null;
}

const columns = 'subject, recipient, created_at, created_by, until';

/** Makes the follows on a database. */
export function createFollows({ pool }: Pick<Database, 'pool'>): Follows {
  return {
    put: async ({ recipient, subject, until }, actor) => {
      // Whoever is deleted in the same moment leaves a follow behind, which routing passes over with a note.
      const { rows } = await pool.query<FollowRow & { created: boolean }>(
        `INSERT INTO follow (subject, recipient, created_by, until)
         SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM definition WHERE noun = 'recipient' AND slug = $2)
         ON CONFLICT (subject, recipient) DO UPDATE SET until = EXCLUDED.until
         RETURNING ${columns}, xmax = 0 AS created`,
        [subject, recipient, actor, until ?? null],
      );
      if (!rows[0]) {
        const detail = `names the recipient ${recipient}, which does not exist; create it first, or correct the name`;
        throw new HouseError('DEFINITION_INVALID', { faults: [{ pointer: '/recipient', detail }] });
      }
      return { follow: toFollow(rows[0]), created: rows[0].created };
    },
    remove: async (recipient, subject) => {
      const { rowCount } = await pool.query('DELETE FROM follow WHERE subject = $1 AND recipient = $2', [
        subject,
        recipient,
      ]);
      if (rowCount === 0) throw new HouseError('NOT_FOUND', { detail: `${recipient} does not follow ${subject}.` });
    },
    list: async ({ recipient, subject, limit, cursor }) => {
      const where = new Conditions();
      where.when(recipient, 'recipient =');
      where.when(subject, 'subject =');
      const after = cursor === undefined ? undefined : readFollowCursor(cursor);
      if (after) {
        const place = `(${where.parameter(after.subject)}, ${where.parameter(after.recipient)})`;
        where.add(`(subject, recipient) > ${place}`);
      }
      const { rows } = await pool.query<FollowRow>(
        `SELECT ${columns} FROM follow WHERE ${where.toSql()} ORDER BY subject, recipient LIMIT ${where.parameter(limit + 1)}`,
        where.values,
      );
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      return { items: shown.map(toFollow), ...(rows.length > limit && last ? { next: followCursor(last) } : {}) };
    },
  };
}

/** Who follows the given subjects at a moment, by subject and in order. Subjects that nobody follows are absent. */
export async function followersOf(
  { pool }: Pick<Database, 'pool'>,
  subjects: readonly string[],
  at: Date,
): Promise<Map<string, string[]>> {
  const followers = new Map<string, string[]>();
  if (subjects.length === 0) return followers;
  const { rows } = await pool.query<{ subject: string; recipient: string }>({
    name: 'followers',
    text: `SELECT subject, recipient FROM follow WHERE subject = ANY($1::text[]) AND (until IS NULL OR until > $2) ORDER BY subject, recipient`,
    values: [subjects.filter(isStorable), at],
  });
  for (const { subject, recipient } of rows) {
    const known = followers.get(subject);
    if (known) known.push(recipient);
    else followers.set(subject, [recipient]);
  }
  return followers;
}

/** What an event says may hold what no text in PostgreSQL does; nobody can follow that. */
function isStorable(subject: string): boolean {
  return subject.isWellFormed() && !subject.includes('\u0000');
}

function toFollow({ subject, recipient, created_at, created_by, until }: FollowRow): FollowView {
  return {
    recipient,
    subject,
    createdAt: created_at.toISOString(),
    createdBy: created_by,
    ...(until ? { until: until.toISOString() } : {}),
  };
}
