import { eventStory, eventView, pageOf, problem } from '#contract';
import { createAudit } from '#platform/store';
import { freshDatabase } from '#testing/services';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidv7 } from 'uuidv7';
import { EventsModule } from './events.module.ts';
import { makeDelivery, makeEvent, openSpecApp, type SpecApp } from './spec-app.ts';

let app: SpecApp;
beforeAll(async () => {
  app = await openSpecApp(await freshDatabase(), [EventsModule]);
});
afterAll(() => app.close());

describe('GET /v1/events', () => {
  it('answers pages that fit the schema of the document', async () => {
    for (let n = 0; n < 3; n += 1) await makeEvent(app.database, { type: 'paged', subject: `s${n}` });
    const first = await app.call('GET', '/v1/events?type=paged&limit=2', { scope: 'read' });
    expect(first.status).toBe(200);
    pageOf(eventView, 'x').parse(first.body);
    expect(first.body.items.map((item) => item['subject'])).toEqual(['s2', 's1']);
    const second = await app.call('GET', `/v1/events?type=paged&limit=2&cursor=${String(first.body['next'])}`);
    expect(second.body.items.map((item) => item['subject'])).toEqual(['s0']);
    expect(second.body).not.toHaveProperty('next');
  });

  it('takes every filter of the document', async () => {
    const id = await makeEvent(app.database, { type: 'filtered', source: 'wms', subject: 'x/1', correlationKey: 'c' });
    const query = new URLSearchParams({
      type: 'filtered',
      source: 'wms',
      subject: 'x/1',
      correlationKey: 'c',
      state: 'accepted',
      from: '2020-01-01T00:00:00+03:00',
    });
    expect((await app.call('GET', `/v1/events?${query}`)).body.items.map((item) => item['id'])).toEqual([`evt_${id}`]);
    query.set('to', '2021-01-01T00:00:00Z');
    expect((await app.call('GET', `/v1/events?${query}`)).body.items).toEqual([]);
  });

  it('refuses what it does not understand, by the name of the parameter', async () => {
    for (const [query, name] of [
      ['limit=0', 'limit'],
      ['from=yesterday', 'from'],
      ['state=lost', 'state'],
      ['typ=x', 'typ'],
      ['subject=a%00', 'subject'],
    ]) {
      const { status, body } = await app.call('GET', `/v1/events?${query}`);
      expect([status, body['code'], body['errors']]).toMatchObject([400, 'REQUEST_INVALID', [{ pointer: name }]]);
    }
    expect((await app.call('GET', '/v1/events?cursor=nonsense')).body).toMatchObject({
      status: 400,
      code: 'CURSOR_INVALID',
    });
  });

  it('needs the scope to read', async () => {
    expect((await app.call('GET', '/v1/events', { scope: 'ingest' })).body['code']).toBe('SCOPE_MISSING');
    expect((await app.call('GET', '/v1/events', { scope: 'none' })).body['code']).toBe('KEY_MISSING');
  });
});

describe('GET /v1/events/{id}', () => {
  it('tells the whole story, with and without the prefix of the id', async () => {
    const id = await makeEvent(app.database);
    const deliveryId = await makeDelivery(app.database, id);
    const { body } = await app.call('GET', `/v1/events/evt_${id}`, { scope: 'read' });
    expect(eventStory.parse(body).deliveries.map((delivery) => delivery.id)).toEqual([`dlv_${deliveryId}`]);
    expect((await app.call('GET', `/v1/events/${id}`)).body).toEqual(body);
  });

  it('knows nothing under other ids', async () => {
    for (const id of [`evt_${uuidv7()}`, 'garbage', `dlv_${uuidv7()}`, '%00']) {
      const { status, body } = await app.call('GET', `/v1/events/${id}`);
      expect([status, problem.parse(body).code]).toEqual([404, 'NOT_FOUND']);
    }
  });
});

describe('POST /v1/events/{id}/replay', () => {
  it('makes the event wait for routing, rings for it, and is audited under the name of the key', async () => {
    const id = await makeEvent(app.database);
    await makeDelivery(app.database, id);
    const { status, body } = await app.call('POST', `/v1/events/evt_${id}/replay`);
    expect([status, body]).toEqual([202, { id: `evt_${id}`, status: 'accepted' }]);
    expect(app.rings).toEqual([['route', [id]]]);
    expect((await app.call('GET', `/v1/events/${id}`)).body['state']).toBe('accepted');
    const audited = await createAudit(app.database).list({ name: `evt_${id}`, limit: 2 });
    expect(audited).toMatchObject([{ actor: 'edit-key', action: 'replay' }]);
    expect((await app.call('POST', `/v1/events/${id}/replay`)).body).toMatchObject({
      status: 409,
      code: 'STATE_CONFLICT',
    });
    expect(app.rings).toHaveLength(1);
  });

  it('is refused without the scope to edit, and for what is not there', async () => {
    expect((await app.call('POST', `/v1/events/${uuidv7()}/replay`, { scope: 'read' })).status).toBe(403);
    expect((await app.call('POST', `/v1/events/${uuidv7()}/replay`)).status).toBe(404);
    expect((await app.call('POST', '/v1/events/garbage/replay')).status).toBe(404);
  });
});
