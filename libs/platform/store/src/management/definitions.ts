/** What people define, and how one definition is changed: locked, checked, written as a revision, audited, announced. */
import { isDeepStrictEqual } from 'node:util';
import { HouseError, type Fault, type JsonValue } from '#contract';
import type pg from 'pg';
import { inTransaction, type Database } from '../database.ts';
import { forgiveBackend } from '../circuits.ts';
import { recordChange } from './audit.ts';
import { loadBook, refuseUnstorable, type Noun, type StoredBook } from './book.ts';
import { createBookReader, readChanges, type BookDelta } from './changes.ts';
import { asStored, findDefinition, lockBook, toDefinition, writeRevision, type StoredDefinition } from './edit.ts';
import { insist, type Precondition, type Present } from './precondition.ts';

/** Who changes a definition, why, and on what condition. */
export interface Editor {
  /** Name of the API key. */
  author: string;
  comment?: string | undefined;
  precondition?: Precondition | undefined;
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
   * nobody else changes it meanwhile. `by` is the name of the author, or more. Throws DEFINITION_INVALID with the faults
   * that `check` answers, and PRECONDITION_FAILED.
   */
  put(
    noun: Noun,
    slug: string,
    body: JsonValue,
    by: string | Editor,
    check?: (book: StoredBook) => Fault[],
  ): Promise<PutResult>;
  /** Deletes. Throws NOT_FOUND, PRECONDITION_FAILED, or SLUG_IN_USE with the faults that `referrers` answers. */
  remove(noun: Noun, slug: string, by: string | Editor, referrers?: (book: StoredBook) => Fault[]): Promise<void>;
  loadBook(): Promise<StoredBook>;
  /** What became of the book since a version; `undefined` when that is too much, or not known, and the book is to be loaded. */
  changesSince(version: bigint): Promise<BookDelta | undefined>;
  /** Number that moves with every change of the book. */
  version(): Promise<bigint>;
}

/** Makes the definitions on a database. */
export function createDefinitions(database: Pick<Database, 'pool' | 'prisma'>): Definitions {
  const { pool, prisma } = database;
  const readBook = createBookReader();
  const faultsBy = (client: pg.PoolClient, check?: (book: StoredBook) => Fault[]) => async () =>
    check ? check(await readBook(client)) : [];
  return {
    list: async (noun, { limit, after }) => {
      const where = { noun, ...(after === undefined ? {} : { slug: { gt: after } }) };
      const rows = await prisma.definition.findMany({ where, orderBy: { slug: 'asc' }, take: limit });
      return rows.map(toDefinition);
    },
    get: (noun, slug) => findDefinition(pool, noun, slug),
    put: (noun, slug, body, by, check) =>
      inTransaction(pool, (client) => put(client, targetOf(noun, slug, by), asStored(body), faultsBy(client, check))),
    remove: (noun, slug, by, referrers) =>
      inTransaction(pool, (client) => remove(client, targetOf(noun, slug, by), faultsBy(client, referrers))),
    loadBook: () => loadBook(pool),
    changesSince: (version) => readChanges(pool, version),
    version: async () => {
      const { rows } = await pool.query<{ version: string }>({
        name: 'book_version',
        text: 'SELECT version FROM book WHERE id = 1',
      });
      return BigInt(rows[0]?.version ?? 0);
    },
  };
}

interface Target extends Editor {
  noun: Noun;
  slug: string;
}

function targetOf(noun: Noun, slug: string, by: string | Editor): Target {
  return { noun, slug, ...(typeof by === 'string' ? { author: by } : by) };
}

async function put(
  client: pg.PoolClient,
  target: Target,
  body: JsonValue,
  faultsNow: () => Promise<Fault[]>,
): Promise<PutResult> {
  refuseUnstorable(body);
  await lockBook(client);
  const { noun, slug } = target;
  const before = await findDefinition(client, noun, slug);
  insist(target.precondition, `The ${noun} \`${slug}\``, presentOf(noun, before));
  const faults = await faultsNow();
  if (faults.length > 0) throw new HouseError('DEFINITION_INVALID', { faults });
  if (noun === 'backend') await forgiveBackend(client, slug);
  if (before && isDeepStrictEqual(before.body, body)) return { stored: before, created: false };
  await writeRevision(client, [{ noun, slug, body }], { ...target, kind: 'change' });
  await recordChange(client, {
    actor: target.author,
    action: before ? 'replace' : 'create',
    noun,
    name: slug,
    before: before?.body,
    after: body,
  });
  return { stored: (await findDefinition(client, noun, slug))!, created: !before };
}

async function remove(client: pg.PoolClient, target: Target, faultsNow: () => Promise<Fault[]>): Promise<void> {
  await lockBook(client);
  const { noun, slug } = target;
  const before = await findDefinition(client, noun, slug);
  if (!before && target.precondition?.ifMatch === undefined)
    throw new HouseError('NOT_FOUND', { detail: `There is no ${noun} ${slug}.` });
  insist(target.precondition, `The ${noun} \`${slug}\``, presentOf(noun, before));
  const faults = await faultsNow();
  if (faults.length > 0) throw new HouseError('SLUG_IN_USE', { faults });
  await writeRevision(client, [{ noun, slug }], { ...target, kind: 'change' });
  const change = { actor: target.author, action: 'delete', noun, name: slug, before: before?.body } as const;
  await recordChange(client, change);
}

/** Settings are always there, so that the first to set them can make sure of that too: their first tag is "0". */
function presentOf(noun: Noun, stored: StoredDefinition | undefined): Present | undefined {
  if (stored) return { tag: String(stored.revision), changedBy: stored.updatedBy, changedAt: stored.updatedAt };
  return noun === 'settings' ? { tag: '0' } : undefined;
}
