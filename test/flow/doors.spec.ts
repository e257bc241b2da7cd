import type { AcceptedBatch, AcceptedEvent, Problem } from '#contract';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from './client.ts';
import { fleets, startFleet, type Fleet } from './fleet.ts';

let fleet: Fleet;
let door: Client;

beforeAll(async () => {
  fleet = await startFleet(fleets[0]!);
  door = fleet.ingest;
});
afterAll(() => fleet?.stop());

const send = (body: unknown, headers?: Record<string, string>) =>
  door.call<AcceptedEvent & AcceptedBatch & Omit<Problem, 'status'>>('POST', '/v1/events', body, headers);
const stored = async (type: string) =>
  (await door.get<{ items: { id: string; source: string; data: unknown }[] }>(`/v1/events?type=${type}`)).items;
const event = (id: string) => door.get<Record<string, unknown>>(`/v1/events/${id}`);

describe('POST /v1/events', () => {
  it('takes plain JSON, and names the key as the source of an event without one', async () => {
    const answer = await send({
      type: 'form.plain',
      subject: 'sku/1',
      time: '2026-11-20T12:00:00+03:00',
      correlationKey: 'c-1',
      data: { текст: 'Ёж 🦔' },
    });
    expect(answer).toMatchObject({
      status: 202,
      body: { id: expect.stringMatching(/^evt_/), status: 'accepted', duplicate: false },
    });
    expect(await event(answer.body.id)).toMatchObject({
      source: 'admin',
      subject: 'sku/1',
      time: '2026-11-20T09:00:00.000Z',
      correlationKey: 'c-1',
      data: { текст: 'Ёж 🦔' },
    });
  });

  it('takes a JSON array, and answers in its order', async () => {
    const answer = await send([
      { type: 'form.array', data: { n: 1 } },
      { type: 'form.array', idempotencyKey: 'a-2', data: { n: 2 } },
      { type: 'form.array', idempotencyKey: 'a-2', data: { n: 3 } },
    ]);
    expect(answer).toMatchObject({ status: 202, body: { accepted: 2, duplicates: 1 } });
    const [first, second, third] = answer.body.events;
    expect([first!.duplicate, second!.duplicate, third!.duplicate]).toEqual([false, false, true]);
    expect(third!.id).toBe(second!.id);
    expect(await event(first!.id)).toMatchObject({ data: { n: 1 } });
    expect(await event(second!.id)).toMatchObject({ data: { n: 2 } });
  });

  it('takes a structured CloudEvent with its extensions, its id being the idempotency key', async () => {
    const cloud = {
      specversion: '1.0',
      id: 'ce-1',
      source: '/erp',
      type: 'form.structured',
      correlationkey: 'story-1',
      severity: 'high',
      data: { a: 1 },
    };
    const answer = await send(cloud, { 'content-type': 'application/cloudevents+json; charset=utf-8' });
    expect(answer.status).toBe(202);
    expect(await event(answer.body.id)).toMatchObject({
      source: '/erp',
      idempotencyKey: 'ce-1',
      correlationKey: 'story-1',
      extensions: { severity: 'high' },
      data: { a: 1 },
    });
    const again = await send({ ...cloud, data: { a: 2 } }, { 'content-type': 'application/cloudevents+json' });
    expect(again.body).toMatchObject({ id: answer.body.id, duplicate: true });
  });

  it('takes a batch of CloudEvents, and data in Base64', async () => {
    const base = { specversion: '1.0', source: '/wms', type: 'form.batch' };
    const answer = await send(
      [
        { ...base, id: 'b-1', data: 'text' },
        {
          ...base,
          id: 'b-2',
          datacontenttype: 'application/json',
          data_base64: Buffer.from('{"deep":"Ж"}').toString('base64'),
        },
      ],
      { 'content-type': 'application/cloudevents-batch+json' },
    );
    expect(answer).toMatchObject({ status: 202, body: { accepted: 2, duplicates: 0 } });
    expect(await event(answer.body.events[1]!.id)).toMatchObject({ data: { deep: 'Ж' } });
  });

  it('takes a binary CloudEvent with JSON and with text', async () => {
    const ce = {
      'ce-specversion': '1.0',
      'ce-type': 'form.binary',
      'ce-source': '/pbx',
      'ce-subject': encodeURIComponent('звонок'),
    };
    const json = await send({ from: '101' }, { ...ce, 'ce-id': 'bin-1', 'content-type': 'application/json' });
    expect(json.status).toBe(202);
    expect(await event(json.body.id)).toMatchObject({ source: '/pbx', subject: 'звонок', data: { from: '101' } });
    const text = await send('missed call', { ...ce, 'ce-id': 'bin-2', 'content-type': 'text/plain' });
    expect(await event(text.body.id)).toMatchObject({ data: 'missed call' });
  });

  it('answers a repeated Idempotency-Key header with the first id, whoever was quicker of many', async () => {
    const headers = { 'idempotency-key': 'ставка-1'.normalize().replaceAll(/[^\x20-\x7e]/g, 'x') };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => send({ type: 'form.header', data: {} }, headers)),
    );
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    expect(answers.filter((answer) => !answer.body.duplicate)).toHaveLength(1);
    expect(await stored('form.header')).toHaveLength(1);
  });

  it('keeps the same key of two sources apart', async () => {
    const one = await send({ type: 'form.sources', source: 'erp', idempotencyKey: 'k', data: {} });
    const two = await send({ type: 'form.sources', source: 'wms', idempotencyKey: 'k', data: {} });
    expect(two.body).toMatchObject({ duplicate: false });
    expect(two.body.id).not.toBe(one.body.id);
  });

  it('keeps data to the letter, escapes and NUL included', async () => {
    const data = { z: 1, a: '\u0000 \ud800 "\\ \u2028', big: 1e21, '': null };
    const { body } = await send({ type: 'form.odd', data });
    expect((await event(body.id))['data']).toEqual(data);
  });
});

describe('POST /v1/events, when it refuses,', () => {
  it('stores nothing of an array with bad items, and points at each fault', async () => {
    const answer = await send([
      { type: 'form.refused', data: {} },
      { data: {} },
      { type: 'form.refused', time: 'yesterday', colour: 'red' },
    ]);
    expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.errors!.map((fault) => fault.pointer).sort()).toEqual(['/1/type', '/2/colour', '/2/time']);
    expect(await stored('form.refused')).toEqual([]);
  });

  it('refuses a request without a key, with an unknown key, and with a key that may not ingest', async () => {
    const plain = { type: 'form.refused', data: {} };
    expect(await door.call('POST', '/v1/events', plain, { authorization: '' })).toMatchObject({
      status: 401,
      body: { code: 'KEY_MISSING' },
    });
    expect(await door.withKey('vst_nobody').call('POST', '/v1/events', plain)).toMatchObject({
      status: 401,
      body: { code: 'KEY_UNKNOWN' },
    });
    const made = await door.call<{ key: string }>('POST', '/v1/api-keys', { name: 'watcher', scopes: ['read'] });
    expect(made.status).toBe(201);
    const refused = await door.withKey(made.body.key).call<Problem>('POST', '/v1/events', plain);
    expect(refused).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING' } });
    expect(refused.body.detail).toContain('ingest');
  });

  it.each<[string, unknown, Record<string, string>, number, string]>([
    ['a body that is not JSON', '{"type": ', {}, 400, 'BODY_NOT_JSON'],
    ['an empty array', [], {}, 400, 'REQUEST_INVALID'],
    ['a number', 42, {}, 400, 'REQUEST_INVALID'],
    ['a type that is no string', { type: 7, data: {} }, {}, 400, 'REQUEST_INVALID'],
    ['NUL in an attribute', { type: 'a\u0000b', data: {} }, {}, 400, 'REQUEST_INVALID'],
    ['plain text', 'hello', { 'content-type': 'text/plain' }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['XML', '<a/>', { 'content-type': 'application/xml' }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    [
      'binary CloudEvents data that is neither JSON nor text',
      '{}',
      { 'ce-specversion': '1.0', 'ce-id': 'x', 'ce-source': 's', 'ce-type': 't', 'content-type': 'image/png' },
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'an unknown CloudEvents version',
      { specversion: '0.3', id: 'x', source: 's', type: 't' },
      { 'content-type': 'application/cloudevents+json' },
      422,
      'SPEC_VERSION_UNSUPPORTED',
    ],
    [
      'an Idempotency-Key header for an array',
      [{ type: 'form.refused' }],
      { 'idempotency-key': 'k' },
      422,
      'IDEMPOTENCY_KEY_CONFLICT',
    ],
    [
      'two different idempotency keys',
      { type: 'form.refused', idempotencyKey: 'a' },
      { 'idempotency-key': 'b' },
      422,
      'IDEMPOTENCY_KEY_CONFLICT',
    ],
    [
      'data that is nested too deeply',
      `{"type":"form.refused","data":${'['.repeat(40)}${']'.repeat(40)}}`,
      {},
      422,
      'EVENT_TOO_DEEP',
    ],
    [
      'data that is nested absurdly deeply',
      `{"type":"form.refused","data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      {},
      422,
      'EVENT_TOO_DEEP',
    ],
    ['an event that is too large', { type: 'form.refused', data: 'я'.repeat(200_000) }, {}, 413, 'EVENT_TOO_LARGE'],
    ['too many events at once', Array.from({ length: 10_001 }, () => ({ type: 'x' })), {}, 413, 'TOO_MANY_EVENTS'],
    ['a body that is too large', `{"type":"x","data":"${'x'.repeat(9 * 1024 * 1024)}"}`, {}, 413, 'BODY_TOO_LARGE'],
  ])('refuses %s', async (_what, body, headers, status, code) => {
    const answer = await send(body, headers);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await stored('form.refused')).toEqual([]);
  });
});
