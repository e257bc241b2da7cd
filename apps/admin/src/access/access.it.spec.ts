import { loadConfig } from '#platform/config';
import { createLogger } from '#platform/log';
import { runtimeEnv, startApp, type RunningApp } from '#platform/runtime';
import { freshDatabase, waitFor, type FreshDatabase } from '#testing/services';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AdminModule } from '../admin.module.ts';
import { adminEnv, adminProviders } from '../providers.ts';

const env = { ...runtimeEnv, ...adminEnv };
const adminKey = 'bootstrap-key-0123456789';
let fresh: FreshDatabase;
let app: RunningApp;

beforeAll(async () => {
  fresh = await freshDatabase();
  const given = {
    PORT: '0',
    HOST: '127.0.0.1',
    DATABASE_URL: fresh.url,
    ADMIN_API_KEY: adminKey,
    SECRET_KEY: 'a secret of sixteen',
  };
  const parts = { name: 'admin', env, modules: [AdminModule], providers: adminProviders };
  app = await startApp(parts, loadConfig(env, given), createLogger('admin', 'silent'));
});
afterAll(async () => {
  await app.stop();
  await fresh.drop();
});

interface Item {
  name: string;
  action?: string;
  lastUsedAt?: string;
  [field: string]: unknown;
}

interface Answer {
  status: number;
  body: { key?: string; items?: Item[]; next?: string; code?: string; detail?: string };
}

async function ask(method: string, path: string, body?: unknown, key = adminKey): Promise<Answer> {
  const headers = {
    authorization: `Bearer ${key}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const answer = await fetch(app.url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? {} : JSON.parse(text) };
}

describe('an API key', () => {
  it('is shown once, opens what its scopes say and nothing else', async () => {
    const { status, body } = await ask('POST', '/v1/api-keys', { name: 'looker', scopes: ['read'] });
    expect(status).toBe(201);
    const key = body.key!;
    expect(await ask('GET', '/v1/rules', undefined, key)).toMatchObject({ status: 200 });
    const refused = await ask('PUT', '/v1/groups/g', {}, key);
    expect(refused).toMatchObject({
      status: 403,
      body: { code: 'SCOPE_MISSING', detail: expect.stringContaining('`edit`') },
    });
    expect(await ask('GET', '/v1/api-keys', undefined, key)).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('`admin`') },
    });
    expect(JSON.stringify((await ask('GET', '/v1/api-keys')).body)).not.toContain(key);
  });

  it('shows when it was last used', async () => {
    // The key that this spec asks with was the first to be used, so its use is written at once.
    const find = async () => (await ask('GET', '/v1/api-keys')).body.items?.find((item) => item.name === 'admin');
    await waitFor(async () => (await find())?.lastUsedAt !== undefined, { what: 'the last use to show' });
    expect(Date.now() - Date.parse((await find())!.lastUsedAt!)).toBeLessThan(60_000);
  });

  it('is refused once it is revoked', async () => {
    const { body } = await ask('POST', '/v1/api-keys', { name: 'gone', scopes: ['read'] });
    expect(await ask('GET', '/v1/rules', undefined, body.key)).toMatchObject({ status: 200 });
    expect(await ask('DELETE', '/v1/api-keys/gone')).toMatchObject({ status: 204 });
    await waitFor(async () => (await ask('GET', '/v1/rules', undefined, body.key)).status === 401, {
      what: 'the key to be refused',
    });
    expect(await ask('DELETE', '/v1/api-keys/gone')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });

  it('has a name of its own', async () => {
    await ask('POST', '/v1/api-keys', { name: 'twin', scopes: ['read'] });
    expect(await ask('POST', '/v1/api-keys', { name: 'twin', scopes: ['read'] })).toMatchObject({
      status: 409,
      body: { code: 'NAME_TAKEN' },
    });
  });
});

describe('the audit', () => {
  it('tells who changed what, newest first, with before and after, page by page', async () => {
    await ask('PUT', '/v1/groups/watched', { displayName: 'One' });
    await ask('PUT', '/v1/groups/watched', { displayName: 'Two' });
    await ask('DELETE', '/v1/groups/watched');
    const path = '/v1/audit?noun=group&name=watched&limit=2';
    const first = await ask('GET', path);
    expect(first.body.items).toMatchObject([
      { action: 'delete', actor: 'admin', before: { displayName: 'Two' } },
      { action: 'replace', before: { displayName: 'One' }, after: { displayName: 'Two' } },
    ]);
    const second = await ask('GET', `${path}&cursor=${first.body.next}`);
    expect(second.body.items).toMatchObject([{ action: 'create', after: { displayName: 'One' } }]);
    expect(second.body.next).toBeUndefined();
    for (const filter of ['noun', 'name', 'actor'])
      expect(await ask('GET', `/v1/audit?${filter}=a%00`)).toMatchObject({
        status: 400,
        body: { code: 'REQUEST_INVALID' },
      });
    expect(await ask('GET', '/v1/audit?cursor=abc')).toMatchObject({ status: 400, body: { code: 'CURSOR_INVALID' } });
  });
});
