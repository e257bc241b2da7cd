import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pointersOf, startApi, type Api } from './spec-api.ts';

let api: Api;
const ask = (...request: Parameters<Api['ask']>) => api.ask(...request);
const low = (bound: number) => ({
  match: { type: ['stock.low'], data: { qty: [{ numeric: ['<', bound] }] } },
  notify: [{ to: ['recipient:anna'] }],
});

beforeAll(async () => {
  api = await startApi();
  await ask('PUT', '/v1/backends/home', { type: 'inbox', settings: {} });
  await ask('PUT', '/v1/recipients/anna', { displayName: 'Anna', addresses: [{ backend: 'home', to: 'anna' }] });
});
afterAll(() => api.stop());

describe('the tag of a definition', () => {
  it('comes with GET and PUT, moves with every change, and guards against overwriting', async () => {
    const created = await ask('PUT', '/v1/rules/tagged', low(10));
    const read = await ask('GET', '/v1/rules/tagged');
    expect([created.tag, read.tag]).toEqual([`"${read.body['revision']}"`, `"${read.body['revision']}"`]);
    const mine = await ask('PUT', '/v1/rules/tagged', low(11), { 'if-match': read.tag! });
    expect(mine.status).toBe(200);
    const late = await ask('PUT', '/v1/rules/tagged', low(12), { 'if-match': read.tag! });
    expect(late).toMatchObject({ status: 412, body: { code: 'PRECONDITION_FAILED' } });
    expect((await ask('GET', '/v1/rules/tagged')).tag).toBe(mine.tag);
    expect((await ask('DELETE', '/v1/rules/tagged', undefined, { 'if-match': read.tag! })).status).toBe(412);
    expect((await ask('DELETE', '/v1/rules/tagged', undefined, { 'if-match': `"0", ${mine.tag}` })).status).toBe(204);
  });

  it.each([
    [{ 'if-none-match': '*' }, 412],
    [{ 'if-match': '*' }, 200],
    [{}, 200],
  ])('with the headers %j on what exists answers %i', async (headers, status) => {
    await ask('PUT', '/v1/groups/there', {});
    expect((await ask('PUT', '/v1/groups/there', { displayName: 'There' }, headers as never)).status).toBe(status);
  });

  it('never matches weakly, and is refused when it is none', async () => {
    const { tag } = await ask('PUT', '/v1/groups/weak', {});
    expect((await ask('PUT', '/v1/groups/weak', {}, { 'if-match': `W/${tag}` })).status).toBe(412);
    const refused = await ask('PUT', '/v1/groups/weak', {}, { 'if-match': 'forty-two' });
    expect([refused.status, pointersOf(refused)]).toEqual([400, ['If-Match']]);
  });

  it('guards backends and settings too', async () => {
    const { tag } = await ask('GET', '/v1/backends/home');
    const paused = { type: 'inbox', settings: {}, paused: true };
    expect((await ask('PUT', '/v1/backends/home', paused, { 'if-match': '"1"' })).status).toBe(412);
    expect((await ask('PUT', '/v1/backends/home', paused, { 'if-match': tag! })).status).toBe(200);
    const settings = await ask('GET', '/v1/rule-book/settings');
    expect(settings).toMatchObject({ tag: '"0"', body: { revision: 0 } });
    const set = await ask('PUT', '/v1/rule-book/settings', { timeZone: 'Europe/Prague' }, { 'if-match': '"0"' });
    expect(set).toMatchObject({ status: 200, body: { timeZone: 'Europe/Prague' } });
    expect((await ask('PUT', '/v1/rule-book/settings', {}, { 'if-match': '"0"' })).status).toBe(412);
  });

  it('lets one of two editors through who ask at the same moment', async () => {
    const { tag } = await ask('PUT', '/v1/rules/raced', low(1));
    const both = await Promise.all([2, 3].map((n) => ask('PUT', '/v1/rules/raced', low(n), { 'if-match': tag! })));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
  });
});

describe('the history', () => {
  it('tells who changed what, why, and in which places', async () => {
    await ask('PUT', '/v1/rules/told', low(10));
    await ask('PUT', '/v1/rules/told?comment=Warn%20earlier', low(20));
    const list = await ask('GET', '/v1/revisions?noun=rule&slug=told&limit=1');
    expect(list.body).toMatchObject({
      items: [
        { comment: 'Warn earlier', author: 'admin', changes: [{ noun: 'rule', slug: 'told', action: 'changed' }] },
      ],
      next: expect.any(String),
    });
    const [item] = list.body['items'] as { number: number }[];
    const one = await ask('GET', `/v1/revisions/${item!.number}`);
    expect(one.body['changes']).toEqual([
      {
        noun: 'rule',
        slug: 'told',
        action: 'changed',
        diff: [{ pointer: '/match/data/qty/0/numeric/1', before: 10, after: 20 }],
      },
    ]);
    const rest = await ask('GET', `/v1/revisions?noun=rule&slug=told&cursor=${list.body['next']}`);
    expect((rest.body['items'] as { changes: unknown }[]).map(({ changes }) => changes)).toEqual([
      [{ noun: 'rule', slug: 'told', action: 'added' }],
    ]);
    expect((await ask('GET', '/v1/revisions?cursor=x')).body.code).toBe('CURSOR_INVALID');
    expect((await ask('GET', '/v1/revisions/999999')).status).toBe(404);
  });

  it('rolls back in one call, and not to what could not work any more', async () => {
    const { revision } = (await ask('PUT', '/v1/rules/rolled', low(10))).body as { revision: number };
    await ask('PUT', '/v1/rules/rolled', low(99));
    const back = await ask('POST', `/v1/revisions/${revision}/restore`, { comment: 'Too loud' });
    expect(back).toMatchObject({ status: 200, body: { kind: 'restore', comment: 'Too loud' } });
    expect((await ask('GET', '/v1/rules/rolled')).body['match']).toEqual(low(10).match);
    expect((await ask('POST', `/v1/revisions/${revision}/restore`, {})).status).toBe(409);

    await ask('PUT', '/v1/backends/fax', { type: 'inbox', settings: {} });
    const olga = { displayName: 'Olga', addresses: [{ backend: 'fax', to: 'olga' }] };
    const then = (await ask('PUT', '/v1/recipients/olga', olga)).body['revision'];
    await ask('DELETE', '/v1/recipients/olga');
    await ask('DELETE', '/v1/backends/fax');
    const refused = await ask('POST', `/v1/revisions/${then}/restore`, {});
    expect([refused.status, pointersOf(refused)]).toEqual([422, ['/recipients/olga/addresses/0/backend']]);
  });
});

describe('an example of a rule', () => {
  const event = { type: 'stock.low', data: { qty: 3 } };

  it('that says otherwise than the rule keeps it from being saved, and says why', async () => {
    const rule = { ...low(2), examples: { mustMatch: [{ event }], mustNotMatch: [{ event: { type: 'other' } }] } };
    const red = await ask('PUT', '/v1/rules/shown', rule);
    expect([red.status, red.body.errors]).toEqual([
      422,
      [
        {
          pointer: '/examples/mustMatch/0',
          detail: expect.stringMatching(/^does not match: `data\.qty` is 3, expected /),
        },
      ],
    ]);
    expect((await ask('PUT', '/v1/rules/shown', { ...rule, match: low(10).match })).status).toBe(201);
    const loud = { ...rule, match: { type: [{ exists: true }] } };
    expect(pointersOf(await ask('PUT', '/v1/rules/shown', loud))).toEqual(['/examples/mustNotMatch/0']);
  });

  it('is judged for disabled rules too', async () => {
    const rule = { ...low(10), enabled: false, examples: { mustMatch: [{ event }] } };
    expect((await ask('PUT', '/v1/rules/disabled', rule)).status).toBe(201);
  });
});

describe('groups and schedules', () => {
  it('may not hold themselves: the way is named', async () => {
    await ask('PUT', '/v1/groups/a', {});
    await ask('PUT', '/v1/groups/b', { members: ['group:a'] });
    const cycle = await ask('PUT', '/v1/groups/a', { members: ['recipient:anna', 'group:b'] });
    expect(cycle).toMatchObject({
      status: 422,
      body: { errors: [{ detail: expect.stringContaining('`a` → `b` → `a`') }] },
    });
  });

  it('name members that must exist, and cannot vanish while they are named', async () => {
    const schedule = (member: string) => ({
      timeZone: 'Europe/Prague',
      rotations: [{ members: [member], starts: '2026-11-02T09:00', every: { count: 1, unit: 'weeks' } }],
    });
    expect(pointersOf(await ask('PUT', '/v1/schedules/night', schedule('nobody')))).toEqual(['/rotations/0/members/0']);
    expect((await ask('PUT', '/v1/schedules/night', schedule('anna'))).status).toBe(201);
    await ask('PUT', '/v1/groups/on-call', { members: ['schedule:night'] });
    const settings = { catchAll: [{ to: ['group:on-call'] }] };
    expect((await ask('PUT', '/v1/rule-book/settings', settings)).status).toBe(200);
    expect(pointersOf(await ask('DELETE', '/v1/schedules/night'))).toEqual(['/groups/on-call/members/0']);
    expect(pointersOf(await ask('DELETE', '/v1/groups/on-call'))).toEqual(['/settings/catchAll/0/to/0']);
    expect(pointersOf(await ask('DELETE', '/v1/recipients/anna'))).toContain('/schedules/night/rotations/0/members/0');
    const lost = { catchAll: [{ to: ['group:nowhere'] }] };
    expect(pointersOf(await ask('PUT', '/v1/rule-book/settings', lost))).toEqual(['/catchAll/0/to/0']);
  });
});
