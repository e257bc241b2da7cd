/** AMQP messages that nobody should send: each is read or refused by a code, and what was read can be stored. */
import { errorCatalogue, HouseError } from '#contract';
import type { AmqpMessage } from '#platform/amqp';
import { acceptEvents, ensurePartitions, openDatabase, type Database, type NewEvent } from '#platform/store';
import { freshDatabase, type FreshDatabase } from '#testing/services';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readMessage } from '../../apps/ingest/src/amqp/read-message.ts';
import { bruised, mutated, names, toJson, weirdText, weirdValue } from './weird.ts';

let fresh: FreshDatabase;
let database: Database;
beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ connectionString: fresh.url, poolSize: 3, onError: () => undefined });
  await ensurePartitions(database, Date.now(), 1);
});
afterAll(async () => {
  await database?.close();
  await fresh?.drop();
});

const plain = { type: 'order.shipped', source: 'erp', idempotencyKey: 'k', correlationKey: 'c', data: { order: 4711 } };
const cloud = { specversion: '1.0', id: 'a-1', source: '/erp', type: 'order.blocked', data: { order: '4711' } };

const texts = fc
  .constantFrom<unknown[]>(plain, cloud, [plain, cloud])
  .chain((example) =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constant(toJson(example)) },
      { weight: 5, arbitrary: mutated(example).map(toJson) },
      { weight: 1, arbitrary: weirdValue.map(toJson) },
    ),
  );

const contents = fc.oneof(
  { weight: 5, arbitrary: texts.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: bruised(toJson(cloud)).map((bytes) => Buffer.from(bytes, 'latin1')) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)) },
);

const types = [
  'application/json',
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
  'text/plain',
  'image/png',
  '',
];

/** What a client library could hand over as a property or header: AMQP tables hold more types than JSON. */
const loose = fc.oneof(
  weirdText,
  weirdValue,
  fc.constantFrom<unknown>(Buffer.from([0xff, 0]), 1n, new Date(NaN), { '!': 'timestamp', value: 1e18 }),
);

const attributes = [
  'specversion',
  'id',
  'type',
  'source',
  'time',
  'subject',
  'correlationkey',
  'datacontenttype',
  ...names.slice(0, 8),
];
const headers = fc.dictionary(
  fc.constantFrom(...attributes.flatMap((name) => [`cloudEvents:${name}`, `cloudEvents_${name}`])),
  loose,
);
const binary = fc.constant({
  'cloudEvents:specversion': '1.0',
  'cloudEvents:id': '1',
  'cloudEvents:source': 's',
  'cloudEvents:type': 't',
});

/** Mostly what may well be there, now and then anything. */
function mostly(...good: unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom<unknown>(undefined, ...good) },
    { weight: 1, arbitrary: loose },
  );
}

const properties = fc.record({
  contentType: mostly(...types),
  contentEncoding: mostly('utf-8', 'utf-8', 'gzip'),
  messageId: mostly('m-1'),
  type: mostly('order.shipped'),
  appId: mostly('erp'),
  correlationId: mostly('order/4711'),
  timestamp: mostly(0, 1_700_000_000, 253_402_300_799, 253_402_300_800),
  headers: fc.oneof(
    { weight: 4, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: headers },
    { weight: 2, arbitrary: binary },
    { weight: 1, arbitrary: fc.tuple(binary, headers).map(([good, odd]) => ({ ...good, ...odd })) },
  ),
});

it('reads or refuses every message, and PostgreSQL takes what was read', async () => {
  const read: NewEvent[] = [];
  const property = fc.property(contents, properties, (content, given) => {
    const message = { content, properties: given as unknown as AmqpMessage['properties'] };
    try {
      read.push(...readMessage(message, Date.now()));
    } catch (error) {
      if (!(error instanceof HouseError)) throw error;
      expect(errorCatalogue[error.code].status).toBeLessThan(500);
    }
  });
  fc.assert(property, { numRuns: 4_000, seed: 1 });
  expect(read.length).toBeGreaterThan(200);
  for (let start = 0; start < read.length; start += 250) {
    const some = read.slice(start, start + 250);
    expect(await acceptEvents(database, some)).toHaveLength(some.length);
  }
});
