/** Drafts: changes of the book that are gathered before they go live together. */
import { HouseError, type Fault, type JsonValue } from '#contract';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
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
import type { Editor } from './definitions.ts';
import { asStored, findDefinition, lockBook, type StoredDefinition } from './edit.ts';
import { insist, type Precondition } from './precondition.ts';
import { makeRevision, type CheckChanges } from './revisions.ts';

/** One definition in a draft; without a body it is to be removed. */
export interface DraftChange extends BookChange {
  /** Revision of the live definition that the change was made on; absent: there was none. */
  base?: bigint | undefined;
  /** Grows with every change of the draft. */
  number: bigint;
  author: string;
  at: Date;
}

/** A draft without its changes. */
export interface DraftHead {
  id: string;
  title?: string | undefined;
  comment?: string | undefined;
  author: string;
  createdAt: Date;
  /** Revision of the book when the draft was opened. */
  base: bigint;
}

/** A draft with its changes, by noun and slug. */
export interface StoredDraft extends DraftHead {
  changes: DraftChange[];
}

/** A definition as a draft sees it. */
export interface DraftSight {
  /** Absent: the draft removes it. */
  body?: JsonValue | undefined;
  /** Moves with every change of it, in the draft and in the live book. */
  tag: string;
}

/** The drafts of the house. */
export interface Drafts {
  create(draft: { title?: string | undefined; comment?: string | undefined }, author: string): Promise<DraftHead>;
  /** Drafts, newest first, each with the number of its changes. */
  list(page: { limit: number; before?: string | undefined }): Promise<(DraftHead & { count: number })[]>;
  get(id: string): Promise<StoredDraft | undefined>;
  /** Throws NOT_FOUND. */
  discard(id: string, author: string): Promise<void>;
  /** A definition as the draft sees it: changed by it, or as it is live. `undefined` when it is in neither. */
  look(id: string, noun: Noun, slug: string): Promise<DraftSight | undefined>;
  /** Puts a definition, or (without a body) marks it for removal; the live one of now becomes its base. Throws NOT_FOUND and PRECONDITION_FAILED. */
  put(id: string, change: BookChange, editor: Editor): Promise<DraftSight & { created: boolean }>;
  /** Takes a change back, so that the definition is again as it is live. Throws NOT_FOUND and PRECONDITION_FAILED. */
  takeBack(id: string, noun: Noun, slug: string, precondition?: Precondition): Promise<void>;
  /** The book as it would be with the draft. Throws NOT_FOUND. */
  loadBook(id: string): Promise<StoredBook>;
  /** Changes whose live definition was changed by others since, as faults. */
  conflicts(draft: StoredDraft): Promise<Fault[]>;
  /**
   * Makes all changes live as one revision, after which the draft is gone. Throws NOT_FOUND, PRECONDITION_FAILED with the
   * conflicts, DEFINITION_INVALID with what `check` finds, and STATE_CONFLICT when nothing would change.
   */
  publish(id: string, by: { author: string; comment?: string | undefined }, check: CheckChanges): Promise<bigint>;
}

/** The book with the changes of a draft; the one given stays as it is. */
export function bookWithDraft(book: StoredBook, changes: readonly BookChange[]): StoredBook {
  return withChanges(book, book.version, changes);
}

/** Makes the drafts on a database. */
export function createDrafts({ pool }: Pick<Database, 'pool'>): Drafts {
  return {
    create: ({ title, comment }, author) =>
      inTransaction(pool, async (client) => {
        const { rows } = await client.query<HeadRow>(
          `INSERT INTO draft (id, title, comment, author, base) SELECT $1, $2, $3, $4, version FROM book WHERE id = 1
           RETURNING ${headColumns}`,
          [uuidv7(), title ?? null, comment ?? null, author],
        );
        await recordChange(client, { actor: author, action: 'create', noun: 'draft', name: rows[0]!.id });
        return toHead(rows[0]!);
      }),
    list: async ({ limit, before }) => {
      const { rows } = await pool.query<HeadRow & { count: number }>(
        `SELECT ${headColumns}, (SELECT count(*)::int FROM draft_change WHERE draft = id) AS count
         FROM draft WHERE $2::uuid IS NULL OR id < $2 ORDER BY id DESC LIMIT $1`,
        [limit, before ?? null],
      );
      return rows.map((row) => ({ ...toHead(row), count: row.count }));
    },
    get: (id) => readDraft(pool, id),
    discard: (id, author) =>
      inTransaction(pool, async (client) => {
        const draft = await takeDraft(client, id);
        await client.query('DELETE FROM draft WHERE id = $1', [id]);
        const names = draft.changes.map(({ noun, slug }) => placeOf(noun, slug));
        await recordChange(client, { actor: author, action: 'delete', noun: 'draft', name: id, before: names });
      }),
    look: async (id, noun, slug) => {
      const { change, live } = await bothSights(pool, id, noun, slug);
      if (!change && !live) return undefined;
      return { body: change ? change.body : live!.body, tag: tagOf(change, live) };
    },
    put: (id, change, editor) => inTransaction(pool, (client) => putChange(client, id, change, editor)),
    takeBack: (id, noun, slug, precondition) =>
      inTransaction(pool, async (client) => {
        await lockDraft(client, id);
        const { change, live } = await bothSights(client, id, noun, slug);
        if (!change) throw notFound(`The draft does not change the ${noun} \`${slug}\`.`);
        insistOnSight(precondition, noun, slug, change, live);
        await client.query('DELETE FROM draft_change WHERE draft = $1 AND noun = $2 AND slug = $3', [id, noun, slug]);
      }),
    loadBook: async (id) => {
      const draft = await readDraft(pool, id);
      if (!draft) throw notFound('There is no such draft; it may have been published or discarded.');
      return bookWithDraft(await loadBook(pool), draft.changes);
    },
    conflicts: (draft) => conflictsOf(pool, draft),
    publish: (id, by, check) => inTransaction(pool, (client) => publish(client, id, by, check)),
  };
}

type Client = pg.PoolClient | pg.Pool;

async function putChange(
  client: pg.PoolClient,
  id: string,
  wanted: BookChange,
  { author, precondition }: Editor,
): Promise<DraftSight & { created: boolean }> {
  const { noun, slug } = wanted;
  const body = wanted.body === undefined ? undefined : asStored(wanted.body);
  if (body !== undefined) refuseUnstorable(body);
  await lockDraft(client, id);
  const { change, live } = await bothSights(client, id, noun, slug);
  const seen = change ? change.body : live?.body;
  if (body === undefined && seen === undefined && precondition?.ifMatch === undefined)
    throw notFound(`There is no ${noun} \`${slug}\` in the draft.`);
  insistOnSight(precondition, noun, slug, change, live);
  const { rows } = await client.query<{ counter: string }>(
    'UPDATE draft SET counter = counter + 1 WHERE id = $1 RETURNING counter',
    [id],
  );
  const number = BigInt(rows[0]!.counter);
  if (body === undefined && !live) {
    // What only the draft has is gone with its change; there is nothing to remove from the live book.
    await client.query('DELETE FROM draft_change WHERE draft = $1 AND noun = $2 AND slug = $3', [id, noun, slug]);
    return { tag: tagOf({ number }, undefined), created: false };
  }
  await client.query(
    `INSERT INTO draft_change (draft, noun, slug, body, base, number, author) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (draft, noun, slug) DO UPDATE
     SET body = EXCLUDED.body, base = EXCLUDED.base, number = EXCLUDED.number, author = EXCLUDED.author, at = now()`,
    [id, noun, slug, body === undefined ? null : JSON.stringify(body), live?.revision ?? null, number, author],
  );
  return { body, tag: tagOf({ number }, live), created: seen === undefined };
}

async function publish(
  client: pg.PoolClient,
  id: string,
  by: { author: string; comment?: string | undefined },
  check: CheckChanges,
): Promise<bigint> {
  await lockBook(client);
  const draft = await takeDraft(client, id);
  const conflicts = await conflictsOf(client, draft);
  if (conflicts.length > 0)
    throw new HouseError('PRECONDITION_FAILED', {
      detail: 'The live book changed under this draft; put what `errors` names into the draft again.',
      faults: conflicts,
    });
  const faults = await check(await loadBook(client), draft.changes);
  if (faults.length > 0) throw new HouseError('DEFINITION_INVALID', { faults });
  const comment = by.comment ?? draft.comment ?? draft.title;
  const number = await makeRevision(client, { author: by.author, comment, kind: 'publish' }, draft.changes);
  if (number === undefined)
    throw new HouseError('STATE_CONFLICT', { detail: 'The draft changes nothing: the live book stands so already.' });
  await client.query('DELETE FROM draft WHERE id = $1', [id]);
  return number;
}

async function conflictsOf(client: Client, { changes }: StoredDraft): Promise<Fault[]> {
  const names = [changes.map(({ noun }) => noun), changes.map(({ slug }) => slug)];
  const { rows } = await client.query<{ noun: Noun; slug: string; revision: string; by: string; at: Date }>(
    `SELECT noun, slug, revision, updated_by AS by, updated_at AS at FROM definition
     WHERE (noun, slug) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    names,
  );
  const live = new Map(rows.map((row) => [`${row.noun}/${row.slug}`, row]));
  return changes.flatMap(({ noun, slug, base }) => {
    const now = live.get(`${noun}/${slug}`);
    if (now?.revision === base?.toString()) return [];
    const detail = now
      ? `\`${now.by}\` changed it live at ${now.at.toISOString()} (revision ${now.revision}), after the draft took it up`
      : 'was removed from the live book after the draft took it up';
    return [{ pointer: placeOf(noun, slug), detail }];
  });
}

function tagOf(change: Pick<DraftChange, 'number'> | undefined, live: StoredDefinition | undefined): string {
  return `d${change?.number ?? 0}.${live?.revision ?? 0}`;
}

function insistOnSight(
  precondition: Precondition | undefined,
  noun: Noun,
  slug: string,
  change: DraftChange | undefined,
  live: StoredDefinition | undefined,
): void {
  const last = [
    ...(change ? [{ by: change.author, at: change.at }] : []),
    ...(live ? [{ by: live.updatedBy, at: live.updatedAt }] : []),
  ].sort((one, other) => other.at.getTime() - one.at.getTime())[0];
  const isThere = noun === 'settings' || (change ? change.body !== undefined : live !== undefined);
  insist(
    precondition,
    `In the draft the ${noun} \`${slug}\``,
    isThere ? { tag: tagOf(change, live), ...(last ? { changedBy: last.by, changedAt: last.at } : {}) } : undefined,
  );
}

async function bothSights(
  client: Client,
  id: string,
  noun: Noun,
  slug: string,
): Promise<{ change: DraftChange | undefined; live: StoredDefinition | undefined }> {
  const { rows } = await client.query<ChangeRow & { known: boolean }>(
    `SELECT c.* FROM draft d LEFT JOIN draft_change c ON c.draft = d.id AND c.noun = $2 AND c.slug = $3 WHERE d.id = $1`,
    [id, noun, slug],
  );
  if (!rows[0]) throw noDraft();
  const change = rows[0].noun === null ? undefined : toChange(rows[0]);
  return { change, live: await findDefinition(client, noun, slug) };
}

async function lockDraft(client: pg.PoolClient, id: string): Promise<void> {
  const { rowCount } = await client.query('SELECT id FROM draft WHERE id = $1 FOR UPDATE', [id]);
  if (rowCount === 0) throw noDraft();
}

async function takeDraft(client: pg.PoolClient, id: string): Promise<StoredDraft> {
  await lockDraft(client, id);
  return (await readDraft(client, id))!;
}

function noDraft(): HouseError {
  return notFound('There is no such draft; it may have been published or discarded.');
}

function notFound(detail: string): HouseError {
  return new HouseError('NOT_FOUND', { detail });
}

const headColumns = 'id, title, comment, author, created_at AS "createdAt", base';

interface HeadRow {
  id: string;
  title: string | null;
  comment: string | null;
  author: string;
  createdAt: Date;
  base: string;
}

interface ChangeRow {
  noun: Noun | null;
  slug: string;
  body: JsonValue;
  base: string | null;
  number: string;
  author: string;
  at: Date;
}

async function readDraft(client: Client, id: string): Promise<StoredDraft | undefined> {
  const { rows } = await client.query<HeadRow>(`SELECT ${headColumns} FROM draft WHERE id = $1`, [id]);
  if (!rows[0]) return undefined;
  const { rows: changes } = await client.query<ChangeRow>(
    'SELECT * FROM draft_change WHERE draft = $1 ORDER BY noun, slug',
    [id],
  );
  return { ...toHead(rows[0]), changes: changes.map(toChange) };
}

function toHead({ id, title, comment, author, createdAt, base }: HeadRow): DraftHead {
  return { id, title: title ?? undefined, comment: comment ?? undefined, author, createdAt, base: BigInt(base) };
}

function toChange({ noun, slug, body, base, number, author, at }: ChangeRow): DraftChange {
  return {
    noun: noun!,
    slug,
    ...(body === null ? {} : { body }),
    ...(base === null ? {} : { base: BigInt(base) }),
    number: BigInt(number),
    author,
    at,
  };
}
