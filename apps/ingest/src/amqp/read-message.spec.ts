import { HouseError, limits } from '#contract';
import type { AmqpMessage } from '#platform/amqp';
import type { NewEvent } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readMessage } from './read-message.ts';

const nowMs = Date.parse('2026-11-20T12:00:00Z');

type Properties = Partial<AmqpMessage['properties']>;

function messageOf(body: unknown, properties: Properties = {}): Pick<AmqpMessage, 'content' | 'properties'> {
  const content = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { content, properties: { headers: {}, ...properties } as AmqpMessage['properties'] };
}

function read(body: unknown, properties?: Properties): NewEvent[] {
  return readMessage(messageOf(body, properties), nowMs);
}

function refusalOf(body: unknown, properties?: Properties): HouseError {
  try {
    read(body, properties);
  } catch (error) {
    if (error instanceof HouseError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

const properties = {
  messageId: 'm-1',
  type: 'order.shipped',
  appId: 'erp',
  correlationId: 'order/4711',
  timestamp: Date.parse('2026-11-19T08:00:00Z') / 1000,
};
const fromProperties = {
  idempotencyKey: 'm-1',
  source: 'erp',
  correlationKey: 'order/4711',
  time: '2026-11-19T08:00:00.000Z',
};
const cloud = { specversion: '1.0', id: 'a-1', source: '/erp', type: 'order.blocked' };
const attributes = { 'cloudEvents:specversion': '1.0', 'cloudEvents:id': 'a-1', 'cloudEvents:source': '/erp' };

describe('a message whose body is an event', () => {
  it('is read as the same body by HTTP', () => {
    const body = { type: 'a.b', source: 's', subject: 'x', idempotencyKey: 'k', correlationKey: 'c', data: { n: 1 } };
    expect(read(body)).toEqual([expect.objectContaining({ ...body, time: '2026-11-20T12:00:00.000Z' })]);
    expect(read({ type: 'a.b' })).toEqual([expect.objectContaining({ source: 'amqp', data: {} })]);
  });

  it('takes from the properties what the body does not say', () => {
    const { type: _type, ...others } = properties;
    expect(read({ type: 'a.b', data: 1 }, others)).toEqual([
      expect.objectContaining({ type: 'a.b', data: 1, ...fromProperties }),
    ]);
    const own = { type: 'a.b', source: 's', idempotencyKey: 'k', correlationKey: 'c', time: '2026-01-01T00:00:00Z' };
    expect(read(own, others)).toEqual([expect.objectContaining({ ...own, time: '2026-01-01T00:00:00.000Z' })]);
  });

  it('needs no content type, and may begin with a byte order mark', () => {
    expect(read('\ufeff{"type":"a"}', { contentType: 'Application/JSON; charset=utf-8' })).toHaveLength(1);
    expect(read({ type: 'a' }, { contentType: '', contentEncoding: 'UTF-8' })).toHaveLength(1);
  });

  it('counts as an event also under a type property of the same text', () => {
    expect(read({ type: 'order.shipped', data: 7 }, properties)).toEqual([
      expect.objectContaining({ type: 'order.shipped', data: 7 }),
    ]);
    expect(read({ ...cloud, data: 7 }, { type: 'order.blocked' })).toEqual([expect.objectContaining({ data: 7 })]);
  });

  it('is refused when the type property says otherwise: either could be meant', () => {
    for (const body of [
      { type: 'other', data: 7 },
      { ...cloud, data: 7 },
    ]) {
      expect(refusalOf(body, properties)).toMatchObject({ code: 'REQUEST_INVALID', faults: [{ pointer: '/type' }] });
    }
    const items = [{ type: 'order.shipped' }, { type: 'other' }, 5];
    expect(refusalOf(items, properties).faults.map(({ pointer }) => pointer)).toEqual(['/1/type', '/2/type']);
  });
});

describe('a message whose body is data', () => {
  it.each<[string, unknown]>([
    ['an object', { qty: 3 }],
    ['an object with a field type beside others', { type: 'truck', wheels: 4 }],
    ['an object whose type is no text', { type: 7 }],
    ['an array', [1, { qty: 3 }]],
    ['an empty array', []],
    ['a number', 5],
    ['null', null],
  ])('takes the type of the properties: %s', (_what, body) => {
    expect(read(body, properties)).toEqual([
      expect.objectContaining({ type: 'order.shipped', data: body, ...fromProperties }),
    ]);
  });

  it('may be text, or nothing at all', () => {
    expect(read('Привет', { ...properties, contentType: 'text/plain' })).toEqual([
      expect.objectContaining({ data: 'Привет' }),
    ]);
    expect(read('', properties)).toEqual([expect.objectContaining({ data: {} })]);
    expect(read({ a: 1 }, { type: 't', contentType: 'application/vnd.erp+json' })).toEqual([
      expect.objectContaining({ data: { a: 1 } }),
    ]);
  });

  it('is refused without a type property', () => {
    expect(refusalOf({ qty: 3 })).toMatchObject({ code: 'REQUEST_INVALID' });
    expect(refusalOf('x', { contentType: 'text/plain' })).toMatchObject({ code: 'MEDIA_TYPE_UNSUPPORTED' });
    expect(refusalOf('x', { contentType: 'image/png', type: 't' })).toMatchObject({ code: 'MEDIA_TYPE_UNSUPPORTED' });
    expect(refusalOf('')).toMatchObject({ code: 'BODY_NOT_JSON', message: 'The body is empty.' });
  });
});

describe('a message with an array of events', () => {
  it('gives each item a key of its own, so that a redelivery stores nothing twice', () => {
    const items = [{ type: 'a' }, { type: 'b', idempotencyKey: 'own' }, { ...cloud, id: 'c-1' }];
    expect(read(items, { messageId: 'm-1', appId: 'erp', correlationId: 'c' })).toEqual([
      expect.objectContaining({ type: 'a', idempotencyKey: 'm-1/0', source: 'erp', correlationKey: 'c' }),
      expect.objectContaining({ type: 'b', idempotencyKey: 'own', source: 'erp', correlationKey: 'c' }),
      expect.objectContaining({ type: 'order.blocked', idempotencyKey: 'c-1', source: '/erp', correlationKey: 'c' }),
    ]);
    expect(read([{ type: 'a' }])).toEqual([expect.objectContaining({ idempotencyKey: undefined })]);
  });

  it('is refused as a whole, with a pointer to each fault', () => {
    const { code, faults } = refusalOf([{ type: 'a' }, { type: '' }, { typo: 1 }, 5]);
    expect(code).toBe('REQUEST_INVALID');
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/1/type', '/2/type', '/2/typo', '/3']);
    expect(refusalOf([])).toMatchObject({ code: 'REQUEST_INVALID' });
    const many = Array.from({ length: limits.eventsPerRequest + 1 }, () => ({ type: 'a' }));
    expect(refusalOf(many).code).toBe('TOO_MANY_EVENTS');
  });
});

describe('a CloudEvent', () => {
  const structured = { contentType: 'application/cloudevents+json; charset=utf-8' };
  const batch = { contentType: 'application/cloudevents-batch+json' };

  it('is read in structured mode, and the properties complete it', () => {
    expect(read({ ...cloud, data: { n: 1 } }, { ...structured, ...properties })).toEqual([
      expect.objectContaining({
        idempotencyKey: 'a-1',
        source: '/erp',
        type: 'order.blocked',
        data: { n: 1 },
        correlationKey: 'order/4711',
        time: fromProperties.time,
      }),
    ]);
    expect(read({ ...cloud, correlationkey: 'own' }, { ...structured, ...properties })).toEqual([
      expect.objectContaining({ correlationKey: 'own' }),
    ]);
    expect(refusalOf({ ...cloud, specversion: '2.0' }, structured).code).toBe('SPEC_VERSION_UNSUPPORTED');
    expect(refusalOf({ type: 'a' }, structured).code).toBe('REQUEST_INVALID');
  });

  it('is read in batch mode', () => {
    expect(read([cloud, { ...cloud, id: 'a-2' }], batch).map((event) => event.idempotencyKey)).toEqual(['a-1', 'a-2']);
    expect(refusalOf(cloud, batch).code).toBe('REQUEST_INVALID');
    expect(refusalOf([{ type: 'plain' }], batch).code).toBe('REQUEST_INVALID');
  });

  it.each([':', '_'])('is read in binary mode with the separator %s', (separator) => {
    const headers = {
      ...Object.fromEntries(
        Object.entries({ ...attributes, 'cloudEvents:type': 'call.missed', 'cloudEvents:severity': 3 }).map(
          ([name, value]) => [name.replace(':', separator), value],
        ),
      ),
      [`cloudEvents${separator}time`]: { '!': 'timestamp', value: properties.timestamp },
      other: 'not an attribute',
    };
    expect(read({ from: '101' }, { headers, contentType: 'application/json' })).toEqual([
      expect.objectContaining({
        type: 'call.missed',
        idempotencyKey: 'a-1',
        time: fromProperties.time,
        data: { from: '101' },
        extensions: { severity: 3 },
      }),
    ]);
  });

  it('in binary mode may have text as data, or none', () => {
    const headers = { ...attributes, 'cloudEvents:type': 't' };
    expect(read('a;b', { headers, contentType: 'text/csv' })).toEqual([expect.objectContaining({ data: 'a;b' })]);
    expect(read('', { headers })).toEqual([expect.objectContaining({ data: {} })]);
    expect(refusalOf('x', { headers, contentType: 'image/png' }).code).toBe('MEDIA_TYPE_UNSUPPORTED');
    expect(refusalOf('x', { headers, contentType: 'application/json' }).code).toBe('BODY_NOT_JSON');
    expect(refusalOf('', { headers: attributes })).toMatchObject({ faults: [{ pointer: '/type' }] });
    const odd = { ...headers, 'cloudEvents:time': { '!': 'timestamp', value: 2 ** 60 } };
    expect(refusalOf('', { headers: odd })).toMatchObject({ faults: [{ pointer: '/time' }] });
  });
});

describe('whatever comes', () => {
  it.each<[string, unknown, Properties, string]>([
    ['a broken body', '{"type":', {}, 'BODY_NOT_JSON'],
    ['a body that is not UTF-8', Buffer.from([0xff, 0xfe]), {}, 'BODY_NOT_JSON'],
    ['a compressed body', { type: 'a' }, { contentEncoding: 'gzip' }, 'MEDIA_TYPE_UNSUPPORTED'],
    ['a body beyond the limit', Buffer.alloc(limits.bodyBytes + 1), {}, 'BODY_TOO_LARGE'],
    ['data beyond the limit', { type: 'a', data: 'x'.repeat(limits.eventBytes) }, {}, 'EVENT_TOO_LARGE'],
    ['data too deep', `{"type":"a","data":${'['.repeat(40)}${']'.repeat(40)}}`, {}, 'EVENT_TOO_DEEP'],
    ['a prototype', '{"type":"a","data":{"__proto__":1}}', {}, 'REQUEST_INVALID'],
    ['an unknown type of content', 'x', { contentType: 'application/x-protobuf' }, 'MEDIA_TYPE_UNSUPPORTED'],
    ['NUL in a property', { type: 'a' }, { messageId: 'a\u0000' }, 'REQUEST_INVALID'],
    ['milliseconds as timestamp', { type: 'a' }, { timestamp: 1_795_000_000_000 }, 'REQUEST_INVALID'],
  ])('is refused with its code: %s', (_what, body, given, code) => {
    expect(refusalOf(body, given).code).toBe(code);
  });

  it('is read or refused, and never breaks anything', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('application/json', 'text/plain', '1.0', 'gzip', ''));
    const value = fc.oneof(text, fc.double(), fc.constant(null), fc.dictionary(fc.string(), fc.jsonValue()));
    const names = fc.constantFrom(
      'type',
      'specversion',
      'id',
      'source',
      'data',
      'time',
      'cloudEvents:specversion',
      'x',
    );
    const body = fc.oneof(fc.jsonValue(), fc.dictionary(names, value), fc.array(fc.dictionary(names, value)));
    const given = fc.record(
      {
        contentType: fc.oneof(text, fc.constantFrom('application/cloudevents+json')),
        contentEncoding: value,
        messageId: value,
        type: value,
        appId: value,
        correlationId: value,
        timestamp: fc.oneof(fc.double(), fc.integer(), text),
        headers: fc.dictionary(names, value),
      },
      { requiredKeys: [] },
    );
    const content = fc.oneof(
      body,
      fc.string(),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(content, given, (sent, properties) => {
        try {
          for (const event of read(sent, properties as Properties)) expect(event.type).not.toBe('');
        } catch (error) {
          if (!(error instanceof HouseError)) throw error;
          expect(error.status).toBeLessThan(500);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
