/** Who changed what: one entry per change, written in the transaction of the change. */
import { toPublicId, uuidTimeMs, type AuditEntry, type JsonValue } from '#contract';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import type { Database } from '../database.ts';
import type { Queryable } from './book.ts';
import { maskSealed } from './sealer.ts';

/** A change to be recorded. Sealed values are masked on the way in. */
export interface Change {
  actor: string;
  action:
    'create' | 'replace' | 'delete' | 'publish' | 'restore' | 'import' | 'redrive' | 'replay' | 'revoke' | 'resume';
  noun: string;
  name: string;
  before?: JsonValue | undefined;
  after?: JsonValue | undefined;
}

/** What of the audit is asked for. */
export interface AuditQuery {
  noun?: string | undefined;
  name?: string | undefined;
  actor?: string | undefined;
  limit: number;
  /** Bare id of an entry; only older ones are answered. */
  before?: string | undefined;
}

/** The audit, for reading. */
export interface Audit {
  /** Entries, newest first. */
  list(query: AuditQuery): Promise<AuditEntry[]>;
}

/** Records a change. Called with the connection of the transaction that makes it; the same `id` again replaces `after`. */
export async function recordChange(queryable: Queryable, change: Change, id = uuidv7()): Promise<void> {
  const asText = (value: JsonValue | undefined) => (value === undefined ? null : JSON.stringify(maskSealed(value)));
  await (queryable as pg.Pool).query(
    `INSERT INTO audit_entry (id, actor, action, noun, name, before, after) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (id) DO UPDATE SET after = EXCLUDED.after`,
    [id, change.actor, change.action, change.noun, change.name, asText(change.before), asText(change.after)],
  );
}

/** Makes the reading side of the audit. */
export function createAudit(database: Pick<Database, 'prisma'>): Audit {
  return {
    list: async ({ noun, name, actor, limit, before }) => {
      const rows = await database.prisma.auditEntry.findMany({
        where: {
          ...(noun === undefined ? {} : { noun }),
          ...(name === undefined ? {} : { name }),
          ...(actor === undefined ? {} : { actor }),
          ...(before === undefined ? {} : { id: { lt: before } }),
        },
        orderBy: { id: 'desc' },
        take: limit,
      });
      return rows.map((row) => ({
        id: toPublicId('audit', row.id),
        at: new Date(uuidTimeMs(row.id)).toISOString(),
        actor: row.actor,
        action: row.action,
        noun: row.noun,
        name: row.name,
        ...(row.before === null ? {} : { before: row.before as JsonValue }),
        ...(row.after === null ? {} : { after: row.after as JsonValue }),
      }));
    },
  };
}
