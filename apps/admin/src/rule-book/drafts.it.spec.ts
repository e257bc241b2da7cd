import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pointersOf, startApi, type Api } from './spec-api.ts';

let api: Api;
let draft: string;
const ask = (...request: Parameters<Api['ask']>) => api.ask(...request);
const rule = (...to: string[]) => ({ match: { type: ['stock.low'] }, notify: [{ to }] });
const person = { displayName: 'Anna', addresses: [{ backend: 'home', to: 'anna' }] };

beforeAll(async () => {
  api = await startApi();
  await ask('PUT', '/v1/backends/home', { type: 'inbox', settings: {} });
  await ask('PUT', '/v1/recipients/anna', person);
});
beforeEach(async () => {
  const created = await ask('POST', '/v1/drafts', { title: 'Next week' });
  expect(created.status).toBe(201);
  draft = `/v1/drafts/${created.body['id']}`;
});
afterAll(() => api.stop());

describe('a draft', () => {
  it('is checked as a whole: a rule may name what the same draft adds, whatever came first', async () => {
    await ask('PUT', `${draft}/rules/new`, rule('group:new', 'schedule:new'));
    const early = await ask('POST', `${draft}/check`);
    expect((early.body['faults'] as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual([
      '/rules/new/notify/0/to/0',
      '/rules/new/notify/0/to/1',
    ]);
    expect((await ask('POST', `${draft}/publish`, {})).status).toBe(422);
    await ask('PUT', `${draft}/groups/new`, { members: ['anna'] });
    await ask('PUT', `${draft}/schedules/new`, { timeZone: 'UTC', rotations: [] });
    await ask('PUT', `${draft}/settings`, { catchAll: [{ to: ['group:new'] }] });
    expect((await ask('POST', `${draft}/check`)).body).toEqual({ faults: [], conflicts: [], examples: [] });
    expect((await ask('GET', '/v1/rules/new')).status).toBe(404);
    const published = await ask('POST', `${draft}/publish`, { comment: 'Monday' });
    expect(published).toMatchObject({
      status: 200,
      body: { kind: 'publish', comment: 'Monday', counts: { added: 4 } },
    });
    expect((await ask('GET', '/v1/rules/new')).body['revision']).toBe(published.body['number']);
    expect((await ask('GET', draft)).status).toBe(404);
  });

  it('shows what it would change beside the live book, and takes changes back', async () => {
    await ask('PUT', '/v1/groups/shown', { displayName: 'Live' });
    await ask('PUT', `${draft}/groups/shown`, { displayName: 'Draft' });
    await ask('DELETE', `${draft}/recipients/anna`);
    expect((await ask('GET', draft)).body['changes']).toMatchObject([
      { noun: 'group', action: 'changed', diff: [{ pointer: '/displayName', before: 'Live', after: 'Draft' }] },
      { noun: 'recipient', slug: 'anna', action: 'removed' },
    ]);
    expect((await ask('GET', `${draft}/recipients/anna`)).status).toBe(404);
    expect((await ask('DELETE', `${draft}/changes/recipients/anna`)).status).toBe(204);
    expect((await ask('GET', `${draft}/recipients/anna`)).body).toEqual(person);
    const [mine] = (await ask('GET', '/v1/drafts?limit=1')).body['items'] as { count: number }[];
    expect(mine!.count).toBe(1);
    expect((await ask('DELETE', draft)).status).toBe(204);
    expect((await ask('GET', '/v1/drafts/drf_nonsense')).status).toBe(404);
  });

  it('is not published while an example is red, or while it removes what others name', async () => {
    await ask('PUT', '/v1/templates/used', { text: 'x' });
    await ask('PUT', '/v1/rules/user', {
      ...rule('recipient:anna'),
      notify: [{ to: ['recipient:anna'], template: 'used' }],
    });
    await ask('DELETE', `${draft}/templates/used`);
    const examples = { mustMatch: [{ title: 'Sold out', event: { type: 'stock.out' } }] };
    await ask('PUT', `${draft}/rules/red`, { ...rule('recipient:anna'), examples });
    const { body } = await ask('POST', `${draft}/check`);
    expect(body['examples']).toMatchObject([{ rule: 'red', kind: 'mustMatch', title: 'Sold out', passed: false }]);
    const refused = await ask('POST', `${draft}/publish`, {});
    expect(refused.status).toBe(422);
    expect(pointersOf(refused)).toEqual(['/rules/red/examples/mustMatch/0', '/rules/user/notify/0/template']);
    await ask('DELETE', `${draft}/rules/user`);
    await ask('PUT', `${draft}/rules/red`, {
      ...rule('recipient:anna'),
      examples: { mustNotMatch: examples.mustMatch },
    });
    expect((await ask('POST', `${draft}/publish`, {})).status).toBe(200);
  });

  it('is refused with 412 when the live book changed under it, which the draft shows', async () => {
    await ask('PUT', '/v1/groups/moved', { displayName: '1' });
    const first = await ask('PUT', `${draft}/groups/moved`, { displayName: 'draft' });
    await ask('PUT', '/v1/groups/moved', { displayName: '2' });
    expect((await ask('GET', draft)).body['changes']).toMatchObject([{ conflict: expect.stringContaining('admin') }]);
    const refused = await ask('POST', `${draft}/publish`, {});
    expect([refused.status, pointersOf(refused)]).toEqual([412, ['/groups/moved']]);
    const stale = await ask('PUT', `${draft}/groups/moved`, { displayName: 'x' }, { 'if-match': first.tag! });
    expect(stale.status).toBe(412);
    const { tag } = await ask('GET', `${draft}/groups/moved`);
    expect((await ask('PUT', `${draft}/groups/moved`, { displayName: 'x' }, { 'if-match': tag! })).status).toBe(200);
    expect((await ask('POST', `${draft}/publish`, {})).status).toBe(200);
  });

  it('takes only what fits the schema of its kind', async () => {
    expect(pointersOf(await ask('PUT', `${draft}/groups/bad`, { member: [] }))).toEqual(['/member']);
    expect((await ask('PUT', `${draft}/backends/home`, { type: 'inbox', settings: {} })).status).toBe(404);
  });
});
