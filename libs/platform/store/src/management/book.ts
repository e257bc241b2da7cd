/** The rule book as it is stored: every definition, in one query, trusted because it was checked when it was saved. */
import {
  HouseError,
  type Backend,
  type BookSettings,
  type Fault,
  type Group,
  type JsonValue,
  type Recipient,
  type Rule,
  type Schedule,
  type Template,
} from '#contract';
import type pg from 'pg';

/** What people define. `settings` has one definition only, `settingsSlug`. */
export type Noun = 'rule' | 'recipient' | 'group' | 'backend' | 'template' | 'schedule' | 'settings';

/** The slug of the one definition of the noun `settings`. */
export const settingsSlug = 'book';

/** The whole rule book at one version. Secrets in the settings of backends are still sealed. */
export interface StoredBook {
  version: bigint;
  rules: Map<string, Rule>;
  recipients: Map<string, Recipient>;
  groups: Map<string, Group>;
  templates: Map<string, Template>;
  backends: Map<string, Backend>;
  schedules: Map<string, Schedule>;
  /** Empty when nobody has set any. */
  settings: BookSettings;
}

/** What became of one definition. */
export interface BookChange {
  noun: Noun;
  slug: string;
  /** The definition as it is now; absent: it was removed. */
  body?: JsonValue | undefined;
}

/** Whatever runs SQL: the pool, or the connection of a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'> | Pick<pg.Pool, 'query'>;

const shelfOf = {
  rule: 'rules',
  recipient: 'recipients',
  group: 'groups',
  template: 'templates',
  backend: 'backends',
  schedule: 'schedules',
} as const;

/** The definitions of one noun in a book, by slug. */
export function shelf(book: StoredBook, noun: Noun): ReadonlyMap<string, unknown> {
  if (noun !== 'settings') return book[shelfOf[noun]];
  return Object.keys(book.settings).length === 0 ? new Map() : new Map([[settingsSlug, book.settings]]);
}

/** A book without definitions. */
export function emptyBook(version = 0n): StoredBook {
  return {
    version,
    rules: new Map(),
    recipients: new Map(),
    groups: new Map(),
    templates: new Map(),
    backends: new Map(),
    schedules: new Map(),
    settings: {},
  };
}

interface BookRow {
  version: string;
  noun: Noun | null;
  slug: string;
  body: JsonValue;
}

/** Loads the book; one statement, so version and definitions belong together. Definitions come in the order of their slugs. */
export async function loadBook(queryable: Queryable): Promise<StoredBook> {
  const { rows } = await (queryable as pg.Pool).query<BookRow>(
    `SELECT b.version, d.noun, d.slug, d.body FROM book b LEFT JOIN definition d ON true WHERE b.id = 1
     ORDER BY d.slug COLLATE "C"`,
  );
  const book = emptyBook(BigInt(rows[0]?.version ?? 0));
  for (const { noun, slug, body } of rows) {
    if (noun === 'settings') book.settings = body as BookSettings;
    else if (noun) (book[shelfOf[noun]] as Map<string, unknown>).set(slug, body);
  }
  return book;
}

/**
 * The book after some changes. The one given stays as it is, and the two share every shelf that nothing changed on, so this
 * costs about a millisecond per shelf of ten thousand definitions.
 */
export function withChanges(book: StoredBook, version: bigint, changes: readonly BookChange[]): StoredBook {
  const next: StoredBook = { ...book, version };
  for (const noun of new Set(changes.map((change) => change.noun))) {
    const here = changes.filter((change) => change.noun === noun);
    if (noun === 'settings') next.settings = (here.at(-1)!.body ?? {}) as BookSettings;
    else (next[shelfOf[noun]] as Map<string, unknown>) = changedShelf(book[shelfOf[noun]], here);
  }
  return next;
}

function changedShelf(before: ReadonlyMap<string, unknown>, changes: readonly BookChange[]): Map<string, unknown> {
  const after = new Map(before);
  let grown = false;
  for (const { slug, body } of changes) {
    grown ||= body !== undefined && !after.has(slug);
    if (body === undefined) after.delete(slug);
    else after.set(slug, body);
  }
  return grown ? new Map([...after].sort(([a], [b]) => (a < b ? -1 : 1))) : after;
}

const strayHalf = /\p{Surrogate}/u;

/** Where a definition sits in the book, as a JSON pointer: `/rules/stock-low`, `/settings`. */
export function placeOf(noun: Noun, slug: string): string {
  return noun === 'settings' ? '/settings' : `/${shelfOf[noun]}/${slug}`;
}

/**
 * Throws DEFINITION_INVALID when a text of the body cannot be stored as `jsonb`: PostgreSQL has no character U+0000 and
 * no lone halves of surrogate pairs. `pointer` is where the body sits.
 */
export function refuseUnstorable(body: JsonValue, pointer = ''): void {
  const faults = unstorable(body, pointer);
  if (faults.length > 0) throw new HouseError('DEFINITION_INVALID', { faults });
}

/** The texts inside a value that cannot be stored, as faults. */
export function unstorable(value: JsonValue, pointer = ''): Fault[] {
  if (typeof value === 'string') {
    if (value.includes('\0')) return [{ pointer, detail: 'must not hold the character U+0000' }];
    return strayHalf.test(value) ? [{ pointer, detail: 'must not hold half of a surrogate pair' }] : [];
  }
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const place = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return [...unstorable(key, place), ...unstorable(inner, place)];
  });
}
