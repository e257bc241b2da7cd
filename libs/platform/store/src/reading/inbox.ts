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

/** A message with its place in the order of its inbox. */
export interface Arrival {
  owner: string;
  /** Bare UUIDv7 of the moment of arrival; later ones are greater, and are never seen earlier. */
  arrived: string;
  message: InboxMessage;
}

/** What has been read, in bare ids: some messages, or one and all that arrived before; neither means everything. */
export interface ReadMarks {
  ids?: readonly string[] | undefined;
  upTo?: string | undefined;
}

/** The inboxes, for reading. Their order is that of arrival, not that in which the deliveries were made. */
export interface InboxReading {
  /** Messages of an inbox, newest first. Throws CURSOR_INVALID. */
  list(owner: string, query: InboxQuery): Promise<Page<InboxMessage>>;
  /** How many are unread, counted up to 1,000. */
  unreadCount(owner: string): Promise<number>;
  /** Marks as read what is unread; others keep the time they have. */
  markRead(owner: string, marks: ReadMarks): Promise<void>;
  /** The place of the newest message of an inbox. */
  newestArrival(owner: string): Promise<string | undefined>;
  /**
   * The place of a message, by its bare id. For one that the inbox does not hold (any more) a place that is surely not
   * after its own: that of its delivery.
   */
  arrivalOf(owner: string, id: string): Promise<string>;
  /** Messages of an inbox that arrived after a place, oldest first. */
  after(owner: string, arrived: string, limit: number): Promise<Arrival[]>;
  /** The messages with these bare ids, oldest first, whoever owns them. */
  byIds(ids: readonly string[]): Promise<Arrival[]>;
}

const arrivalColumns = `${inboxColumns}, owner`;

interface ArrivalRecord extends InboxRecord {
  owner: string;
}

/** Makes the reading side of the inboxes. */
export function createInboxReading({ pool }: Pick<Database, 'pool'>): InboxReading {
  async function arrivalOf(owner: string, id: string): Promise<string> {
    const sql = 'SELECT arrived FROM inbox_message WHERE id = $2 AND owner = $1';
    const { rows } = await pool.query<{ arrived: string }>(sql, [owner, id]);
    return rows[0]?.arrived ?? id;
  }

  return {
    list: async (owner, query) => {
      const where = new Conditions();
      where.when(owner, 'owner =');
      boundIds(where, query, 'arrived');
      if (query.unread) where.add('read_at IS NULL');
      const limit = where.parameter(query.limit + 1);
      const sql = `SELECT ${inboxColumns} FROM inbox_message WHERE ${where.toSql()} ORDER BY arrived DESC LIMIT ${limit}`;
      const { rows } = await pool.query<InboxRecord>(sql, where.values);
      const placed = rows.map((row) => ({ id: row.arrived, row }));
      return toPage(placed, query.limit, ({ row }) => toInboxMessage(row));
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
      where.when(upTo === undefined ? undefined : await arrivalOf(owner, upTo), 'arrived <=');
      await pool.query(
        `UPDATE inbox_message SET read_at = now() WHERE ${where.toSql()} AND read_at IS NULL`,
        where.values,
      );
    },
    newestArrival: async (owner) => {
      const sql = 'SELECT arrived FROM inbox_message WHERE owner = $1 ORDER BY arrived DESC LIMIT 1';
      const { rows } = await pool.query<{ arrived: string }>(sql, [owner]);
      return rows[0]?.arrived;
    },
    arrivalOf,
    after: async (owner, arrived, limit) => {
      const sql = `SELECT ${arrivalColumns} FROM inbox_message WHERE owner = $1 AND arrived > $2 ORDER BY arrived LIMIT $3`;
      const { rows } = await pool.query<ArrivalRecord>(sql, [owner, arrived, limit]);
      return rows.map(toArrival);
    },
    byIds: async (ids) => {
      const sql = `SELECT ${arrivalColumns} FROM inbox_message WHERE id = ANY($1::uuid[]) ORDER BY arrived`;
      const { rows } = await pool.query<ArrivalRecord>(sql, [ids]);
      return rows.map(toArrival);
    },
  };
}

function toArrival(row: ArrivalRecord): Arrival {
  return { owner: row.owner, arrived: row.arrived, message: toInboxMessage(row) };
}
