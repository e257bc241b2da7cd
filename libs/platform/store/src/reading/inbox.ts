/** The built-in inbox, for reading. */
import type { InboxMessage, Page } from '#contract';
import type { Database } from '../database.ts';
import { boundIds, Conditions, toPage } from './keyset.ts';
import { inboxColumns, toInboxMessage, type InboxRecord } from './rows.ts';

/** Most that is counted. */
export const mostUnread = 1000;

/** Which messages of an inbox are asked for. */
export interface InboxQuery {
  limit: number;
  cursor?: string | undefined;
  /** Only those that are unread. */
  unread?: boolean | undefined;
}

/** What has been read, in bare ids: some messages, or one and all older ones; neither means everything. */
export interface ReadMarks {
  ids?: readonly string[] | undefined;
  upTo?: string | undefined;
}

/** The inboxes, for reading. */
export interface InboxReading {
  /** Messages of an inbox, newest first. Throws CURSOR_INVALID. */
  list(owner: string, query: InboxQuery): Promise<Page<InboxMessage>>;
  /** How many are unread, counted up to 1,000. */
  unreadCount(owner: string): Promise<number>;
  /** Marks as read what is unread; others keep the time they have. */
  markRead(owner: string, marks: ReadMarks): Promise<void>;
  /** Messages of an inbox whose bare id is above `afterId`, oldest first. */
  after(owner: string, afterId: string, limit: number): Promise<InboxMessage[]>;
  /** The messages with these bare ids, oldest first, whoever owns them. */
  byIds(ids: readonly string[]): Promise<(InboxMessage & { owner: string })[]>;
}

/** Makes the reading side of the inboxes. */
export function createInboxReading({ pool }: Pick<Database, 'pool'>): InboxReading {
  return {
    list: async (owner, query) => {
      const where = new Conditions();
      where.when(owner, 'owner =');
      boundIds(where, query, 'id');
      if (query.unread) where.add('read_at IS NULL');
      const limit = where.parameter(query.limit + 1);
      const sql = `SELECT ${inboxColumns} FROM inbox_message WHERE ${where.toSql()} ORDER BY id DESC LIMIT ${limit}`;
      const { rows } = await pool.query<InboxRecord>(sql, where.values);
      return toPage(rows, query.limit, toInboxMessage);
    },
    unreadCount: async (owner) => {
      const { rows } = await pool.query<{ unread: number }>(
        `SELECT count(*)::int AS unread FROM (SELECT FROM inbox_message WHERE owner = $1 AND read_at IS NULL LIMIT $2) bounded`,
        [owner, mostUnread],
      );
      return rows[0]?.unread ?? 0;
    },
    markRead: async (owner, { ids, upTo }) => {
      const where = new Conditions();
      where.when(owner, 'owner =');
      where.when(ids, 'id = ANY(', '::uuid[])');
      where.when(upTo, 'id <=');
      await pool.query(
        `UPDATE inbox_message SET read_at = now() WHERE ${where.toSql()} AND read_at IS NULL`,
        where.values,
      );
    },
    after: async (owner, afterId, limit) => {
      const sql = `SELECT ${inboxColumns} FROM inbox_message WHERE owner = $1 AND id > $2 ORDER BY id LIMIT $3`;
      const { rows } = await pool.query<InboxRecord>(sql, [owner, afterId, limit]);
      return rows.map(toInboxMessage);
    },
    byIds: async (ids) => {
      const sql = `SELECT ${inboxColumns}, owner FROM inbox_message WHERE id = ANY($1::uuid[]) ORDER BY id`;
      const { rows } = await pool.query<InboxRecord & { owner: string }>(sql, [ids]);
      return rows.map((row) => ({ ...toInboxMessage(row), owner: row.owner }));
    },
  };
}
