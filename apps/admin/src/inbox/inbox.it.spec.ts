import { inboxMessage, inboxPage } from '#contract';
import { createMailbox, type Mailbox } from '#platform/store';
import { freshDatabase, waitFor } from '#testing/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { keyHeader, openSpecApp, type SpecApp } from '../events/spec-app.ts';
import { HEARTBEAT_MS } from './inbox-feed.ts';
import { InboxModule } from './inbox.module.ts';

let app: SpecApp;
let mailbox: Mailbox;
const open: Stream[] = [];

beforeAll(async () => {
  app = await openSpecApp(await freshDatabase(), [InboxModule], [{ provide: HEARTBEAT_MS, useValue: 50 }]);
  mailbox = createMailbox(app.database);
});
afterEach(async () => {
  for (const stream of open.splice(0)) await stream.leave();
});
afterAll(async () => {
  await mailbox.close();
  await app.close();
});

async function put(owner: string, text = 'Привет 👋', id = uuidv7()): Promise<string> {
  await mailbox.put({ deliveryId: id, to: owner, text, event: { id: uuidv7(), type: 't' } });
  return `dlv_${id}`;
}

interface Stream {
  answer: Response;
  /** All that was read so far. */
  text(): string;
  /** Ids of the messages so far. */
  ids(): string[];
  ended(): boolean;
  leave(): Promise<void>;
}

async function listenTo(owner: string, headers: Record<string, string> = {}): Promise<Stream> {
  const aborter = new AbortController();
  const url = `${app.base}/v1/inbox/${owner}/stream`;
  const answer = await fetch(url, { headers: { ...keyHeader('read'), ...headers }, signal: aborter.signal });
  let text = '';
  let ended = false;
  const reading = (async () => {
    for await (const bytes of answer.body!.pipeThrough(new TextDecoderStream())) text += bytes;
  })()
    .catch(() => undefined)
    .finally(() => (ended = true));
  const stream: Stream = {
    answer,
    text: () => text,
    ids: () => [...text.matchAll(/^id: (.*)$/gm)].map((match) => match[1]!),
    ended: () => ended,
    leave: async () => {
      aborter.abort();
      await reading;
    },
  };
  open.push(stream);
  return stream;
}

const heard = (stream: Stream, count: number) =>
  waitFor(() => stream.ids().length >= count, { what: `${count} messages on the stream` });

async function connectionsThatListen(): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'vestnik listener'`;
  return (await app.database.pool.query<{ count: number }>(sql)).rows[0]!.count;
}

describe('GET /v1/inbox/{owner}', () => {
  it('answers the messages, newest first, and how many are unread', async () => {
    const [older, newer] = [await put('anna'), await put('anna', 'второе')];
    const { body } = await app.call('GET', '/v1/inbox/anna?limit=1', { scope: 'read' });
    expect(inboxPage.parse(body)).toMatchObject({ unread: 2, items: [{ id: newer, text: 'второе' }] });
    const rest = await app.call('GET', `/v1/inbox/anna?limit=1&cursor=${String(body['next'])}`);
    expect(rest.body.items).toMatchObject([{ id: older, text: 'Привет 👋' }]);
    expect(rest.body).not.toHaveProperty('next');
  });

  it('is empty for an inbox that was never written to', async () => {
    expect((await app.call('GET', '/v1/inbox/nobody')).body).toEqual({ unread: 0, items: [] });
  });

  it('refuses a name that cannot be, and a key that may not read', async () => {
    expect((await app.call('GET', '/v1/inbox/a%00b')).body).toMatchObject({
      status: 400,
      errors: [{ pointer: 'owner' }],
    });
    expect((await app.call('GET', '/v1/inbox/anna', { scope: 'ingest' })).status).toBe(403);
  });
});

describe('POST /v1/inbox/{owner}/read', () => {
  it('marks by id, up to one, or everything, and answers what is left', async () => {
    const ids = [];
    for (let n = 0; n < 5; n += 1) ids.push(await put('boris'));
    const read = async (body: object) => (await app.call('POST', '/v1/inbox/boris/read', { body })).body;
    expect(await read({ ids: [ids[4]] })).toEqual({ unread: 4 });
    expect(await read({ upTo: ids[1] })).toEqual({ unread: 2 });
    const unread = await app.call('GET', '/v1/inbox/boris?unread=true');
    expect(unread.body.items.map((item) => item['id'])).toEqual([ids[3], ids[2]]);
    expect(await read({})).toEqual({ unread: 0 });
  });

  it('refuses ids that are none, both at once, and a key that may only read', async () => {
    const read = (body: object, scope: 'read' | 'edit' = 'edit') =>
      app.call('POST', '/v1/inbox/boris/read', { body, scope });
    expect((await read({ ids: ['garbage'] })).body).toMatchObject({ status: 400, errors: [{ pointer: '/ids/0' }] });
    expect((await read({ ids: [uuidv7()], upTo: uuidv7() })).status).toBe(400);
    expect((await read({}, 'read')).status).toBe(403);
  });
});

describe('GET /v1/inbox/{owner}/stream', () => {
  it('sends messages of this inbox as they come, as server-sent events', async () => {
    await put('clara', 'from before');
    const stream = await listenTo('clara');
    expect(stream.answer.headers.get('content-type')).toBe('text/event-stream');
    await put('somebody-else');
    const id = await put('clara', 'Осталось 3 📦\nв MSK-1');
    await heard(stream, 1);
    const [block] = stream
      .text()
      .split('\n\n')
      .filter((part) => part.includes('event:'));
    const [event, idLine, data] = block!.trim().split('\n');
    expect([event, idLine]).toEqual(['event: message', `id: ${id}`]);
    expect(inboxMessage.parse(JSON.parse(data!.slice('data: '.length)))).toMatchObject({
      id,
      text: 'Осталось 3 📦\nв MSK-1',
    });
    expect(stream.ids()).toEqual([id]);
  });

  it('starts with what came after the last message that the reader has', async () => {
    const ids = [];
    for (let n = 0; n < 3; n += 1) ids.push(await put('dora'));
    const stream = await listenTo('dora', { 'last-event-id': ids[0]! });
    await heard(stream, 2);
    ids.push(await put('dora'));
    await heard(stream, 3);
    expect(stream.ids()).toEqual(ids.slice(1));
  });

  it('catches up with more than one chunk and repeats nothing that comes meanwhile', async () => {
    const first = await put('egon');
    await Promise.all(Array.from({ length: 1200 }, () => put('egon')));
    const stream = await listenTo('egon', { 'last-event-id': first });
    await Promise.all(Array.from({ length: 20 }, () => put('egon')));
    await heard(stream, 1220);
    expect(new Set(stream.ids()).size).toBe(stream.ids().length);
    expect(stream.ids()).toHaveLength(1220);
  });

  it('sends a message whose delivery is older than what was sent before, to those who come back too', async () => {
    const late = uuidv7();
    const stream = await listenTo('frieda');
    const early = await put('frieda');
    await heard(stream, 1);
    await stream.leave();
    await put('frieda', 'late', late);
    const back = await listenTo('frieda', { 'last-event-id': early });
    const last = await put('frieda');
    await heard(back, 2);
    expect(back.ids()).toEqual([`dlv_${late}`, last]);
    const { body } = await app.call('GET', '/v1/inbox/frieda');
    expect(body.items.map((item) => item['id'])).toEqual([last, `dlv_${late}`, early]);
    expect(await app.call('POST', '/v1/inbox/frieda/read', { body: { upTo: early } })).toMatchObject({
      body: { unread: 2 },
    });
  });

  it('sends at least what came since to a reader whose last message is no longer kept', async () => {
    const gone = uuidv7();
    const kept = await put('greta');
    const stream = await listenTo('greta', { 'last-event-id': `dlv_${gone}` });
    await heard(stream, 1);
    expect(stream.ids()).toEqual([kept]);
  });

  it('keeps the order of arrival when many come at once', async () => {
    const stream = await listenTo('hedwig');
    const ids = await Promise.all(Array.from({ length: 700 }, () => put('hedwig')));
    await heard(stream, 700);
    expect(stream.ids()).toEqual(ids);
  });

  it('misses nothing when the connection that listens is cut', async () => {
    const stream = await listenTo('gustav');
    const first = await put('gustav');
    await heard(stream, 1);
    const { rows } = await app.database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'vestnik listener'`,
    );
    expect(rows).toHaveLength(1);
    const second = await put('gustav');
    await heard(stream, 2);
    expect(stream.ids()).toEqual([first, second]);
  });

  it('serves many readers out of one connection, and forgets those who leave', async () => {
    const streams = await Promise.all(Array.from({ length: 20 }, () => listenTo('helga')));
    expect(await connectionsThatListen()).toBe(1);
    for (const stream of streams.slice(1)) await stream.leave();
    const id = await put('helga');
    await heard(streams[0]!, 1);
    expect(streams[0]!.ids()).toEqual([id]);
    expect(streams[1]!.ids()).toEqual([]);
  });

  it('shows that it lives by comments', async () => {
    const stream = await listenTo('ida');
    await waitFor(() => stream.text().split(': heartbeat').length > 2, { what: 'two heartbeats' });
  });

  it('refuses a last id that is none, as a problem', async () => {
    const stream = await listenTo('ida', { 'last-event-id': 'garbage' });
    expect(stream.answer.status).toBe(400);
    await waitFor(() => stream.text().includes('"REQUEST_INVALID"'), { what: 'the problem' });
  });

  it('ends its streams when the process stops', async () => {
    const own = await openSpecApp(await freshDatabase(), [InboxModule]);
    const answer = await fetch(`${own.base}/v1/inbox/anna/stream`, { headers: keyHeader('read') });
    const ended = answer.text();
    await own.close();
    expect(await ended).not.toContain('event:');
  });
});
