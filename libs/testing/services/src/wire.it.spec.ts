import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type FreshDatabase } from './database.ts';
import { layWire } from './wire.ts';

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.drop());

function urlOver(port: number): string {
  const url = new URL(fresh.url);
  url.port = String(port);
  return url.href;
}

async function ask(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  const { rows } = await client.query<{ seven: number }>('SELECT 7 AS seven');
  await client.end();
  return rows[0]!.seven;
}

describe('a wire', () => {
  it('lets through, breaks what is connected when it is cut, refuses until it is mended', async () => {
    const wire = await layWire(Number(new URL(fresh.url).port));
    const url = urlOver(wire.port);
    expect(await ask(url)).toBe(7);
    const client = new pg.Client(url);
    await client.connect();
    const broken = new Promise<Error>((resolve) => client.on('error', resolve));
    await wire.cut();
    expect((await broken).message).toMatch(/ECONNRESET|terminated/);
    await expect(ask(url)).rejects.toThrow(/ECONNREFUSED/);
    await wire.mend();
    expect(await ask(url)).toBe(7);
    await wire.stop();
  });

  it('is cut from the beginning where that is wanted', async () => {
    const wire = await layWire(Number(new URL(fresh.url).port), true);
    await expect(ask(urlOver(wire.port))).rejects.toThrow(/ECONNREFUSED/);
    await wire.mend();
    expect(await ask(urlOver(wire.port))).toBe(7);
    await wire.stop();
  });
});
