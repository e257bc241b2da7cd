import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { secretMask, type HouseError, type JsonValue } from '#contract';
import { freshDatabase, waitFor, type FreshDatabase } from '#testing/services';
import pg from 'pg';
import { openDatabase, type Database } from '../database.ts';
import { createAudit } from './audit.ts';
import { createDefinitions, type Definitions } from './definitions.ts';
import { bookChannel } from './edit.ts';
import { createSealer } from './sealer.ts';

let fresh: FreshDatabase;
let database: Database;
let definitions: Definitions;
const rule = (type: string): JsonValue => ({
  match: { type: [type] },
  enabled: true,
  notify: [{ to: ['recipient:anna'], strategy: 'first' }],
});
const noFaults = () => [];

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ connectionString: fresh.url, poolSize: 8, onError: () => undefined });
  definitions = createDefinitions(database);
});
afterAll(async () => {
  await database.close();
  await fresh.drop();
});

describe('putting a definition', () => {
  it('creates, then replaces, and tells which it was', async () => {
    const first = await definitions.put('rule', 'made', rule('a'), 'ops');
    expect(first).toMatchObject({ created: true, stored: { slug: 'made', body: rule('a'), updatedBy: 'ops' } });
    const second = await definitions.put('rule', 'made', rule('b'), 'dev');
    expect(second).toMatchObject({
      created: false,
      stored: { body: rule('b'), updatedBy: 'dev', createdAt: first.stored.createdAt },
    });
    expect(await definitions.get('rule', 'made')).toEqual(second.stored);
    expect(await definitions.get('template', 'made')).toBeUndefined();
  });

  it('changes nothing when the same body comes again, whatever the order of its keys', async () => {
    await definitions.put('recipient', 'same', { displayName: 'S', addresses: [] }, 'ops');
    const version = await definitions.version();
    const again = await definitions.put(
      'recipient',
      'same',
      { addresses: [], displayName: 'S', locale: undefined } as never,
      'dev',
    );
    expect(again).toMatchObject({ created: false, stored: { updatedBy: 'ops' } });
    expect(await definitions.version()).toBe(version);
    expect(await createAudit(database).list({ noun: 'recipient', name: 'same', limit: 10 })).toHaveLength(1);
  });

  it('moves the version by one and announces it after the commit', async () => {
    const heard: string[] = [];
    const ear = new pg.Client({ connectionString: fresh.url });
    await ear.connect();
    ear.on('notification', ({ payload }) => heard.push(payload ?? ''));
    await ear.query(`LISTEN ${bookChannel}`);
    const before = await definitions.version();
    await definitions.put('group', 'heard', { displayName: 'H' }, 'ops');
    expect(await definitions.version()).toBe(before + 1n);
    await waitFor(() => heard.length > 0, { what: 'the announcement' });
    expect(heard).toEqual([String(before + 1n)]);
    await ear.end();
  });

  it('refuses what the check finds fault with, and leaves no trace', async () => {
    const version = await definitions.version();
    const faults = [{ pointer: '/notify/0/template', detail: 'there is no such template' }];
    const put = definitions.put('rule', 'faulty', rule('a'), 'ops', () => faults);
    await expect(put).rejects.toMatchObject({ code: 'DEFINITION_INVALID', faults });
    expect(await definitions.get('rule', 'faulty')).toBeUndefined();
    expect(await definitions.version()).toBe(version);
    expect(await createAudit(database).list({ name: 'faulty', limit: 1 })).toEqual([]);
  });

  it('shows the check the book that nobody else is changing', async () => {
    await definitions.put('template', 'count', { text: '0' }, 'ops');
    const increment = async () => {
      let seen = 0;
      // The body is made before the lock; the check counts what really stood there, so a lost update would repeat a number.
      await definitions.put('rule', `r${Math.random().toString(36).slice(2)}`, rule('x'), 'ops', (book) => {
        seen = book.rules.size;
        return [];
      });
      return seen;
    };
    const seen = await Promise.all(Array.from({ length: 6 }, increment));
    expect(new Set(seen).size).toBe(6);
  });

  it('refuses text that PostgreSQL cannot hold, with a pointer to it', async () => {
    const put = definitions.put(
      'template',
      'nul',
      { text: 'a\0b', locales: { 'r/u': { text: '\ud800' } } },
      'ops',
      noFaults,
    );
    const error = (await put.catch((reason: unknown) => reason)) as HouseError;
    expect(error).toMatchObject({ code: 'DEFINITION_INVALID' });
    expect(error.faults.map((fault) => fault.pointer)).toEqual(['/text', '/locales/r~1u/text']);
  });

  it('keeps emoji and Cyrillic as they are', async () => {
    await definitions.put('template', 'letters', { text: 'Склад 👷🏽 \\u0000' }, 'ops');
    expect(await definitions.get('template', 'letters')).toMatchObject({ body: { text: 'Склад 👷🏽 \\u0000' } });
  });
});

describe('removing a definition', () => {
  it('says when there is none', async () => {
    await expect(definitions.remove('rule', 'nowhere', 'ops')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('refuses while others refer to it, then removes, moves the version and records what was there', async () => {
    await definitions.put('group', 'used', { displayName: 'U' }, 'ops');
    const faults = [{ pointer: '/rules/stock-low', detail: 'refers to it' }];
    await expect(definitions.remove('group', 'used', 'ops', () => faults)).rejects.toMatchObject({
      code: 'SLUG_IN_USE',
      faults,
    });
    const version = await definitions.version();
    await definitions.remove('group', 'used', 'dev', (book) => (book.groups.has('used') ? [] : faults));
    expect(await definitions.get('group', 'used')).toBeUndefined();
    expect(await definitions.version()).toBe(version + 1n);
    const [entry] = await createAudit(database).list({ name: 'used', limit: 1 });
    expect(entry).toMatchObject({ actor: 'dev', action: 'delete', noun: 'group', before: { displayName: 'U' } });
    expect(entry).not.toHaveProperty('after');
  });
});

describe('reading definitions', () => {
  it('lists one noun by slug, a page at a time', async () => {
    for (const slug of ['p-3', 'p-1', 'p-2'])
      await definitions.put('backend', slug, { type: 'inbox', settings: {} }, 'ops');
    const slugs = async (after?: string) =>
      (await definitions.list('backend', { limit: 2, after })).map((item) => item.slug);
    expect(await slugs()).toEqual(['p-1', 'p-2']);
    expect(await slugs('p-2')).toEqual(['p-3']);
  });

  it('loads the whole book, secrets still sealed', async () => {
    const token = createSealer('a-secret-key-of-the-house').seal('t');
    const backend = { type: 'mychat', settings: { token } };
    await definitions.put('backend', 'hq', backend, 'ops');
    const book = await definitions.loadBook();
    expect(book.version).toBe(await definitions.version());
    expect(book.backends.get('hq')).toEqual(backend);
    expect(book.rules.get('made')).toEqual(rule('b'));
    expect([book.recipients, book.groups, book.templates].map((shelf) => shelf.size)).toEqual([1, 1, 2]);
  });

  it('loads ten thousand rules in well under half a second', async () => {
    await database.pool.query(
      `INSERT INTO definition (noun, slug, body, updated_by, revision) SELECT 'rule', 'many-' || n, $1, 'ops', 1 FROM generate_series(1, 10000) n`,
      [JSON.stringify(rule('a.b.c'))],
    );
    const book = await definitions.loadBook();
    expect(book.rules.size).toBeGreaterThan(10_000);
  });
});

describe('the audit', () => {
  it('never holds a secret, sealed or plain', async () => {
    const sealer = createSealer('a-secret-key-of-the-house');
    const settings = (token: string) => ({ type: 'mychat', settings: { host: 'h', token: sealer.seal(token) } });
    await definitions.put('backend', 'masked', settings('first-secret'), 'ops');
    await definitions.put('backend', 'masked', settings('second-secret'), 'ops');
    const [latest] = await createAudit(database).list({ noun: 'backend', name: 'masked', limit: 1 });
    const shown = { type: 'mychat', settings: { host: 'h', token: secretMask } };
    expect(latest).toMatchObject({ action: 'replace', before: shown, after: shown });
    const { rows } = await database.pool.query<{ text: string }>(
      `SELECT concat(before, after) AS text FROM audit_entry`,
    );
    expect(rows.map((row) => row.text).join()).not.toMatch(/first-secret|second-secret|v1:/);
  });

  it('answers newest first, by actor, and goes on before an entry', async () => {
    for (const text of ['1', '2', '3']) await definitions.put('template', 'story', { text }, 'storyteller');
    const audit = createAudit(database);
    const entries = await audit.list({ actor: 'storyteller', limit: 2 });
    expect(entries.map((entry) => entry.after)).toEqual([{ text: '3' }, { text: '2' }]);
    expect(Date.parse(entries[0]!.at)).toBeGreaterThan(Date.now() - 60_000);
    const older = await audit.list({ actor: 'storyteller', limit: 2, before: entries[1]!.id.slice('aud_'.length) });
    expect(older).toMatchObject([{ action: 'create', after: { text: '1' } }]);
  });
});
