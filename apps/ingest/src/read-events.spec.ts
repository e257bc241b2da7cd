import { HouseError, limits, type ErrorCode, type Fault } from '#contract';
import type { NewEvent } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { IncomingHttpHeaders } from 'node:http';
import { mediaTypeOf, readEvents, type ReadEvents } from './read-events.ts';

const nowMs = Date.UTC(2026, 10, 20, 9);
const now = '2026-11-20T09:00:00.000Z';
const types = {
  plain: 'application/json',
  cloud: 'application/cloudevents+json',
  batch: 'application/cloudevents-batch+json',
};

function read(body: unknown, headers: IncomingHttpHeaders = {}): ReadEvents {
  return readEvents({
    headers: { 'content-type': types.plain, ...headers },
    body,
    defaultSource: 'erp-key',
    nowMs,
  });
}

function one(body: unknown, headers: IncomingHttpHeaders = {}): NewEvent {
  const { many, events } = read(body, headers);
  expect([many, events.length]).toEqual([false, 1]);
  return events[0]!;
}

function refusalOf(body: unknown, headers: IncomingHttpHeaders = {}): HouseError {
  try {
    read(body, headers);
  } catch (error) {
    if (error instanceof HouseError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

const pointers = (faults: readonly Fault[]) => faults.map((fault) => fault.pointer).sort();
const cloud = { specversion: '1.0', id: 'c-1', source: '/erp', type: 'order.blocked' };
const asCloud = { 'content-type': types.cloud };
const asBatch = { 'content-type': types.batch };
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('the media type of a request', () => {
  it('is read without parameters and case', () => {
    expect(mediaTypeOf({ 'content-type': ' Application/JSON ; charset=utf-8' })).toBe('application/json');
    expect(mediaTypeOf({})).toBe('');
  });
});

describe('a plain event', () => {
  it('keeps what was sent, under an id of its own', () => {
    const event = one({
      type: 'stock.low',
      source: 'wms',
      subject: 'sku/1',
      time: '2026-11-20T12:00:00+03:00',
      idempotencyKey: 'k',
      correlationKey: 'c',
      data: { текст: 'Ёж 🦔' },
    });
    expect(event).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      type: 'stock.low',
      source: 'wms',
      subject: 'sku/1',
      idempotencyKey: 'k',
      correlationKey: 'c',
      data: { текст: 'Ёж 🦔' },
    });
    expect(Date.parse(event.time)).toBe(nowMs);
  });

  it('gets the name of the key as source, now as time, and an empty object as data', () => {
    expect(one({ type: 't' })).toMatchObject({ source: 'erp-key', time: now, data: {} });
    expect(one({ type: 't', data: null }).data).toBeNull();
  });

  it('takes its idempotency key from the header too', () => {
    expect(one({ type: 't' }, { 'idempotency-key': ' h ' }).idempotencyKey).toBe('h');
    expect(one({ type: 't', idempotencyKey: 'h' }, { 'idempotency-key': 'h' }).idempotencyKey).toBe('h');
    expect(refusalOf({ type: 't', idempotencyKey: 'b' }, { 'idempotency-key': 'h' }).code).toBe(
      'IDEMPOTENCY_KEY_CONFLICT',
    );
  });

  it.each(['', '   ', 'x'.repeat(limits.attributeChars + 1)])('is refused with a header that is no key: %j', (key) => {
    expect(refusalOf({ type: 't' }, { 'idempotency-key': key })).toMatchObject({
      code: 'REQUEST_INVALID',
      faults: [{ pointer: 'Idempotency-Key' }],
    });
  });

  it('is pointed at wherever it is wrong', () => {
    const { faults } = refusalOf({
      source: '',
      subject: 7,
      time: 'yesterday',
      colour: 'red',
      correlationKey: 'a\u0000',
    });
    expect(pointers(faults)).toEqual(['/colour', '/correlationKey', '/source', '/subject', '/time', '/type']);
  });

  it('may fill every bound, and no more', () => {
    const longest = 'x'.repeat(limits.attributeChars);
    expect(one({ type: longest, source: longest }).type).toBe(longest);
    expect(pointers(refusalOf({ type: `${longest}x` }).faults)).toEqual(['/type']);
  });
});

describe('a structured CloudEvent', () => {
  it('is read by its content type, and in JSON by its specversion', () => {
    const more = { subject: 's', correlationkey: 'story', severity: 'high', dataschema: 'urn:x', data: [1] };
    for (const headers of [asCloud, {}]) {
      expect(one({ ...cloud, ...more }, headers)).toMatchObject({
        source: '/erp',
        type: 'order.blocked',
        subject: 's',
        idempotencyKey: 'c-1',
        correlationKey: 'story',
        data: [1],
        extensions: { severity: 'high', dataschema: 'urn:x' },
        time: now,
      });
    }
  });

  it('has no extensions rather than empty ones, and the header outranks its id', () => {
    expect(one(cloud, asCloud)).toMatchObject({ extensions: undefined, data: {} });
    expect(one(cloud, { ...asCloud, 'idempotency-key': 'h' }).idempotencyKey).toBe('h');
  });

  it.each([
    ['JSON without a type', undefined, '{"a":"Ж"}', { a: 'Ж' }],
    ['JSON by its type', 'application/vnd.x+json; charset=utf-8', '[1]', [1]],
    ['text', 'text/plain', 'позвони', 'позвони'],
  ])('may carry data in Base64: %s', (_what, datacontenttype, text, data) => {
    const body = { ...cloud, data_base64: base64(text), ...(datacontenttype ? { datacontenttype } : {}) };
    expect(one(body, asCloud).data).toEqual(data);
  });

  it.each([
    ['that is not JSON', { data_base64: base64('{') }],
    ['that is not UTF-8', { data_base64: Buffer.from([0xff, 0xfe]).toString('base64'), datacontenttype: 'text/plain' }],
    ['that is not Base64', { data_base64: '%%%' }],
  ])('is pointed at for Base64 %s', (_what, more) => {
    expect(pointers(refusalOf({ ...cloud, ...more }, asCloud).faults)).toEqual(['/data_base64']);
  });

  it('is pointed at for missing attributes and for names that are none', () => {
    expect(pointers(refusalOf({ specversion: '1.0', type: 't' }, asCloud).faults)).toEqual(['/id', '/source']);
    expect(pointers(refusalOf({ ...cloud, 'Bad-Name': 1, [`${'x'.repeat(65)}`]: 1 }, asCloud).faults)).toEqual([
      '/Bad-Name',
      `/${'x'.repeat(65)}`,
    ]);
  });

  it.each(['0.3', '2.0', '1', '1.0-rc'])('is refused in version %s', (specversion) => {
    expect(refusalOf({ ...cloud, specversion }, asCloud).code).toBe('SPEC_VERSION_UNSUPPORTED');
  });
});

describe('a binary CloudEvent', () => {
  const ce = { 'ce-specversion': '1.0', 'ce-id': 'b-1', 'ce-source': '/pbx', 'ce-type': 'call.missed' };

  it('is read from its headers', () => {
    expect(one({ from: '101' }, { ...ce, 'ce-correlationkey': 'call' })).toMatchObject({
      source: '/pbx',
      idempotencyKey: 'b-1',
      correlationKey: 'call',
      data: { from: '101' },
    });
    expect(one('missed', { ...ce, 'content-type': 'text/plain; charset=utf-8' }).data).toBe('missed');
    expect(one([1, 2], ce).data).toEqual([1, 2]);
  });

  it('is pointed at for what its headers lack', () => {
    const { 'ce-type': _type, ...rest } = ce;
    expect(pointers(refusalOf({}, rest).faults)).toEqual(['/type']);
  });
});

describe('an array', () => {
  it('may mix both forms, and is read in order', () => {
    const { many, events } = read([{ type: 'a' }, { ...cloud, type: 'b' }, { type: 'c' }]);
    expect([many, events.map((event) => event.type)]).toEqual([true, ['a', 'b', 'c']]);
    expect(new Set(events.map((event) => event.id)).size).toBe(3);
  });

  it('of CloudEvents takes nothing else', () => {
    expect(read([cloud], asBatch).events).toHaveLength(1);
    expect(pointers(refusalOf([cloud, { type: 'plain' }], asBatch).faults)).toEqual([
      '/1/id',
      '/1/source',
      '/1/specversion',
    ]);
    expect(pointers(refusalOf(cloud, asBatch).faults)).toEqual(['']);
  });

  it('is refused whole, with a pointer to each fault of each item', () => {
    const { faults } = refusalOf([{ type: 'a' }, 7, { data: {} }, { type: 'a', x: 1 }]);
    expect(pointers(faults)).toEqual(['/1', '/2/type', '/3/x']);
  });

  it('lists a hundred faults at most', () => {
    expect(refusalOf(Array.from({ length: 10_000 }, () => ({}))).faults).toHaveLength(100);
    const manyInOne = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`x${n}`, n]));
    expect(refusalOf([{ type: 'a', ...manyInOne }])).toMatchObject({
      faults: { length: 100 },
      detail: expect.stringContaining('300'),
    });
  });

  it('is read no further once a hundred faults are found', () => {
    let reached = 0;
    const watched = Object.defineProperty({}, 'type', { enumerable: true, get: () => (reached += 1) });
    expect(refusalOf([...Array.from({ length: 100 }, () => ({})), watched]).faults).toHaveLength(100);
    expect(reached).toBe(0);
    expect(refusalOf([...Array.from({ length: 99 }, () => ({})), watched]).faults).toHaveLength(100);
    expect(reached).toBeGreaterThan(0);
  });

  it.each<[string, unknown[], IncomingHttpHeaders, ErrorCode]>([
    ['nothing', [], {}, 'REQUEST_INVALID'],
    ['too much', Array.from({ length: limits.eventsPerRequest + 1 }, () => ({ type: 'a' })), {}, 'TOO_MANY_EVENTS'],
    ['one key for all', [{ type: 'a' }], { 'idempotency-key': 'k' }, 'IDEMPOTENCY_KEY_CONFLICT'],
  ])('is refused when it holds %s', (_what, body, headers, code) => {
    expect(refusalOf(body, headers).code).toBe(code);
  });
});

describe('data', () => {
  const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown;

  it('may be nested to the bound, and is pointed at beyond it', () => {
    expect(one({ type: 't', data: nested(limits.dataDepth) }).data).toEqual(nested(limits.dataDepth));
    const refusal = refusalOf([{ type: 't' }, { type: 't', data: nested(limits.dataDepth + 1) }]);
    expect(refusal).toMatchObject({ code: 'EVENT_TOO_DEEP', faults: [{ pointer: '/1/data' }] });
  });

  it('may be as large as the bound in bytes of UTF-8, and is pointed at beyond it', () => {
    const fits = 'я'.repeat((limits.eventBytes - 2) / 2);
    expect(one({ type: 't', data: fits }).data).toBe(fits);
    for (const data of [
      `${fits}x`,
      'x'.repeat(limits.eventBytes - 1),
      '\u0001'.repeat(Math.ceil(limits.eventBytes / 6)),
    ])
      expect(refusalOf({ type: 't', data })).toMatchObject({
        code: 'EVENT_TOO_LARGE',
        faults: [{ pointer: '/data' }],
      });
  });
});

describe('whatever comes', () => {
  it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', ''])(
    'is refused with its type when that is none of ours: %s',
    (type) => {
      expect(refusalOf('x', { 'content-type': type }).code).toBe('MEDIA_TYPE_UNSUPPORTED');
    },
  );

  it('is read or refused, and never breaks anything', () => {
    const names = fc.constantFrom(
      'type',
      'source',
      'time',
      'data',
      'specversion',
      'id',
      'data_base64',
      '__proto__',
      'x',
    );
    const loose = fc.dictionary(names, fc.oneof(fc.jsonValue(), fc.constantFrom('1.0', 'a', base64('{}'))));
    const bodies = fc.oneof(fc.jsonValue(), loose, fc.array(loose, { maxLength: 5 }), fc.constant(undefined));
    const headers = fc.record(
      {
        'content-type': fc.constantFrom(...Object.values(types), 'text/plain', 'image/png'),
        'ce-specversion': fc.constantFrom('1.0', '%'),
        'ce-id': fc.string(),
        'ce-type': fc.string(),
        'idempotency-key': fc.string(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(bodies, headers, (body, given) => {
        try {
          const { events } = read(body, given as IncomingHttpHeaders);
          for (const event of events) expect(event.type).not.toBe('');
        } catch (error) {
          if (!(error instanceof HouseError)) throw error;
          expect(error.faults.length).toBeLessThanOrEqual(100);
          expect(error.status).toBeLessThan(500);
        }
      }),
      { numRuns: 500 },
    );
  });
});
