import { backtest as backtestSchema, backtestSummary, type Backtest, type JsonValue } from '#contract';
import { createBacktests, createDefinitions, createDrafts, newId } from '#platform/store';
import { freshDatabase, waitFor } from '#testing/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { keyHeader, makeDelivery, makeEvent, openSpecApp, type SpecApp } from '../events/spec-app.ts';
import { BACKTEST_SETTINGS, type BacktestSettings } from './backtest-desk.ts';
import { BacktestsModule } from './backtests.module.ts';
import { everything, isWaiting, listen, lockEvents, threads } from './spec-sights.ts';
import { startHeld, startInProcess } from './spec-thread.ts';
import { startThread } from './thread.ts';
import type { ThreadOrder } from './work.ts';

/** A thread loads TypeScript by itself, which takes seconds; the build needs none of this. */
const inThread = (order: ThreadOrder) =>
  startThread(order, ['--conditions=source', '--import', '@swc-node/register/esm-register']);
const settings: BacktestSettings = { share: 1, everyMs: 25, start: startInProcess };
const loading = { timeoutMs: 25_000 };

let app: SpecApp;
let at: BacktestSettings;

async function open(): Promise<SpecApp> {
  at = { ...settings };
  const opened = await openSpecApp(
    await freshDatabase(),
    [BacktestsModule],
    [{ provide: BACKTEST_SETTINGS, useValue: at }],
  );
  const definitions = createDefinitions(opened.database);
  await definitions.put('backend', 'home', { type: 'inbox', settings: {} }, { author: 'spec' });
  for (const slug of ['anna', 'boris'])
    await definitions.put(
      'recipient',
      slug,
      { displayName: slug, addresses: [{ backend: 'home', to: slug }] },
      { author: 'spec' },
    );
  await definitions.put('rule', 'low', telling('recipient:anna'), { author: 'spec' });
  return opened;
}

const telling = (to: string): JsonValue => ({
  match: { type: ['stock.low'] },
  notify: [{ to: [to], strategy: 'first' }],
});

/** A draft that tells Boris instead. */
async function makeDraft(body: JsonValue = telling('recipient:boris')): Promise<string> {
  const drafts = createDrafts(app.database);
  const { id } = await drafts.create({}, 'spec');
  await drafts.put(id, { noun: 'rule', slug: 'low', body }, { author: 'spec' });
  return id;
}

const start = async (draft: string, body: object = {}) =>
  app.call('POST', `/v1/drafts/drf_${draft}/backtests`, { body });

async function started(draft: string, body: object = {}): Promise<string> {
  const answer = await start(draft, body);
  expect(answer).toMatchObject({ status: 202, body: { state: 'running' } });
  return String(answer.body['id']);
}

const show = async (id: string) =>
  (await app.call('GET', `/v1/backtests/${id}`, { scope: 'read' })).body as unknown as Backtest;

const ended = (id: string) =>
  waitFor(async () => ((await show(id)).state === 'running' ? undefined : show(id)), { what: 'its end', ...loading });

const cancel = (id: string, scope: 'edit' | 'read' = 'edit') =>
  fetch(`${app.base}/v1/backtests/${id}`, { method: 'DELETE', headers: keyHeader(scope) });

beforeAll(async () => {
  app = await open();
});
afterEach(async () => {
  for (const { id } of (await app.call('GET', '/v1/backtests')).body.items) await cancel(String(id));
  await waitFor(async () => (await threads(app)) === 0, { what: 'threads to end' });
  Object.assign(at, settings);
});
afterAll(() => app.close());

describe('a back-test', () => {
  it('of an empty span is done at once, with nothing found', async () => {
    const id = await started(await makeDraft(), { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' });
    expect(await ended(id)).toMatchObject({
      state: 'done',
      progress: { events: 0, ofEvents: 0, fraction: 1 },
      result: { events: 0, messages: { before: 0, after: 0 }, days: [] },
    });
  });

  it('counts stored events, narrowed to types, and changes nothing but its own record', async () => {
    const event = await makeEvent(app.database, { data: { qty: 1 } });
    await makeDelivery(app.database, event);
    await makeEvent(app.database);
    await makeEvent(app.database, { type: 'order.late' });
    const draft = await makeDraft();
    const before = await everything(app);
    at.start = inThread;
    const id = await started(draft, { days: 1 });
    const all = await ended(id);
    expect(await everything(app)).toEqual(before);
    expect(backtestSchema.parse(all)).toMatchObject({
      id,
      draft: `drf_${draft}`,
      author: 'edit-key',
      request: { days: 1 },
      progress: { events: 3, ofEvents: 3, fraction: 1 },
      result: {
        events: 3,
        differing: 2,
        messages: { before: 2, after: 2 },
        rules: [{ rule: 'low', matched: { before: 2, after: 2 } }],
        samples: [{ eventId: `evt_${event}`, added: [{ recipient: 'boris' }], removed: [{ recipient: 'anna' }] }, {}],
      },
    });
    expect(all.result!.recipients.map(({ days: _days, ...others }) => others)).toEqual([
      { recipient: 'boris', before: 0, after: 2 },
      { recipient: 'anna', before: 2, after: 0 },
    ]);
    const narrowed = await ended(await started(draft, { days: 1, types: ['order.late'] }));
    expect(narrowed.result).toMatchObject({ events: 1, differing: 0 });
  });

  it('goes on when its draft is discarded or the book changes meanwhile', async () => {
    await makeEvent(app.database);
    const draft = await makeDraft();
    const id = await started(draft, { days: 1, types: ['stock.low'] });
    await createDrafts(app.database).discard(draft, 'spec');
    await createDefinitions(app.database).put('rule', 'other', telling('recipient:anna'), { author: 'spec' });
    const { state, result } = await ended(id);
    await createDefinitions(app.database).remove('rule', 'other', { author: 'spec' });
    expect([state, result!.rules.map(({ rule }) => rule)]).toEqual(['done', ['low']]);
    expect((await start(draft)).status).toBe(404);
  });

  it('of a draft that could not work is refused with its faults', async () => {
    const { status, body } = await start(await makeDraft(telling('recipient:nobody')));
    expect({ status, body }).toMatchObject({
      status: 422,
      body: { code: 'DEFINITION_INVALID', errors: [{ pointer: '/rules/low/notify/0/to/0' }] },
    });
    expect((await start('nonsense')).status).toBe(404);
  });

  it.each([
    [{ days: 0 }, '/days'],
    [{ days: 401 }, '/days'],
    [{ days: 1, from: '2026-11-01T00:00:00Z' }, '/days'],
    [{ from: '2026-11-02T00:00:00Z', to: '2026-11-01T00:00:00Z' }, '/from'],
    [{ from: '2020-01-01T00:00:00Z' }, '/from'],
    [{ types: [] }, '/types'],
  ])('of %j is refused', async (body, pointer) => {
    expect((await start(await makeDraft(), body)).body).toMatchObject({ status: 400, errors: [{ pointer }] });
  });

  it('fails with the reason when PostgreSQL ends it', async () => {
    const unlock = await lockEvents(app);
    const id = await started(await makeDraft(), { days: 1 });
    await waitFor(() => isWaiting(app), { what: 'its first question' });
    await app.database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'vestnik back-test'`,
    );
    await unlock();
    expect(await ended(id)).toMatchObject({ state: 'failed', error: expect.stringContaining('terminat') });
  });
});

describe('one whose thread cannot start', () => {
  it('has failed, and keeps nobody from trying again', async () => {
    at.start = () => {
      throw new Error('no threads left');
    };
    const draft = await makeDraft();
    expect((await start(draft)).status).toBe(500);
    const [last] = (await app.call('GET', '/v1/backtests?limit=1')).body.items;
    expect(last).toMatchObject({ state: 'failed', error: 'The thread could not be started.' });
    at.start = startInProcess;
    await ended(await started(draft));
  });
});

describe('one that runs', () => {
  it('keeps others from running, and is named', async () => {
    at.start = startHeld;
    const draft = await makeDraft();
    const id = await started(draft);
    const second = await start(draft);
    expect(second).toMatchObject({ status: 409, body: { code: 'STATE_CONFLICT' } });
    expect(second.body['detail']).toContain(`\`${id}\` of \`edit-key\` runs`);
  });

  it('is cancelled by DELETE, as often as one likes, and makes room', async () => {
    at.start = inThread;
    const draft = await makeDraft();
    const unlock = await lockEvents(app);
    const id = await started(draft);
    await waitFor(() => isWaiting(app), { what: 'its first question', ...loading });
    expect((await cancel(id, 'read')).status).toBe(403);
    expect([(await cancel(id)).status, (await cancel(id)).status]).toEqual([204, 204]);
    expect(await show(id)).toMatchObject({ state: 'cancelled', finishedAt: expect.any(String) });
    expect(await show(id)).not.toHaveProperty('result');
    await unlock();
    await waitFor(async () => (await threads(app)) === 0, { what: 'the thread to end' });
    at.start = startHeld;
    await started(draft);
    expect((await cancel('bkt_nonsense')).status).toBe(404);
    expect((await cancel(`bkt_${newId()}`)).status).toBe(404);
  });

  it('is ended from another process too', async () => {
    let stopped = false;
    at.start = () => {
      const held = startHeld();
      return { ...held, stop: async () => void (stopped = true) };
    };
    const id = await started(await makeDraft());
    expect(await createBacktests(app.database).cancel(id.slice('bkt_'.length))).toBe(true);
    await waitFor(() => stopped, { what: 'the thread to end' });
    expect((await show(id)).state).toBe('cancelled');
  });

  it('has failed when its process is gone, and makes room', async () => {
    const backtests = createBacktests(app.database);
    const gone = newId();
    await backtests.begin({ id: gone, draft: newId(), author: 'spec', request: {} });
    await app.database.pool.query(`UPDATE backtest SET beat_at = now() - interval '1 minute' WHERE id = $1`, [gone]);
    expect(await show(`bkt_${gone}`)).toMatchObject({ state: 'failed', error: expect.stringContaining('was ended') });
    const id = await started(await makeDraft(), { days: 1 });
    expect((await ended(id)).state).toBe('done');
    expect(await backtests.beat(gone, undefined)).toBe(false);
    expect(await show(`bkt_${gone}`)).toMatchObject({ state: 'failed', finishedAt: expect.any(String) });
  });

  it('ends with its process, and says so', async () => {
    const first = { app, at };
    app = await open();
    at.start = startHeld;
    const id = await started(await makeDraft());
    const reading = (async () => {
      const events = [];
      for await (const { event } of listen(app, id)) events.push(event);
      return events;
    })();
    await waitFor(async () => (await show(id)).progress.events > 0, { what: 'its progress' });
    let record: unknown;
    const { pool } = app.database;
    const end = pool.end.bind(pool);
    app.database.close = async () => {
      record = (await createBacktests(app.database).get(id.slice('bkt_'.length)))!;
      await end();
    };
    await app.close();
    ({ app, at } = first);
    expect(record).toMatchObject({ state: 'failed', error: expect.stringContaining('was stopped') });
    expect(new Set(await reading)).toEqual(new Set(['progress']));
  });
});

describe('the stream', () => {
  it('sends progress while it runs, and how it ended', async () => {
    at.start = startHeld;
    const id = await started(await makeDraft());
    const seen: string[] = [];
    for await (const { event, data } of listen(app, id)) {
      seen.push(event);
      if (event === 'progress') expect(backtestSummary.parse(data)).toMatchObject({ id, state: 'running' });
      if (seen.length === 3) await cancel(id);
    }
    expect(seen.slice(0, 3)).toEqual(['progress', 'progress', 'progress']);
    expect(seen.at(-1)).toBe('cancelled');
  });

  it('ends with the result; of one that is over there is only that', async () => {
    const id = await started(await makeDraft(), { days: 1 });
    const events = [];
    for await (const one of listen(app, id)) events.push(one);
    expect(events.at(-1)).toMatchObject({ event: 'done', data: { state: 'done', result: { timeZone: 'UTC' } } });
    const later = [];
    for await (const one of listen(app, id)) later.push(one);
    expect(later).toEqual([events.at(-1)]);
  });
});

describe('the list', () => {
  it('shows them newest first, without results, page by page', async () => {
    const ids = [];
    for (let n = 0; n < 2; n += 1) {
      const id = await started(await makeDraft(), { days: 1 });
      await ended(id);
      ids.unshift(id);
    }
    const first = (await app.call('GET', '/v1/backtests?limit=1', { scope: 'read' })).body;
    expect(first.items.map((item) => backtestSummary.parse(item).id)).toEqual([ids[0]]);
    const second = (await app.call('GET', `/v1/backtests?limit=1&cursor=${String(first['next'])}`)).body;
    expect(second.items.map(({ id }) => id)).toEqual([ids[1]]);
    expect((await app.call('GET', '/v1/backtests?cursor=x')).status).toBe(400);
  });
});
