import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { freshDatabase, testDatabaseUrl } from './database.ts';

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

describe('freshDatabase', () => {
  it('has the tables and nothing in them', async () => {
    const database = await freshDatabase();
    expect(await ask(database.url, 'SELECT count(*)::int AS events FROM event')).toEqual([{ events: 0 }]);
    await database.drop();
  });

  it('is nobody else’s, also when several are made at once', async () => {
    const [one, two, three] = await Promise.all([freshDatabase(), freshDatabase(), freshDatabase()]);
    await ask(one.url, 'CREATE TABLE mine ()');
    expect(await ask(two.url, `SELECT to_regclass('mine') AS found`)).toEqual([{ found: null }]);
    await Promise.all([one.drop(), two.drop(), three.drop()]);
  });

  it('goes away with those who are still connected', async () => {
    const database = await freshDatabase();
    const client = new pg.Client(database.url);
    await client.connect();
    const cut = new Promise((resolve) => client.on('error', resolve));
    await database.drop();
    expect(await cut).toBeInstanceOf(Error);
    const name = new URL(database.url).pathname.slice(1);
    expect(await ask(testDatabaseUrl(), `SELECT 1 FROM pg_database WHERE datname = '${name}'`)).toEqual([]);
  });
});
