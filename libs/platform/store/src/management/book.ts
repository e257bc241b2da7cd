/** The rule book as it is stored: every definition, in one query, trusted because it was checked when it was saved. */
import {
  HouseError,
  type Backend,
  type Fault,
  type Group,
  type JsonValue,
  type Recipient,
  type Rule,
  type Template,
} from '#contract';
import type pg from 'pg';

/** What people define. */
export type Noun = 'rule' | 'recipient' | 'group' | 'backend' | 'template';

/** The whole rule book at one version. Secrets in the settings of backends are still sealed. */
export interface StoredBook {
  version: bigint;
  rules: Map<string, Rule>;
  recipients: Map<string, Recipient>;
  groups: Map<string, Group>;
  templates: Map<string, Template>;
  backends: Map<string, Backend>;
}

/** Whatever runs SQL: the pool, or the connection of a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'> | Pick<pg.Pool, 'query'>;

interface BookRow {
  version: string;
  noun: Noun | null;
  slug: string;
  body: JsonValue;
}

const shelfOf = {
  rule: 'rules',
  recipient: 'recipients',
  group: 'groups',
  template: 'templates',
  backend: 'backends',
} as const;

/** Loads the book; one statement, so version and definitions belong together. */
export async function loadBook(queryable: Queryable): Promise<StoredBook> {
  const { rows } = await (queryable as pg.Pool).query<BookRow>(
    'SELECT b.version, d.noun, d.slug, d.body FROM book b LEFT JOIN definition d ON true WHERE b.id = 1 ORDER BY d.slug',
  );
  const book: StoredBook = {
    version: BigInt(rows[0]?.version ?? 0),
    rules: new Map(),
    recipients: new Map(),
    groups: new Map(),
    templates: new Map(),
    backends: new Map(),
  };
  for (const { noun, slug, body } of rows) {
    if (noun) (book[shelfOf[noun]] as Map<string, unknown>).set(slug, body);
  }
  return book;
}

const strayHalf = /\p{Surrogate}/u;

/**
 * Throws DEFINITION_INVALID when a text of the body cannot be stored as `jsonb`: PostgreSQL has no character U+0000 and
 * no lone halves of surrogate pairs.
 */
export function refuseUnstorable(body: JsonValue): void {
  const faults = unstorableIn(body, '');
  if (faults.length > 0) throw new HouseError('DEFINITION_INVALID', { faults });
}

function unstorableIn(value: JsonValue, pointer: string): Fault[] {
  if (typeof value === 'string') {
    if (value.includes('\0')) return [{ pointer, detail: 'must not hold the character U+0000' }];
    return strayHalf.test(value) ? [{ pointer, detail: 'must not hold half of a surrogate pair' }] : [];
  }
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const place = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return [...unstorableIn(key, place), ...unstorableIn(inner, place)];
  });
}
