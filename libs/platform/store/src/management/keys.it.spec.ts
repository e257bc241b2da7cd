import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '#platform/log';
import { freshDatabase, waitFor, type FreshDatabase } from '#testing/services';
import { openDatabase, type Database } from '../database.ts';
import { createAudit } from './audit.ts';
import { createKeyFinder, type KeyFinder } from './key-finder.ts';
import { createKeys, hashKey, type Keys } from './keys.ts';

let fresh: FreshDatabase;
let database: Database;
let keys: Keys;
let finder: KeyFinder;
const log = createLogger('test', 'silent');

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ connectionString: fresh.url, poolSize: 4, onError: () => undefined });
  keys = createKeys(database);
  finder = createKeyFinder(database, { log, touchEveryMs: 50 });
});
afterAll(async () => {
  await finder.close();
  await database.close();
  await fresh.drop();
});

describe('API keys', () => {
  it('are shown once, and stored only as a hash', async () => {
    const created = await keys.create({ name: 'erp', scopes: ['ingest', 'ingest'] }, 'ops');
    expect(created).toMatchObject({ name: 'erp', scopes: ['ingest'] });
    expect(created.id).toMatch(/^key_/);
    expect(created.key).toMatch(/^vst_[\w-]{43}$/);
    const { rows } = await database.pool.query<{ text: string }>(`SELECT api_key::text AS text FROM api_key`);
    expect(rows[0]!.text).not.toContain(created.key);
    expect(await keys.list({ limit: 10 })).toEqual([
      { id: created.id, name: 'erp', scopes: ['ingest'], createdAt: created.createdAt },
    ]);
  });

  it('have names of their own', async () => {
    await keys.create({ name: 'twice', scopes: ['read'] }, 'ops');
    await expect(keys.create({ name: 'twice', scopes: ['admin'] }, 'ops')).rejects.toMatchObject({
      code: 'NAME_TAKEN',
    });
  });

  it('are listed by name, a page at a time', async () => {
    await keys.create({ name: 'aaa', scopes: ['read'] }, 'ops');
    const names = async (after?: string) => (await keys.list({ limit: 2, after })).map((key) => key.name);
    expect(await names()).toEqual(['aaa', 'erp']);
    expect(await names('erp')).toEqual(['twice']);
  });

  it('leave a trace in the audit when made and when revoked', async () => {
    await keys.create({ name: 'traced', scopes: ['edit'] }, 'ops');
    await keys.revoke('traced', 'dev');
    const entries = await createAudit(database).list({ noun: 'key', name: 'traced', limit: 10 });
    expect(entries).toMatchObject([
      { actor: 'dev', action: 'revoke', before: { scopes: ['edit'] } },
      { actor: 'ops', action: 'create', after: { scopes: ['edit'] } },
    ]);
    await expect(keys.revoke('traced', 'dev')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('the bootstrap key', () => {
  it('has every scope and changes only when the key does, also when several processes start at once', async () => {
    await Promise.all([1, 2, 3].map(() => keys.bootstrap('first-admin-key')));
    expect(await finder.find(hashKey('first-admin-key'))).toMatchObject({
      name: 'admin',
      scopes: ['ingest', 'read', 'edit', 'admin'],
    });
    await keys.bootstrap('second-admin-key');
    expect(await finder.find(hashKey('second-admin-key'))).toMatchObject({ name: 'admin' });
    const entries = await createAudit(database).list({ name: 'admin', limit: 10 });
    expect(entries.map((entry) => entry.action)).toEqual(['replace', 'create']);
    await waitFor(async () => !(await finder.find(hashKey('first-admin-key'))), {
      what: 'the former key to be unknown',
    });
  });

  it('cannot be the key of somebody else', async () => {
    const { key } = await keys.create({ name: 'other', scopes: ['read'] }, 'ops');
    await expect(keys.bootstrap(key)).rejects.toMatchObject({
      code: 'NAME_TAKEN',
      message: expect.stringContaining('other'),
    });
  });
});

describe('the key finder', () => {
  /** Counts the questions to PostgreSQL of a finder of its own. */
  function countingFinder() {
    let asked = 0;
    const pool = {
      query: (...args: unknown[]) => ((asked += 1), (database.pool.query as (...args: unknown[]) => unknown)(...args)),
    };
    return { finder: createKeyFinder({ ...database, pool: pool as never }, { log }), asked: () => asked };
  }

  it('asks once for many requests at once, and not again', async () => {
    const { key } = await keys.create({ name: 'busy', scopes: ['ingest'] }, 'ops');
    const counting = countingFinder();
    const found = await Promise.all(Array.from({ length: 20 }, () => counting.finder.find(hashKey(key))));
    expect(found.every((entry) => entry?.name === 'busy')).toBe(true);
    await counting.finder.find(hashKey(key));
    expect(counting.asked()).toBe(1);
    await counting.finder.close();
  });

  it('remembers for a moment that a key is unknown', async () => {
    const counting = countingFinder();
    expect(await counting.finder.find(hashKey('nobody'))).toBeUndefined();
    expect(await counting.finder.find(hashKey('nobody'))).toBeUndefined();
    expect(counting.asked()).toBe(1);
    await counting.finder.close();
  });

  it('hears of a revoked key long before its memory expires', async () => {
    const { key } = await keys.create({ name: 'gone', scopes: ['ingest'] }, 'ops');
    expect(await finder.find(hashKey(key))).toMatchObject({ name: 'gone' });
    await keys.revoke('gone', 'ops');
    await waitFor(async () => (await finder.find(hashKey(key))) === undefined, {
      what: 'the key to be unknown',
      timeoutMs: 5000,
    });
  });

  it('answers what it finds anew after a failure', async () => {
    const { key } = await keys.create({ name: 'flaky', scopes: ['ingest'] }, 'ops');
    let away = true;
    const query = (...args: unknown[]) =>
      away ? Promise.reject(new Error('away')) : (database.pool.query as (...args: unknown[]) => unknown)(...args);
    const flaky = createKeyFinder({ ...database, pool: { query } as never }, { log });
    await expect(flaky.find(hashKey(key))).rejects.toThrow('away');
    away = false;
    expect(await flaky.find(hashKey(key))).toMatchObject({ name: 'flaky' });
    await flaky.close();
  });

  it('writes last use for all keys together, and what is left when it closes', async () => {
    const [one, two] = await Promise.all(
      ['used-1', 'used-2'].map((name) => keys.create({ name, scopes: ['read'] }, 'ops')),
    );
    const own = createKeyFinder(database, { log, touchEveryMs: 3_600_000 });
    for (const key of [one!, two!]) own.touch(key.id.slice('key_'.length));
    const used = async () =>
      (await keys.list({ limit: 50 })).filter((key) => key.name.startsWith('used-') && key.lastUsedAt);
    expect(await used()).toEqual([]);
    await own.close();
    expect(await used()).toHaveLength(2);
  });
});
