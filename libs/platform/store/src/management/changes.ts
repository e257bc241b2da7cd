/** What became of the book since a version, so that a process need not load the whole book for one changed rule. */
import type { JsonValue } from '#contract';
import type pg from 'pg';
import { loadBook, withChanges, type BookChange, type Noun, type Queryable, type StoredBook } from './book.ts';

/** Most definitions that are read one by one; beyond them loading the book is no dearer. */
const mostChanges = 2000;

/** The way from one version of the book to a newer one. */
export interface BookDelta {
  /** The version that the changes lead to. */
  version: bigint;
  /** Each changed definition once, as it is at that version. */
  changes: BookChange[];
}

interface DeltaRow {
  version: string;
  known: string;
  noun: Noun | null;
  slug: string;
  body: JsonValue;
  there: boolean;
}

/**
 * Bodies come from the definitions, not from the history, for that has no secrets. One statement, so that version and
 * bodies belong together. `known` counts the revisions on the way: one that is missing makes the delta worthless.
 */
const deltaSql = `
  WITH moved AS (SELECT version FROM book WHERE id = 1),
  changed AS (SELECT DISTINCT noun, slug FROM revision_change WHERE revision > $1 LIMIT ${mostChanges + 1})
  SELECT m.version, (SELECT count(*) FROM revision WHERE number > $1) AS known,
         c.noun, c.slug, d.body, d.slug IS NOT NULL AS there
  FROM moved m LEFT JOIN changed c ON true LEFT JOIN definition d ON d.noun = c.noun AND d.slug = c.slug`;

/** Reads the way from a version to now; `undefined` when it is too long, or was not recorded in full. */
export async function readChanges(queryable: Queryable, since: bigint): Promise<BookDelta | undefined> {
  const { rows } = await (queryable as pg.Pool).query<DeltaRow>({
    name: 'book_changes',
    text: deltaSql,
    values: [since],
  });
  const version = BigInt(rows[0]?.version ?? 0);
  if (rows.length > mostChanges || BigInt(rows[0]?.known ?? 0) !== version - since) return undefined;
  const changes = rows.flatMap(({ noun, slug, body, there }): BookChange[] =>
    noun === null ? [] : [there ? { noun, slug, body } : { noun, slug }],
  );
  return { version, changes };
}

/**
 * Makes a way to read the book that remembers what it read last and asks only for what changed since. For those who hold the
 * lock of the book and have changed nothing yet, so that what is remembered is what is committed.
 */
export function createBookReader(): (queryable: Queryable) => Promise<StoredBook> {
  let known: StoredBook | undefined;
  return async (queryable) => {
    const delta = known && (await readChanges(queryable, known.version));
    known = known && delta ? withChanges(known, delta.version, delta.changes) : await loadBook(queryable);
    return known;
  };
}
