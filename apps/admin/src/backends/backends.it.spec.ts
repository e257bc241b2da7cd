import { secretMask } from '#contract';
import { loadConfig } from '#platform/config';
import { createLogger } from '#platform/log';
import { runtimeEnv, startApp, type RunningApp } from '#platform/runtime';
import { openDatabase, type Database } from '#platform/store';
import { freshDatabase, type FreshDatabase } from '#testing/services';
import { webhookSimulator, type WebhookSink } from '#testing/simulators';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AdminModule } from '../admin.module.ts';
import { adminEnv, adminProviders } from '../providers.ts';

const env = { ...runtimeEnv, ...adminEnv };
const adminKey = 'bootstrap-key-0123456789';
let fresh: FreshDatabase;
let database: Database;
let sink: WebhookSink;
let app: RunningApp;

async function startWith(secretKey: string): Promise<RunningApp> {
  const given = {
    PORT: '0',
    HOST: '127.0.0.1',
    DATABASE_URL: fresh.url,
    ADMIN_API_KEY: adminKey,
    SECRET_KEY: secretKey,
    TARGET_NETWORKS: '127.0.0.0/8',
  };
  const parts = { name: 'admin', env, modules: [AdminModule], providers: adminProviders };
  return startApp(parts, loadConfig(env, given), createLogger('admin', 'silent'));
}

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ connectionString: fresh.url, poolSize: 2, onError: () => undefined });
  sink = (await webhookSimulator.start()) as WebhookSink;
  app = await startWith('a secret of sixteen');
});
beforeEach(() => sink.reset());
afterAll(async () => {
  await app.stop();
  await sink.stop();
  await database.close();
  await fresh.drop();
});

interface Answer {
  status: number;
  body: {
    settings?: Record<string, unknown>;
    errors?: { pointer: string; detail: string }[];
    [field: string]: unknown;
  };
  text: string;
}

async function ask(method: string, path: string, body?: unknown, at = app): Promise<Answer> {
  const headers = {
    authorization: `Bearer ${adminKey}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const answer = await fetch(at.url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? {} : JSON.parse(text), text };
}

const pointers = (answer: Answer) => answer.body.errors?.map((fault) => fault.pointer);
const webhook = (settings: object) => ({ type: 'webhook', settings });
const storedSettings = async (slug: string) => {
  const { rows } = await database.pool.query<{ text: string }>(
    `SELECT body::text AS text FROM definition WHERE slug = $1`,
    [slug],
  );
  return rows[0]!.text;
};

describe('the secrets of a backend', () => {
  it('go in and never come out: not in answers, not in the database, not in the audit', async () => {
    const created = await ask('PUT', '/v1/backends/sealed', webhook({ url: sink.url, secret: sink.secret }));
    expect(created).toMatchObject({ status: 201, body: { settings: { url: sink.url, secret: secretMask } } });
    const shown = [
      created,
      await ask('GET', '/v1/backends/sealed'),
      await ask('GET', '/v1/backends'),
      await ask('GET', '/v1/audit'),
    ];
    for (const { text } of shown) {
      expect(text).not.toContain(sink.secret);
      expect(text).not.toContain('$sealed');
    }
    expect(await storedSettings('sealed')).not.toContain(sink.secret);
  });

  it('are kept when they come back masked, and replaced when they come back new', async () => {
    await ask('PUT', '/v1/backends/kept', webhook({ url: sink.url, secret: sink.secret }));
    const before = await storedSettings('kept');
    expect(await ask('PUT', '/v1/backends/kept', webhook({ url: sink.url, secret: secretMask }))).toMatchObject({
      status: 200,
    });
    expect(await storedSettings('kept')).toBe(before);
    await ask('POST', '/v1/backends/kept/test', { to: 'anna' });
    expect(sink.requests()[0]?.headers['webhook-signature']).toMatch(/^v1,/);
    await ask(
      'PUT',
      '/v1/backends/kept',
      webhook({ url: sink.url, secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` }),
    );
    expect(await storedSettings('kept')).not.toBe(before);
  });

  it('change nothing when the same backend is applied again', async () => {
    const definition = webhook({ url: sink.url, secret: sink.secret, headers: { Authorization: 'Bearer t' } });
    const first = await ask('PUT', '/v1/backends/again', definition);
    expect(await ask('PUT', '/v1/backends/again', definition)).toMatchObject({
      status: 200,
      body: { updatedAt: first.body['updatedAt'] },
    });
  });

  it('cannot be kept where none is stored, and cannot be smuggled in sealed', async () => {
    const masked = await ask('PUT', '/v1/backends/none', webhook({ url: sink.url, secret: secretMask }));
    expect(masked).toMatchObject({ status: 422, body: { code: 'DEFINITION_INVALID' } });
    expect(pointers(masked)).toEqual(['/settings/secret']);
    const smuggled = await ask(
      'PUT',
      '/v1/backends/none',
      webhook({ url: sink.url, headers: { a: { $sealed: 'v1:00:AAAA' } } }),
    );
    expect(smuggled).toMatchObject({ status: 422 });
    expect(pointers(smuggled)).toEqual(['/settings/headers/a']);
  });

  it('do not go along to another place unless they are sent again', async () => {
    const loud = webhook({ url: sink.url, headers: { Authorization: 'Bearer sesame-4711' } });
    await ask('PUT', '/v1/backends/moving', loud);
    const before = await storedSettings('moving');
    const elsewhere = { url: `${sink.url}/elsewhere`, headers: secretMask };
    const refused = await ask('PUT', '/v1/backends/moving', webhook(elsewhere));
    expect(refused).toMatchObject({ status: 422, body: { code: 'DEFINITION_INVALID' } });
    expect(refused.body.errors).toEqual([
      { pointer: '/settings/headers', detail: expect.stringContaining('it would now go to another place') },
    ]);
    expect(await storedSettings('moving')).toBe(before);
    const resent = webhook({ ...elsewhere, headers: { Authorization: 'Bearer sesame-4711' } });
    expect(await ask('PUT', '/v1/backends/moving', resent)).toMatchObject({ status: 200 });
  });

  it('can be entered anew, but not kept, after SECRET_KEY was lost', async () => {
    await ask('PUT', '/v1/backends/moved', webhook({ url: sink.url, secret: sink.secret }));
    const other = await startWith('another secret key');
    try {
      expect(await ask('POST', '/v1/backends/moved/test', { to: 'anna' }, other)).toMatchObject({
        status: 409,
        body: { code: 'STATE_CONFLICT' },
      });
      const kept = await ask('PUT', '/v1/backends/moved', webhook({ url: sink.url, secret: secretMask }), other);
      expect(kept.body.errors).toEqual([
        { pointer: '/settings/secret', detail: expect.stringContaining('another SECRET_KEY') },
      ]);
      expect(
        await ask('PUT', '/v1/backends/moved', webhook({ url: sink.url, secret: sink.secret }), other),
      ).toMatchObject({ status: 200 });
      expect(await ask('POST', '/v1/backends/moved/test', { to: 'anna' }, other)).toMatchObject({
        body: { outcome: { kind: 'delivered' } },
      });
    } finally {
      await other.stop();
    }
  });
});

describe('saving a backend', () => {
  it('checks the settings against the type, with the path of every fault', async () => {
    const refused = await ask('PUT', '/v1/backends/bad', webhook({ url: 'ftp://x', secrets: 1 }));
    expect(refused).toMatchObject({ status: 422, body: { code: 'DEFINITION_INVALID' } });
    expect(pointers(refused)?.sort()).toEqual(['/settings/secrets', '/settings/url']);
    const unknown = await ask('PUT', '/v1/backends/bad', { type: 'pigeon', settings: {} });
    expect(unknown.body.errors).toEqual([{ pointer: '/type', detail: expect.stringContaining('`webhook`') }]);
  });
});

describe('a test message', () => {
  it('is really sent, rendered for the backend type, and the outcome shown', async () => {
    await ask('PUT', '/v1/backends/live', webhook({ url: sink.url }));
    const answer = await ask('POST', '/v1/backends/live/test', { to: 'anna', title: 'Проверка', text: '**Важно** 👋' });
    expect(answer).toMatchObject({ status: 200, body: { outcome: { kind: 'delivered' } } });
    const [received] = sink.received();
    expect(received).toMatchObject({ to: 'anna', title: 'Проверка' });
    expect(received?.text).toBe('Важно 👋');
  });

  it('shows a failure in the words of the backend, with secrets masked', async () => {
    await ask('PUT', '/v1/backends/loud', webhook({ url: sink.url, headers: { Authorization: 'Bearer sesame-4711' } }));
    sink.plan({ kind: 'status', status: 503, body: 'who said Bearer sesame-4711?' } as never);
    const answer = await ask('POST', '/v1/backends/loud/test', { to: 'anna' });
    expect(answer).toMatchObject({ status: 200, body: { outcome: { kind: 'retryable', statusCode: 503 } } });
    expect(answer.text).not.toContain('sesame-4711');
  });

  it('reaches an inbox without any server', async () => {
    await ask('PUT', '/v1/backends/box', { type: 'inbox', settings: {} });
    expect(await ask('POST', '/v1/backends/box/test', { to: 'anna' })).toMatchObject({
      body: { outcome: { kind: 'delivered' } },
    });
    const { rows } = await database.pool.query(`SELECT owner, event_type FROM inbox_message`);
    expect(rows).toEqual([{ owner: 'anna', event_type: 'vestnik.test' }]);
  });

  it('is refused for an address that the type refuses, and for a backend that is not there', async () => {
    await ask('PUT', '/v1/backends/box', { type: 'inbox', settings: {} });
    const refused = await ask('POST', '/v1/backends/box/test', { to: 'a b' });
    expect(refused).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
    expect(pointers(refused)).toEqual(['/to']);
    expect(await ask('POST', '/v1/backends/nowhere/test', { to: 'anna' })).toMatchObject({ status: 404 });
  });

  it('does not leave the networks that are allowed', async () => {
    await ask('PUT', '/v1/backends/metadata', webhook({ url: 'http://169.254.169.254/latest' }));
    const answer = await ask('POST', '/v1/backends/metadata/test', { to: 'anna' });
    expect(answer.body).toMatchObject({ outcome: { kind: 'permanent', reason: 'target_forbidden' } });
  });
});

describe('GET /v1/backend-types', () => {
  it('shows every type with the JSON Schema of its settings, secrets as writeOnly', async () => {
    const { body } = await ask('GET', '/v1/backend-types');
    const items = body['items'] as {
      type: string;
      settingsSchema: { properties: Record<string, object>; required?: string[] };
    }[];
    expect(items.map((item) => item.type)).toEqual(expect.arrayContaining(['inbox', 'webhook', 'mychat']));
    const { properties, required } = items.find((item) => item.type === 'webhook')!.settingsSchema;
    expect(properties['secret']).toMatchObject({ type: 'string', writeOnly: true });
    expect(properties['url']).not.toHaveProperty('writeOnly');
    expect(required).toEqual(['url']);
  });
});
