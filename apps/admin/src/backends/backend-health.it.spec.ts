import { loadConfig } from '#platform/config';
import { createLogger } from '#platform/log';
import { runtimeEnv, startApp, type RunningApp } from '#platform/runtime';
import { openDatabase, type Database } from '#platform/store';
import { freshDatabase, waitFor, type FreshDatabase } from '#testing/services';
import { webhookSimulator, type WebhookSink } from '#testing/simulators';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AdminModule } from '../admin.module.ts';
import { makeDelivery, makeEvent } from '../events/spec-app.ts';
import { adminEnv, adminProviders } from '../providers.ts';

const env = { ...runtimeEnv, ...adminEnv };
const adminKey = 'bootstrap-key-0123456789';
let fresh: FreshDatabase;
let database: Database;
let sink: WebhookSink;
let app: RunningApp;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ connectionString: fresh.url, poolSize: 2, onError: () => undefined });
  sink = (await webhookSimulator.start()) as WebhookSink;
  const given = {
    PORT: '0',
    HOST: '127.0.0.1',
    DATABASE_URL: fresh.url,
    ADMIN_API_KEY: adminKey,
    SECRET_KEY: 'a secret of sixteen',
    TARGET_NETWORKS: '127.0.0.0/8',
  };
  const parts = { name: 'admin', env, modules: [AdminModule], providers: adminProviders };
  app = await startApp(parts, loadConfig(env, given), createLogger('admin', 'silent'));
});
beforeEach(async () => {
  await database.pool.query('DELETE FROM circuit');
  await ask('PUT', '/v1/backends/hq', { type: 'webhook', settings: sink.settings() });
});
afterAll(async () => {
  await app.stop();
  await sink.stop();
  await database.close();
  await fresh.drop();
});

async function ask(method: string, path: string, body?: unknown) {
  const headers = {
    authorization: `Bearer ${adminKey}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const answer = await fetch(app.url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
}

/** Puts the backend into a state, as a courier would have. */
async function setCircuit(state: 'open' | 'draining' | 'paused'): Promise<void> {
  await database.pool.query(
    `INSERT INTO circuit (backend, state, reason, detail) VALUES ('hq', $1, 'http_401', 'who are you?')`,
    [state],
  );
}

async function health(): Promise<Record<string, unknown>> {
  const { items } = (await ask('GET', '/v1/backend-health')).body as { items: Record<string, unknown>[] };
  return items.find(({ backend }) => backend === 'hq')!;
}

async function circuitState(): Promise<string | undefined> {
  const { rows } = await database.pool.query<{ state: string }>(`SELECT state FROM circuit WHERE backend = 'hq'`);
  return rows[0]?.state;
}

describe('the health of a backend', () => {
  it('is up, with nothing waiting, when all is well', async () => {
    expect(await health()).toEqual({ backend: 'hq', state: 'up', waiting: 0, held: 0 });
  });

  it.each([
    ['open', 'down', true],
    ['draining', 'draining', false],
    ['paused', 'paused', false],
  ] as const)('of a circuit that is %s is %s, with the reason and since when', async (circuit, state, isProbed) => {
    await setCircuit(circuit);
    const told = await health();
    expect(told).toMatchObject({ state, reason: 'http_401', detail: 'who are you?', since: expect.any(String) });
    expect('nextProbeAt' in told).toBe(isProbed);
  });

  it('is paused when its settings say so', async () => {
    await ask('PUT', '/v1/backends/hq', { type: 'webhook', settings: sink.settings(), paused: true });
    expect(await health()).toMatchObject({ state: 'paused', reason: 'settings_paused' });
    expect((await ask('POST', '/v1/backends/hq/resume')).status).toBe(409);
  });

  it('counts what waits and what of it is held', async () => {
    const ids = [];
    for (let n = 0; n < 3; n += 1) ids.push(await makeDelivery(database, await makeEvent(database)));
    await database.pool.query(`UPDATE delivery SET state = 'waiting', held_since = now() WHERE id = $1`, [ids[0]]);
    await database.pool.query(`UPDATE delivery SET state = 'delivered', finished_at = now() WHERE id = $1`, [ids[1]]);
    expect(await health()).toMatchObject({ waiting: 2, held: 1, oldestWaitingAt: expect.any(String) });
  });
});

describe('a backend that refused us', () => {
  it('is sent to again when it is resumed, and the audit tells by whom', async () => {
    await setCircuit('paused');
    expect((await ask('POST', '/v1/backends/hq/resume')).status).toBe(204);
    expect(await circuitState()).toBe('draining');
    const { items } = (await ask('GET', '/v1/audit?noun=backend&name=hq')).body as { items: object[] };
    expect(items[0]).toMatchObject({ action: 'resume', actor: 'admin' });
  });

  it('is sent to again when it is saved anew', async () => {
    await setCircuit('paused');
    expect((await ask('PUT', '/v1/backends/hq', { type: 'webhook', settings: sink.settings() })).status).toBe(200);
    expect(await circuitState()).toBe('draining');
  });

  it.each(['paused', 'open'] as const)('is sent to again when a test message got through while %s', async (state) => {
    await setCircuit(state);
    await waitFor(async () => (await health())['state'] !== 'up', { what: 'the circuit to be known' });
    expect(await ask('POST', '/v1/backends/hq/test', { to: 'anna' })).toMatchObject({
      status: 200,
      body: { outcome: { kind: 'delivered' } },
    });
    expect(await circuitState()).toBe('draining');
  });

  it('stays as it is when the test message failed', async () => {
    await setCircuit('paused');
    await health();
    sink.plan({ kind: 'busy' });
    await ask('POST', '/v1/backends/hq/test', { to: 'anna' });
    expect(await circuitState()).toBe('paused');
  });

  it('cannot be resumed when it is not paused, or not there', async () => {
    expect((await ask('POST', '/v1/backends/hq/resume')).status).toBe(409);
    expect((await ask('POST', '/v1/backends/nobody/resume')).status).toBe(404);
  });

  it('leaves no circuit behind when it is deleted', async () => {
    await setCircuit('open');
    expect((await ask('DELETE', '/v1/backends/hq')).status).toBe(204);
    expect(await circuitState()).toBeUndefined();
  });
});
