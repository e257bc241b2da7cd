import { deliveryStory, deliveryView, pageOf, redriveAnswer } from '#contract';
import { createAudit } from '#platform/store';
import { freshDatabase } from '#testing/services';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { kill, makeDelivery, makeEvent, openSpecApp, type SpecApp } from '../events/spec-app.ts';
import { DeliveriesModule } from './deliveries.module.ts';

let app: SpecApp;
beforeAll(async () => {
  app = await openSpecApp(await freshDatabase(), [DeliveriesModule]);
});
afterAll(() => app.close());
beforeEach(() => {
  app.rings.length = 0;
});

async function makeDead(backend = 'hq'): Promise<string> {
  const id = await makeDelivery(app.database, await makeEvent(app.database), { backend });
  await kill(app.database, id, backend);
  return id;
}

describe('GET /v1/deliveries', () => {
  it('answers pages that fit the schema of the document', async () => {
    const ids = [];
    for (let n = 0; n < 3; n += 1)
      ids.push(await makeDelivery(app.database, await makeEvent(app.database), { rule: 'paged' }));
    const first = await app.call('GET', '/v1/deliveries?rule=paged&limit=2', { scope: 'read' });
    pageOf(deliveryView, 'x').parse(first.body);
    expect(first.body.items.map((item) => item['id'])).toEqual([`dlv_${ids[2]}`, `dlv_${ids[1]}`]);
    const second = await app.call('GET', `/v1/deliveries?rule=paged&limit=2&cursor=${String(first.body['next'])}`);
    expect(second.body.items.map((item) => item['id'])).toEqual([`dlv_${ids[0]}`]);
  });

  it('takes every filter of the document', async () => {
    const eventId = await makeEvent(app.database, { type: 'filtered' });
    const id = await makeDelivery(app.database, eventId, { rule: 'r', backend: 'b', recipient: 'nora' });
    const query = new URLSearchParams({
      eventType: 'filtered',
      eventId: `evt_${eventId}`,
      rule: 'r',
      backend: 'b',
      recipient: 'nora',
      state: 'pending',
      from: '2020-01-01T00:00:00Z',
    });
    expect((await app.call('GET', `/v1/deliveries?${query}`)).body.items.map((item) => item['id'])).toEqual([
      `dlv_${id}`,
    ]);
    for (const [name, value] of [
      ['state', 'dead'],
      ['eventType', 'other'],
      ['eventId', uuidv7()],
      ['backend', 'c'],
      ['to', '2021-01-01T00:00:00Z'],
    ] as const) {
      const other = new URLSearchParams(query);
      other.set(name, value);
      expect((await app.call('GET', `/v1/deliveries?${other}`)).body.items).toEqual([]);
    }
  });

  it('refuses what it does not understand', async () => {
    const { body } = await app.call('GET', '/v1/deliveries?eventId=dlv_1&state=lost&backend=A%20B');
    expect(body).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect((body['errors'] as { pointer: string }[]).map((fault) => fault.pointer).toSorted()).toEqual([
      'backend',
      'eventId',
      'state',
    ]);
    expect((await app.call('GET', '/v1/deliveries', { scope: 'ingest' })).status).toBe(403);
  });
});

describe('GET /v1/deliveries/{id}', () => {
  it('tells its attempts', async () => {
    const id = await makeDead();
    const story = deliveryStory.parse((await app.call('GET', `/v1/deliveries/dlv_${id}`, { scope: 'read' })).body);
    expect(story).toMatchObject({
      state: 'dead',
      attempts: 1,
      attemptLog: [{ number: 1, outcome: { reason: 'http_400' } }],
    });
  });

  it('knows nothing under other ids', async () => {
    for (const id of [uuidv7(), 'garbage'])
      expect((await app.call('GET', `/v1/deliveries/${id}`)).body['code']).toBe('NOT_FOUND');
  });
});

describe('POST /v1/deliveries/redrive', () => {
  it('puts back what is dead, tells the rest apart, rings per backend and is audited once', async () => {
    const [one, two, alive, gone] = [
      await makeDead('a'),
      await makeDead('b'),
      await makeDelivery(app.database, await makeEvent(app.database)),
      uuidv7(),
    ];
    const ids = [`dlv_${one}`, two, `dlv_${alive}`, `dlv_${gone}`, 'garbage', `dlv_${one}`];
    const { status, body } = await app.call('POST', '/v1/deliveries/redrive', { body: { ids } });
    expect(status).toBe(200);
    expect(redriveAnswer.parse(body)).toEqual({
      redriven: 2,
      notFound: ['garbage', `dlv_${gone}`],
      notDead: [`dlv_${alive}`],
    });
    expect(app.rings.toSorted()).toEqual([
      ['a', [one]],
      ['b', [two]],
    ]);
    expect((await app.call('GET', `/v1/deliveries/${one}`)).body).toMatchObject({ state: 'pending', attempts: 1 });
    const audited = await createAudit(app.database).list({ noun: 'delivery', limit: 5 });
    expect(audited).toMatchObject([{ actor: 'edit-key', action: 'redrive', after: { redriven: 2 } }]);
  });

  it('takes a filter, also an empty one', async () => {
    await app.call('POST', '/v1/deliveries/redrive', { body: { filter: {} } });
    app.rings.length = 0;
    const [one, two] = [await makeDead('c'), await makeDead('d')];
    const filter = {
      backend: 'c',
      rule: 'stock-low',
      recipient: 'anna',
      eventType: 'stock.low',
      reason: 'http_400',
      from: '2020-01-01T00:00:00Z',
    };
    expect((await app.call('POST', '/v1/deliveries/redrive', { body: { filter } })).body).toEqual({
      redriven: 1,
      notFound: [],
      notDead: [],
    });
    expect(app.rings).toEqual([['c', [one]]]);
    expect((await app.call('POST', '/v1/deliveries/redrive', { body: { filter: {} } })).body['redriven']).toBe(1);
    expect(app.rings[1]).toEqual(['d', [two]]);
  });

  it('rings for nobody when nothing is dead', async () => {
    expect(
      (await app.call('POST', '/v1/deliveries/redrive', { body: { filter: { backend: 'none' } } })).body['redriven'],
    ).toBe(0);
    expect(app.rings).toEqual([]);
  });

  it('wants either ids or a filter, and knows every field of it', async () => {
    const bodies: [object, string][] = [
      [{}, ''],
      [{ ids: [uuidv7()], filter: {} }, ''],
      [{ ids: [] }, '/ids'],
      [{ filter: { backnd: 'x' } }, '/filter/backnd'],
      [{ filter: { reason: 'a\0' } }, '/filter/reason'],
    ];
    for (const [body, pointer] of bodies) {
      const answer = await app.call('POST', '/v1/deliveries/redrive', { body });
      expect(answer.body).toMatchObject({ status: 400, code: 'REQUEST_INVALID', errors: [{ pointer }] });
    }
  });

  it('needs the scope to edit', async () => {
    expect((await app.call('POST', '/v1/deliveries/redrive', { body: { filter: {} }, scope: 'read' })).status).toBe(
      403,
    );
  });
});
