/** The one way to change the book: under its lock, as one revision, announced. */
import { isDeepStrictEqual } from 'node:util';
import type { JsonValue, RevisionKind } from '#contract';
import type pg from 'pg';
import { forgetBackend } from '../circuits.ts';
import type { BookChange, Noun, Queryable } from './book.ts';
import { forgetTrouble } from './rule-trouble.ts';
import { maskSealed } from './sealer.ts';

/** A definition with its history in short. */
export interface StoredDefinition {
  slug: string;
  body: JsonValue;
  createdAt: Date;
  updatedAt: Date;
  /** Name of the API key of the last change. */
  updatedBy: string;
  /** Number of the revision that changed it last. */
  revision: bigint;
}

/** Who makes a revision, how, and why. */
export interface Authorship {
  author: string;
  comment?: string | undefined;
  kind: RevisionKind;
}

/** One definition before and after a change, with absent for none. */
export interface MadeChange extends BookChange {
  before?: JsonValue | undefined;
}

/** A revision that was written. */
export interface MadeRevision {
  number: bigint;
  /** What really changed. */
  changes: readonly MadeChange[];
}

/** Channel on which every change of the book is announced, with the new version. */
export const bookChannel = 'vestnik_book';

/** Keeps everybody else from changing the book until the transaction ends. Answers its version. */
export async function lockBook(client: pg.PoolClient): Promise<bigint> {
  const { rows } = await client.query<{ version: string }>('SELECT version FROM book WHERE id = 1 FOR UPDATE');
  return BigInt(rows[0]!.version);
}

/** A body as it will be read back: without `undefined`, so that it compares with what is stored. */
export function asStored(body: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(body)) as JsonValue;
}

/**
 * Writes changes as one revision and announces it. The book must be locked, and each definition be named once at most.
 * Changes that change nothing are left out; answers `undefined` when none is left.
 */
export async function writeRevision(
  client: pg.PoolClient,
  wanted: readonly BookChange[],
  by: Authorship,
): Promise<MadeRevision | undefined> {
  const changes = await realChanges(client, wanted);
  if (changes.length === 0) return undefined;
  const number = await announce(client);
  await writeHistory(client, number, changes, by);
  await writeDefinitions(client, number, changes, by.author);
  await forgetTrouble(client, slugsOf(changes, 'rule'));
  const gone = changes.filter(({ body }) => body === undefined);
  for (const backend of slugsOf(gone, 'backend')) await forgetBackend(client, backend);
  return { number, changes };
}

function slugsOf(changes: readonly BookChange[], noun: Noun): string[] {
  return changes.filter((change) => change.noun === noun).map(({ slug }) => slug);
}

async function realChanges(client: pg.PoolClient, wanted: readonly BookChange[]): Promise<MadeChange[]> {
  const { rows } = await client.query<{ noun: Noun; slug: string; body: JsonValue }>(
    'SELECT noun, slug, body FROM definition WHERE (noun, slug) IN (SELECT * FROM unnest($1::text[], $2::text[]))',
    namesOf(wanted),
  );
  const present = new Map(rows.map(({ noun, slug, body }) => [`${noun}/${slug}`, body]));
  return wanted.flatMap((change) => {
    const before = present.get(`${change.noun}/${change.slug}`);
    return isDeepStrictEqual(before, change.body) ? [] : [{ ...change, before }];
  });
}

async function announce(client: pg.PoolClient): Promise<bigint> {
  const { rows } = await client.query<{ version: string }>(
    `WITH moved AS (UPDATE book SET version = version + 1 WHERE id = 1 RETURNING version)
     SELECT version, pg_notify($1, version::text) FROM moved`,
    [bookChannel],
  );
  return BigInt(rows[0]!.version);
}

async function writeHistory(
  client: pg.PoolClient,
  number: bigint,
  changes: readonly MadeChange[],
  { author, comment, kind }: Authorship,
): Promise<void> {
  await client.query('INSERT INTO revision (number, author, comment, kind) VALUES ($1, $2, $3, $4)', [
    number,
    author,
    comment ?? null,
    kind,
  ]);
  const shown = (body: JsonValue | undefined) => (body === undefined ? null : JSON.stringify(maskSealed(body)));
  await client.query(
    `INSERT INTO revision_change (revision, noun, slug, before, after)
     SELECT $1::bigint, w.noun, w.slug, w.before::jsonb, w.after::jsonb
     FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS w (noun, slug, before, after)`,
    [number, ...namesOf(changes), changes.map(({ before }) => shown(before)), changes.map(({ body }) => shown(body))],
  );
}

async function writeDefinitions(
  client: pg.PoolClient,
  number: bigint,
  changes: readonly MadeChange[],
  author: string,
): Promise<void> {
  const kept = changes.filter(({ body }) => body !== undefined);
  const gone = changes.filter(({ body }) => body === undefined);
  if (kept.length > 0)
    await client.query(
      `INSERT INTO definition (noun, slug, body, updated_by, revision)
       SELECT w.noun, w.slug, w.body::jsonb, $1, $2 FROM unnest($3::text[], $4::text[], $5::text[]) AS w (noun, slug, body)
       ON CONFLICT (noun, slug) DO UPDATE
       SET body = EXCLUDED.body, updated_at = now(), updated_by = EXCLUDED.updated_by, revision = EXCLUDED.revision`,
      [author, number, ...namesOf(kept), kept.map(({ body }) => JSON.stringify(body))],
    );
  if (gone.length > 0)
    await client.query(
      'DELETE FROM definition WHERE (noun, slug) IN (SELECT * FROM unnest($1::text[], $2::text[]))',
      namesOf(gone),
    );
}

function namesOf(changes: readonly BookChange[]): [nouns: Noun[], slugs: string[]] {
  return [changes.map(({ noun }) => noun), changes.map(({ slug }) => slug)];
}

interface DefinitionRow extends Omit<StoredDefinition, 'body' | 'revision'> {
  body: unknown;
  revision: string | bigint;
}

/** Reads one definition as it stands. */
export async function findDefinition(
  queryable: Queryable,
  noun: Noun,
  slug: string,
): Promise<StoredDefinition | undefined> {
  const { rows } = await (queryable as pg.Pool).query<DefinitionRow>(
    `SELECT slug, body, created_at AS "createdAt", updated_at AS "updatedAt", updated_by AS "updatedBy", revision
     FROM definition WHERE noun = $1 AND slug = $2`,
    [noun, slug],
  );
  return rows[0] ? toDefinition(rows[0]) : undefined;
}

/** Makes a definition out of a row of either client. */
export function toDefinition({
  slug,
  body,
  createdAt,
  updatedAt,
  updatedBy,
  revision,
}: DefinitionRow): StoredDefinition {
  return { slug, body: body as JsonValue, createdAt, updatedAt, updatedBy, revision: BigInt(revision) };
}
