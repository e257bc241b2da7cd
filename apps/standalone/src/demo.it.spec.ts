/** The example that a newcomer meets first: it must pass what everybody's definitions must pass, and it must work. */
import type { Backend, JsonValue, Rule } from '#contract';
import { loadConfig } from '#platform/config';
import { createLogger } from '#platform/log';
import { startApp, type RunningApp } from '#platform/runtime';
import { createDefinitions, openDatabase, type Database, type Definitions, type StoredBook } from '#platform/store';
import { freshDatabase, redisPrefix, redisUrl, waitFor, type FreshDatabase } from '#testing/services';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fullEnv, standaloneApp } from './app.ts';
import { seedDemo } from './demo.ts';
import { welcome } from './welcome.ts';

const key = 'the-key-of-this-spec';
let fresh: FreshDatabase;
let database: Database;
let app: RunningApp | undefined;

beforeEach(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ connectionString: fresh.url, poolSize: 2, onError: () => undefined });
});
afterEach(async () => {
  await app?.stop();
  app = undefined;
  await database.close();
  await fresh.drop();
});

async function start(demo: boolean): Promise<RunningApp> {
  const env = {
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: fresh.url,
    REDIS_URL: redisUrl(),
    QUEUE_PREFIX: redisPrefix(),
    ADMIN_API_KEY: key,
    SECRET_KEY: 'a secret key of the spec',
  };
  app = await startApp(standaloneApp(demo), loadConfig(fullEnv, env), createLogger('spec', 'silent'));
  return app;
}

async function call(method: string, path: string, body?: string): Promise<{ status: number; body: JsonValue }> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answer = await fetch(app!.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
  return { status: answer.status, body: (await answer.json()) as JsonValue };
}

/** What the seed writes into an empty book, in its order. */
async function demoDefinitions(): Promise<{ noun: string; slug: string; body: JsonValue }[]> {
  const written: { noun: string; slug: string; body: JsonValue }[] = [];
  const empty = {
    rules: new Map(),
    recipients: new Map(),
    groups: new Map(),
    backends: new Map(),
    templates: new Map(),
  };
  const recorder = {
    loadBook: async () => ({ version: 1n, ...empty }) as StoredBook,
    put: async (noun: string, slug: string, body: JsonValue) => void written.push({ noun, slug, body }),
  };
  await seedDemo(recorder as unknown as Definitions);
  return written;
}

describe('the demo', () => {
  it('passes, one after the other, the checks that everybody’s definitions pass', async () => {
    await start(false);
    const definitions = await demoDefinitions();
    expect(definitions.length).toBeGreaterThan(5);
    for (const { noun, slug, body } of definitions) {
      const answer = await call('PUT', `/v1/${noun}s/${slug}`, JSON.stringify(body));
      expect({ slug, ...answer }).toMatchObject({ slug, status: 201 });
    }
  });

  it('is stored as a PUT would store it', async () => {
    await start(true);
    const before = await createDefinitions(database).version();
    for (const { noun, slug, body } of await demoDefinitions())
      expect((await call('PUT', `/v1/${noun}s/${slug}`, JSON.stringify(body))).status).toBe(200);
    expect(await createDefinitions(database).version()).toBe(before);
  });

  it('answers the commands of the welcome: the event arrives in Anna’s inbox, in her language', async () => {
    const { url } = await start(true);
    const text = welcome(url, { value: undefined as never, isNew: false, file: undefined }, true);
    const event = /-d '([^']+)'/.exec(text)?.[1];
    const [, , inbox] = [...text.matchAll(/localhost:\d+(\/\S+)/g)].map((found) => found[1]!).slice(-3);
    expect(inbox).toBe('/v1/inbox/anna');
    expect((await call('POST', '/v1/events', event)).status).toBe(202);
    const arrived = await waitFor(
      async () => {
        const { body } = await call('GET', '/v1/inbox/anna');
        return (body as { items: { title: string; text: string }[] }).items[0];
      },
      { what: 'the message' },
    );
    expect(arrived.title).toBe('Мало на складе: Паллета EUR');
    expect(arrived.text).toContain('MSK-1');
  });
});

describe('seedDemo', () => {
  it('fills an empty book once, and lets people change it', async () => {
    const definitions = createDefinitions(database);
    await seedDemo(definitions);
    const seeded = await definitions.loadBook();
    expect([...seeded.rules.keys()]).toEqual(['order-blocked', 'stock-low']);
    const rule = { ...seeded.rules.get('stock-low')!, description: 'Ours now.' } satisfies Rule;
    await definitions.put('rule', 'stock-low', rule as JsonValue, 'spec');
    await definitions.remove('rule', 'order-blocked', 'spec');
    await seedDemo(definitions);
    const later = await definitions.loadBook();
    expect([...later.rules]).toEqual([['stock-low', rule]]);
  });

  it('leaves a book alone that holds anything at all', async () => {
    const definitions = createDefinitions(database);
    const backend: Backend = { type: 'inbox', settings: {} };
    await definitions.put('backend', 'ours', backend as JsonValue, 'spec');
    await seedDemo(definitions);
    const book = await definitions.loadBook();
    expect([book.rules.size, book.recipients.size, book.groups.size, book.templates.size]).toEqual([0, 0, 0, 0]);
    expect([...book.backends.keys()]).toEqual(['ours']);
  });
});
