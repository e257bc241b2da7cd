/** What people define, and the one way to change it: locked, checked, audited, announced. */
import { isDeepStrictEqual } from 'node:util';
import { HouseError, type Fault, type JsonValue } from '#contract';
import type pg from 'pg';
import { inTransaction, type Database } from '../database.ts';
import { forgetBackend, forgiveBackend } from '../circuits.ts';
import { recordChange } from './audit.ts';
import { loadBook, refuseUnstorable, type Noun, type StoredBook } from './book.ts';

/** A definition with its history in short. */
export interface StoredDefinition {
  slug: string;
  body: JsonValue;
  createdAt: Date;
  updatedAt: Date;
  /** Name of the API key of the last change. */
  updatedBy: string;
}

/** What came of a PUT. */
export interface PutResult {
  stored: StoredDefinition;
  created: boolean;
}

/** The definitions of the house. */
export interface Definitions {
  /** Definitions of one noun by slug, those after `after` if given. */
  list(noun: Noun, page: { limit: number; after?: string | undefined }): Promise<StoredDefinition[]>;
  get(noun: Noun, slug: string): Promise<StoredDefinition | undefined>;
  /**
   * Creates or replaces; the same body again changes nothing. `check` sees the book as it stands before the change, and
   * nobody else changes it meanwhile. Throws DEFINITION_INVALID with the faults that `check` answers.
   */
  put(
    noun: Noun,
    slug: string,
    body: JsonValue,
    actor: string,
    check?: (book: StoredBook) => Fault[],
  ): Promise<PutResult>;
  /** Deletes. Throws NOT_FOUND, or SLUG_IN_USE with the faults that `referrers` answers. */
  remove(noun: Noun, slug: string, actor: string, referrers?: (book: StoredBook) => Fault[]): Promise<void>;
  loadBook(): Promise<StoredBook>;
  /** Number that moves with every change of the book. */
  version(): Promise<bigint>;
}

/** Channel on which every change of the book is announced, with the new version. */
export const bookChannel = 'vestnik_book';

/** Makes the definitions on a database. */
export function createDefinitions(database: Pick<Database, 'pool' | 'prisma'>): Definitions {
  const { pool, prisma } = database;
  return {
    list: async (noun, { limit, after }) => {
      const where = { noun, ...(after === undefined ? {} : { slug: { gt: after } }) };
      const rows = await prisma.definition.findMany({ where, orderBy: { slug: 'asc' }, take: limit });
      return rows.map(toDefinition);
    },
    get: async (noun, slug) => {
      const row = await prisma.definition.findUnique({ where: { noun_slug: { noun, slug } } });
      return row ? toDefinition(row) : undefined;
    },
    put: (noun, slug, body, actor, check) => {
      // Through JSON text, as it will be read back: without `undefined`, so that it compares with what is stored.
      const clean = JSON.parse(JSON.stringify(body)) as JsonValue;
      return inTransaction(pool, (client) => put(client, { noun, slug, actor }, clean, check));
    },
    remove: (noun, slug, actor, referrers) =>
      inTransaction(pool, (client) => remove(client, { noun, slug, actor }, referrers)),
    loadBook: () => loadBook(pool),
    version: async () => {
      const { rows } = await pool.query<{ version: string }>({
        name: 'book_version',
        text: 'SELECT version FROM book WHERE id = 1',
      });
      return BigInt(rows[0]?.version ?? 0);
    },
  };
}

interface Target {
  noun: Noun;
  slug: string;
  actor: string;
}

async function put(
  client: pg.PoolClient,
  target: Target,
  body: JsonValue,
  check?: (book: StoredBook) => Fault[],
): Promise<PutResult> {
  refuseUnstorable(body);
  await lockBook(client);
  const faults = check ? check(await loadBook(client)) : [];
  if (faults.length > 0) throw new HouseError('DEFINITION_INVALID', { faults });
  const before = await find(client, target);
  if (target.noun === 'backend') await forgiveBackend(client, target.slug);
  if (before && isDeepStrictEqual(before.body, body)) return { stored: before, created: false };
  const { rows } = await client.query<DefinitionRow>(
    `INSERT INTO definition (noun, slug, body, updated_by) VALUES ($1, $2, $3, $4)
     ON CONFLICT (noun, slug) DO UPDATE SET body = EXCLUDED.body, updated_at = now(), updated_by = EXCLUDED.updated_by
     RETURNING ${columns}`,
    [target.noun, target.slug, JSON.stringify(body), target.actor],
  );
  await recordChange(client, {
    actor: target.actor,
    action: before ? 'replace' : 'create',
    noun: target.noun,
    name: target.slug,
    before: before?.body,
    after: body,
  });
  await announce(client);
  return { stored: toDefinition(rows[0]!), created: !before };
}

async function remove(client: pg.PoolClient, target: Target, referrers?: (book: StoredBook) => Fault[]): Promise<void> {
  await lockBook(client);
  const before = await find(client, target);
  if (!before) throw new HouseError('NOT_FOUND', { detail: `There is no ${target.noun} ${target.slug}.` });
  const faults = referrers ? referrers(await loadBook(client)) : [];
  if (faults.length > 0) throw new HouseError('SLUG_IN_USE', { faults });
  await client.query('DELETE FROM definition WHERE noun = $1 AND slug = $2', [target.noun, target.slug]);
  if (target.noun === 'backend') await forgetBackend(client, target.slug);
  await recordChange(client, {
    actor: target.actor,
    action: 'delete',
    noun: target.noun,
    name: target.slug,
    before: before.body,
  });
  await announce(client);
}

async function lockBook(client: pg.PoolClient): Promise<void> {
  await client.query('SELECT version FROM book WHERE id = 1 FOR UPDATE');
}

async function announce(client: pg.PoolClient): Promise<void> {
  await client.query(
    `WITH moved AS (UPDATE book SET version = version + 1 WHERE id = 1 RETURNING version)
     SELECT pg_notify($1, version::text) FROM moved`,
    [bookChannel],
  );
}

interface DefinitionRow {
  slug: string;
  body: unknown;
  createdAt: Date;
  updatedAt: Date;
  updatedBy: string;
}

const columns = 'slug, body, created_at AS "createdAt", updated_at AS "updatedAt", updated_by AS "updatedBy"';

async function find(client: pg.PoolClient, { noun, slug }: Target): Promise<StoredDefinition | undefined> {
  const sql = `SELECT ${columns} FROM definition WHERE noun = $1 AND slug = $2`;
  const { rows } = await client.query<DefinitionRow>(sql, [noun, slug]);
  return rows[0] ? toDefinition(rows[0]) : undefined;
}

function toDefinition({ slug, body, createdAt, updatedAt, updatedBy }: DefinitionRow): StoredDefinition {
  return { slug, body: body as JsonValue, createdAt, updatedAt, updatedBy };
}
