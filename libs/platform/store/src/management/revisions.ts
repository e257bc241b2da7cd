/** The history of the book, and changes of several definitions at once. */
import { HouseError, mostNamesInList, type Fault, type JsonValue, type RevisionKind } from '#contract';
import type pg from 'pg';
import { inTransaction, type Database } from '../database.ts';
import { recordChange } from './audit.ts';
import {
  loadBook,
  placeOf,
  refuseUnstorable,
  withChanges,
  type BookChange,
  type Noun,
  type StoredBook,
} from './book.ts';
import { asStored, lockBook, writeRevision, type Authorship } from './edit.ts';

/** What of the history is asked for. */
export interface RevisionsQuery {
  noun?: Noun | undefined;
  slug?: string | undefined;
  author?: string | undefined;
  limit: number;
  /** Only older revisions are answered. */
  before?: bigint | undefined;
}

/** A revision without what it changed. */
export interface RevisionHead {
  number: bigint;
  at: Date;
  author: string;
  comment: string | null;
  kind: RevisionKind;
}

/** What a revision changed, in short: how much, and the first names. */
export interface RevisionInShort extends RevisionHead {
  added: number;
  changed: number;
  removed: number;
  names: { noun: Noun; slug: string; before: boolean; after: boolean }[];
}

/** A definition before and after a revision; `null` for none. Secrets of backends are masked. */
export interface StoredChange {
  noun: Noun;
  slug: string;
  before: JsonValue;
  after: JsonValue;
}

/** What is wrong with changes of a book, which is the one before them. */
export type CheckChanges = (book: StoredBook, changes: readonly BookChange[]) => Fault[] | Promise<Fault[]>;

/** The history of the book. */
export interface Revisions {
  /** Revisions, newest first. */
  list(query: RevisionsQuery): Promise<RevisionInShort[]>;
  get(number: bigint): Promise<(RevisionHead & { changes: StoredChange[] }) | undefined>;
  /** The book as it stood after a revision, with the backends of now; `undefined` when the history does not reach back so far. */
  bookAt(number: bigint): Promise<StoredBook | undefined>;
  /**
   * Makes several changes as one revision; `decide` answers them for the book that nobody else changes meanwhile, or throws.
   * Answers the number of the revision, `undefined` when nothing changes.
   */
  make(
    by: Authorship,
    decide: (book: StoredBook) => readonly BookChange[] | Promise<readonly BookChange[]>,
  ): Promise<bigint | undefined>;
  /**
   * Makes the book stand as it did after a revision, but for its backends. Throws NOT_FOUND, DEFINITION_INVALID with what
   * `check` finds, and STATE_CONFLICT when it stands so already.
   */
  restore(number: bigint, by: Authorship, nouns: readonly Noun[], check: CheckChanges): Promise<bigint>;
}

const bookNouns: readonly Noun[] = ['rule', 'recipient', 'group', 'template', 'schedule', 'settings'];

/** Makes the history on a database. */
export function createRevisions({ pool }: Pick<Database, 'pool'>): Revisions {
  return {
    list: async ({ noun, slug, author, limit, before }) => {
      const { rows } = await pool.query<RevisionInShort>(listSql, [
        before ?? null,
        author ?? null,
        noun ?? null,
        slug ?? null,
        limit,
      ]);
      return rows.map((row) => ({ ...row, number: BigInt(row.number) }));
    },
    get: (number) => getRevision(pool, number),
    bookAt: (number) => inTransaction(pool, (client) => bookAt(client, number)),
    make: (by, decide) =>
      inTransaction(pool, async (client) => {
        await lockBook(client);
        return makeRevision(client, by, await decide(await loadBook(client)));
      }),
    restore: (number, by, nouns, check) =>
      inTransaction(pool, async (client) => {
        const changes = await wayBack(client, number, nouns);
        const faults = await check(await loadBook(client), changes);
        if (faults.length > 0) throw new HouseError('DEFINITION_INVALID', { faults });
        const made = await makeRevision(client, by, changes);
        if (made === undefined)
          throw new HouseError('STATE_CONFLICT', { detail: `The book stands as after revision ${number} already.` });
        return made;
      }),
  };
}

/** Writes checked changes as one revision and records who did it. The book must be locked. */
export async function makeRevision(
  client: pg.PoolClient,
  by: Authorship,
  changes: readonly BookChange[],
): Promise<bigint | undefined> {
  const clean = changes.map((change) =>
    change.body === undefined ? change : { ...change, body: asStored(change.body) },
  );
  for (const { noun, slug, body } of clean) if (body !== undefined) refuseUnstorable(body, placeOf(noun, slug));
  const made = await writeRevision(client, clean, by);
  if (!made) return undefined;
  const action = by.kind === 'change' ? 'replace' : by.kind;
  await recordChange(client, { actor: by.author, action, noun: 'revision', name: String(made.number) });
  return made.number;
}

async function bookAt(client: pg.PoolClient, number: bigint): Promise<StoredBook | undefined> {
  // The book and its history must be of one moment; nobody has to wait for that.
  await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const book = await loadBook(client);
  if (book.version === number) return book;
  if (!(await reaches(client, number, book.version))) return undefined;
  return withChanges(book, number, await changesBack(client, number, bookNouns));
}

/** What must change for the book to stand as after a revision. Locks the book. */
async function wayBack(client: pg.PoolClient, number: bigint, nouns: readonly Noun[]): Promise<BookChange[]> {
  const version = await lockBook(client);
  if (!(await reaches(client, number, version)))
    throw new HouseError('NOT_FOUND', {
      detail: `There is no revision ${number}, or not all that follow it are kept.`,
    });
  return changesBack(client, number, nouns);
}

/** Whether the history holds a revision and all that follow it. */
async function reaches(client: pg.PoolClient, number: bigint, version: bigint): Promise<boolean> {
  const sql = 'SELECT count(*) FROM revision WHERE number >= $1';
  const { rows } = await client.query<{ count: string }>(sql, [number]);
  return BigInt(rows[0]!.count) === version - number + 1n;
}

/** What definitions were like before the first change after a revision. */
async function changesBack(client: pg.PoolClient, number: bigint, nouns: readonly Noun[]): Promise<BookChange[]> {
  const { rows } = await client.query<{ noun: Noun; slug: string; before: JsonValue }>(
    `SELECT DISTINCT ON (noun, slug) noun, slug, before FROM revision_change
     WHERE revision > $1 AND noun = ANY($2) AND noun <> 'backend' ORDER BY noun, slug, revision`,
    [number, nouns],
  );
  return rows.map(({ noun, slug, before }) => (before === null ? { noun, slug } : { noun, slug, body: before }));
}

const listSql = `
  SELECT r.*, c.added, c.changed, c.removed, COALESCE(n.names, '[]') AS names
  FROM (
    SELECT number, at, author, comment, kind FROM revision r
    WHERE ($1::bigint IS NULL OR number < $1) AND ($2::text IS NULL OR author = $2)
      AND (($3::text IS NULL AND $4::text IS NULL) OR EXISTS (
        SELECT 1 FROM revision_change c
        WHERE c.revision = r.number AND ($3::text IS NULL OR c.noun = $3) AND ($4::text IS NULL OR c.slug = $4)))
    ORDER BY number DESC LIMIT $5
  ) r
  CROSS JOIN LATERAL (
    SELECT (count(*) FILTER (WHERE before IS NULL))::int AS added, (count(*) FILTER (WHERE after IS NULL))::int AS removed,
           (count(*) FILTER (WHERE before IS NOT NULL AND after IS NOT NULL))::int AS changed
    FROM revision_change WHERE revision = r.number
  ) c
  CROSS JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('noun', noun, 'slug', slug, 'before', before, 'after', after)) AS names
    FROM (SELECT noun, slug, before IS NOT NULL AS before, after IS NOT NULL AS after FROM revision_change
          WHERE revision = r.number ORDER BY noun, slug LIMIT ${mostNamesInList}) first
  ) n
  ORDER BY r.number DESC`;

async function getRevision(
  pool: pg.Pool,
  number: bigint,
): Promise<(RevisionHead & { changes: StoredChange[] }) | undefined> {
  const { rows } = await pool.query<RevisionHead>('SELECT * FROM revision WHERE number = $1', [number]);
  if (!rows[0]) return undefined;
  const { rows: changes } = await pool.query<StoredChange>(
    'SELECT noun, slug, before, after FROM revision_change WHERE revision = $1 ORDER BY noun, slug',
    [number],
  );
  return { ...rows[0], number, changes };
}
