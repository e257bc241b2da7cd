import type { JsonValue } from '#contract';
import { createLogger } from '#platform/log';
import { freshDatabase, waitFor, type FreshDatabase } from '#testing/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { watchBook, type BookWatcher } from './book-watcher.ts';
import { openDatabase, type Database } from './database.ts';
import { createListener, type Listener } from './listener.ts';
import {
  createDefinitions,
  createRevisions,
  emptyBook,
  withChanges,
  type BookChange,
  type Definitions,
  type Noun,
  type StoredBook,
} from './management/index.ts';

const log = createLogger('spec', 'silent');
/** Never within a spec: only a note can bring the change. */
const neverMs = 3_600_000;
const group = (displayName: string): JsonValue => ({ displayName });

let fresh: FreshDatabase;
let database: Database;
let definitions: Definitions;
const opened: { close(): unknown }[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ connectionString: fresh.url, poolSize: 4, onError: () => undefined });
  definitions = createDefinitions(database);
});
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});
afterAll(async () => {
  await database.close();
  await fresh.drop();
});

async function hearing(): Promise<Listener> {
  const listener = createListener(database, { log });
  opened.push(listener);
  await listener.start();
  return listener;
}

/** As if every note were lost. */
const deaf: Listener = { on: () => undefined, start: async () => undefined, close: async () => undefined };

async function watch(listener: Listener, pollMs: number, source = definitions): Promise<BookWatcher> {
  const watcher = await watchBook(source, listener, log, pollMs);
  opened.push(watcher);
  return watcher;
}

const nouns: readonly Noun[] = ['group', 'template', 'backend', 'schedule', 'settings'];

/** A change of one of few definitions, so that they are added, changed and removed in turn. */
function randomChange(round: number): BookChange {
  const noun = nouns[Math.floor(Math.random() * nouns.length)]!;
  const slug = noun === 'settings' ? 'book' : `random-${Math.floor(Math.random() * 5)}`;
  return Math.random() < 0.3 ? { noun, slug } : { noun, slug, body: { round } };
}

/** Definitions that count how often the book is loaded, and that can be made to fail. */
function counting(): Definitions & { loads: number; fails: boolean } {
  return {
    ...definitions,
    loads: 0,
    fails: false,
    version() {
      return this.fails ? Promise.reject(new Error('PostgreSQL is away')) : definitions.version();
    },
    loadBook() {
      this.loads += 1;
      return definitions.loadBook();
    },
  };
}

describe('the watcher of the book', () => {
  it('has the book as it stands when it starts', async () => {
    await definitions.put('group', 'first', group('First'), 'spec');
    const watcher = await watch(deaf, neverMs);
    expect(watcher.current().groups.get('first')).toEqual(group('First'));
    expect(watcher.current().version).toBe(await definitions.version());
  });

  it('learns of a change by its note, a moment after it', async () => {
    const watcher = await watch(await hearing(), neverMs);
    await definitions.put('group', 'noted', group('Noted'), 'spec');
    await waitFor(() => watcher.current().groups.has('noted'), { what: 'the change', timeoutMs: 2000 });
    await definitions.remove('group', 'noted', 'spec');
    await waitFor(() => !watcher.current().groups.has('noted'), { what: 'the removal', timeoutMs: 2000 });
  });

  it('finds a change whose note was missed when it looks by itself', async () => {
    const watcher = await watch(deaf, 30);
    await definitions.put('group', 'missed', group('Missed'), 'spec');
    await waitFor(() => watcher.current().groups.has('missed'), { what: 'the change', timeoutMs: 2000 });
  });

  it('tells its handlers the book at once and after every change, in order of the versions', async () => {
    const watcher = await watch(await hearing(), neverMs);
    const told: StoredBook[] = [];
    watcher.onChange((book) => told.push(book));
    expect(told).toEqual([watcher.current()]);
    for (let count = 1; count <= 5; count += 1) await definitions.put('group', 'told', group(`Told ${count}`), 'spec');
    await waitFor(() => told.at(-1)?.groups.get('told')?.displayName === 'Told 5', { what: 'the last change' });
    const versions = told.map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => (a < b ? -1 : 1)));
  });

  it('does not load the book when its version has not moved', async () => {
    const source = counting();
    const listener = await hearing();
    const watcher = await watch(listener, neverMs, source);
    await watcher.atLeast(watcher.current().version);
    let asked = 0;
    listener.on('vestnik_book', () => (asked += 1));
    const noted = async () => {
      await database.pool.query(`NOTIFY vestnik_book, 'nothing new'`);
      return asked > 0;
    };
    await waitFor(noted, { what: 'the note' });
    expect(source.loads).toBe(1);
  });

  it('stops looking when it is closed', async () => {
    const [watcher, other] = [await watch(deaf, 5), await watch(deaf, 5)];
    watcher.close();
    const before = watcher.current();
    await definitions.put('group', 'after', group('After'), 'spec');
    await waitFor(() => other.current().groups.has('after'), { what: 'the look of the one that is open' });
    await definitions.put('group', 'later', group('Later'), 'spec');
    await waitFor(() => other.current().groups.has('later'), { what: 'its next look' });
    expect(watcher.current()).toBe(before);
  });
});

describe('atLeast', () => {
  it('does not wait when the book is that new already', async () => {
    const source = counting();
    const watcher = await watch(deaf, neverMs, source);
    source.fails = true;
    await watcher.atLeast(watcher.current().version);
    await watcher.atLeast(0n);
    expect(source.loads).toBe(1);
  });

  it('loads a version that was read elsewhere, although no note came', async () => {
    const watcher = await watch(deaf, neverMs);
    await definitions.put('group', 'elsewhere', group('Elsewhere'), 'spec');
    const version = await definitions.version();
    expect(watcher.current().version).toBeLessThan(version);
    await watcher.atLeast(version);
    expect(watcher.current().version).toBe(version);
    expect(watcher.current().groups.has('elsewhere')).toBe(true);
  });

  it('waits for a version that does not exist yet until it does', async () => {
    const watcher = await watch(await hearing(), neverMs);
    const next = watcher.current().version + 1n;
    let waited = false;
    const waiting = watcher.atLeast(next).then(() => (waited = true));
    await definitions.version();
    expect(waited).toBe(false);
    await definitions.put('group', 'future', group('Future'), 'spec');
    await waiting;
    expect(watcher.current().version).toBeGreaterThanOrEqual(next);
  });

  it('shares one load among all who wait', async () => {
    const source = counting();
    const watcher = await watch(deaf, neverMs, source);
    await definitions.put('group', 'many', group('Many'), 'spec');
    const version = await definitions.version();
    await Promise.all(Array.from({ length: 20 }, () => watcher.atLeast(version)));
    expect(source.loads).toBeLessThanOrEqual(3);
  });

  it('fails when the book cannot be read, and works again afterwards', async () => {
    const source = counting();
    const watcher = await watch(deaf, neverMs, source);
    await definitions.put('group', 'away', group('Away'), 'spec');
    const version = await definitions.version();
    source.fails = true;
    await expect(watcher.atLeast(version)).rejects.toThrow('away');
    source.fails = false;
    await watcher.atLeast(version);
    expect(watcher.current().groups.has('away')).toBe(true);
  });
});

describe('changes', () => {
  it('lead from book to book like loading it anew, many at a time or one by one, order included', async () => {
    const revisions = createRevisions(database);
    const source = counting();
    const watcher = await watch(deaf, neverMs, source);
    const first = watcher.current();
    const kept = structuredClone(first);
    for (let round = 0; round < 60; round += 1) {
      const changes = Array.from({ length: 1 + (round % 3) }, () => randomChange(round));
      const once = new Map(changes.map((change) => [`${change.noun}/${change.slug}`, change]));
      await revisions.make({ author: 'spec', kind: 'import' }, () => [...once.values()]);
      if (round % 4 === 0) await watcher.atLeast(await definitions.version());
    }
    await watcher.atLeast(await definitions.version());
    const loaded = await definitions.loadBook();
    expect(watcher.current()).toEqual(loaded);
    for (const shelf of ['groups', 'templates', 'backends', 'schedules'] as const)
      expect([...watcher.current()[shelf].keys()]).toEqual([...loaded[shelf].keys()]);
    expect([source.loads, first]).toEqual([1, kept]);
  });

  it('are told to the handlers, and the shelves that did not change are those of before', async () => {
    const watcher = await watch(await hearing(), neverMs);
    const before = watcher.current();
    const told: (readonly BookChange[] | undefined)[] = [];
    watcher.onChange((_book, changes) => told.push(changes));
    await definitions.put('group', 'delta', group('Delta'), 'spec');
    await waitFor(() => told.length === 2, { what: 'the change' });
    expect(told).toEqual([undefined, [{ noun: 'group', slug: 'delta', body: group('Delta') }]]);
    expect(watcher.current().backends).toBe(before.backends);
    expect(watcher.current().groups).not.toBe(before.groups);
  });

  it('carry backends with their secrets still sealed', async () => {
    const since = await definitions.version();
    const body = { type: 'mychat', settings: { token: { $sealed: 'v1:x:y' } } };
    await definitions.put('backend', 'sealed', body, 'spec');
    expect((await definitions.changesSince(since))!.changes).toEqual([{ noun: 'backend', slug: 'sealed', body }]);
  });

  it('that nobody recorded, or that are too many, make the book be loaded', async () => {
    const source = counting();
    const watcher = await watch(deaf, neverMs, source);
    await database.pool.query('UPDATE book SET version = version + 1');
    await watcher.atLeast(await definitions.version());
    expect(source.loads).toBe(2);
    const many = Array.from({ length: 2001 }, (_, n): BookChange => ({ noun: 'group', slug: `m-${n}`, body: {} }));
    await createRevisions(database).make({ author: 'spec', kind: 'import' }, () => many);
    await watcher.atLeast(await definitions.version());
    expect([source.loads, watcher.current().groups.has('m-2000')]).toEqual([3, true]);
  });

  it('keep a book of ten thousand in the order of its names, and leave the one before as it was', () => {
    const rules = new Map(Array.from({ length: 10_000 }, (_, n) => [`r-${String(n).padStart(5, '0')}`, {} as never]));
    const book = { ...emptyBook(), rules };
    const next = withChanges(book, 2n, [
      { noun: 'rule', slug: 'r-00000a', body: {} },
      { noun: 'rule', slug: 'r-09999' },
    ]);
    expect([...next.rules.keys()].slice(0, 2)).toEqual(['r-00000', 'r-00000a']);
    expect([next.rules.size, book.rules.size]).toEqual([10_000, 10_000]);
  });
});
