import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi, type Answer as ApiAnswer, type Api } from './spec-api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

interface Answer {
  status: number;
  body: ApiAnswer['body'] & { items?: { slug: string }[]; next?: string };
}

async function ask(method: string, path: string, sent?: unknown): Promise<Answer> {
  const { status, body } = await api.ask(method, path, sent);
  return { status, body };
}

const pointers = (answer: Answer) => answer.body.errors?.map((fault) => fault.pointer);
const recipient = (backend: string, to = 'anna') => ({ displayName: 'Anna', addresses: [{ backend, to }] });
const ruleFor = (...to: string[]) => ({ match: { type: ['stock.low'] }, notify: [{ to }] });

describe('a definition', () => {
  it('is created by the first PUT, replaced by the next, shown with its history, and deleted', async () => {
    const created = await ask('PUT', '/v1/templates/low', { text: 'Only {{ data.qty }} left' });
    expect(created).toMatchObject({
      status: 201,
      body: { slug: 'low', text: 'Only {{ data.qty }} left', updatedBy: 'admin' },
    });
    const replaced = await ask('PUT', '/v1/templates/low', { text: 'Мало: {{ data.qty }} 📦' });
    expect(replaced).toMatchObject({
      status: 200,
      body: { text: 'Мало: {{ data.qty }} 📦', createdAt: created.body['createdAt'] },
    });
    expect(await ask('GET', '/v1/templates/low')).toEqual({ status: 200, body: replaced.body });
    expect(await ask('DELETE', '/v1/templates/low')).toEqual({ status: 204, body: {} });
    for (const method of ['GET', 'DELETE']) {
      expect(await ask(method, '/v1/templates/low')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    }
  });

  it('is listed by name, page by page, without gaps or repeats', async () => {
    for (const slug of ['p-c', 'p-a', 'p-b']) await ask('PUT', `/v1/groups/${slug}`, {});
    const first = await ask('GET', '/v1/groups?limit=2');
    expect(first.body.items?.map((item) => item.slug)).toEqual(['p-a', 'p-b']);
    const second = await ask('GET', `/v1/groups?limit=2&cursor=${first.body.next}`);
    expect(second.body.items?.map((item) => item.slug)).toEqual(['p-c']);
    expect(second.body.next).toBeUndefined();
    const foreign = await ask('GET', `/v1/rules?cursor=${first.body.next}`);
    expect(foreign).toMatchObject({ status: 400, body: { code: 'CURSOR_INVALID' } });
  });

  it('refuses a name that is none, and fields that it does not know', async () => {
    expect(await ask('PUT', '/v1/groups/No%20Name', {})).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_INVALID' },
    });
    const unknown = await ask('PUT', '/v1/recipients/anna', { ...recipient('home'), adresses: [] });
    expect(unknown).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
    expect(pointers(unknown)).toEqual(['/adresses']);
  });
});

describe('what a definition names', () => {
  beforeAll(async () => {
    await ask('PUT', '/v1/backends/home', { type: 'inbox', settings: {} });
    await ask('PUT', '/v1/recipients/anna', { ...recipient('home'), groups: ['packers'] });
  });

  it('must exist, and each fault points at the place', async () => {
    const rule = { ...ruleFor('recipient:nobody', 'room:nowhere/1'), name: 'other' };
    const refused = await ask('PUT', '/v1/rules/lost', {
      ...rule,
      notify: [{ ...rule.notify[0], via: ['fax'], template: 'none' }],
    });
    expect(refused).toMatchObject({ status: 422, body: { code: 'DEFINITION_INVALID' } });
    expect(pointers(refused)?.sort()).toEqual([
      '/name',
      '/notify/0/template',
      '/notify/0/to/0',
      '/notify/0/to/1',
      '/notify/0/via/0',
    ]);
    expect(pointers(await ask('PUT', '/v1/recipients/b', recipient('fax')))).toEqual(['/addresses/0/backend']);
    expect(pointers(await ask('PUT', '/v1/groups/g', { members: ['anna', 'nobody'] }))).toEqual(['/members/1']);
  });

  it('may be a group that so far only a recipient names', async () => {
    expect(await ask('PUT', '/v1/rules/to-packers', ruleFor('group:packers'))).toMatchObject({ status: 201 });
    expect(pointers(await ask('PUT', '/v1/rules/to-none', ruleFor('group:nowhere')))).toEqual(['/notify/0/to/0']);
  });

  it('must be reachable: the backend type refuses addresses that are none', async () => {
    expect(pointers(await ask('PUT', '/v1/recipients/b', recipient('home', 'a b')))).toEqual(['/addresses/0/to']);
    expect(pointers(await ask('PUT', '/v1/rules/room', ruleFor('room:home/a b')))).toEqual(['/notify/0/to/0']);
  });

  it('cannot vanish while it is named, and the answer lists who names it', async () => {
    await ask('PUT', '/v1/templates/used', { text: 'x' });
    await ask('PUT', '/v1/rules/user', {
      match: {},
      notify: [{ to: ['recipient:anna'], template: 'used', via: ['home'] }],
    });
    const places: Record<string, string[]> = {
      '/v1/templates/used': ['/rules/user/notify/0/template'],
      '/v1/recipients/anna': ['/rules/user/notify/0/to/0'],
      '/v1/backends/home': ['/rules/user/notify/0/via/0', '/recipients/anna/addresses/0/backend'],
    };
    for (const [path, expected] of Object.entries(places)) {
      const refused = await ask('DELETE', path);
      expect(refused).toMatchObject({ status: 409, body: { code: 'SLUG_IN_USE' } });
      expect(pointers(refused)).toEqual(expected);
    }
  });

  it('lets a rule that names Liquid pass, for only an event tells whom it means', async () => {
    expect(await ask('PUT', '/v1/rules/liquid', ruleFor('recipient:{{ data.managerId }}'))).toMatchObject({
      status: 201,
    });
  });
});

describe('a definition that could not work', () => {
  it.each([
    [
      'a pattern with an unknown operator',
      '/v1/rules/bad',
      { match: { type: [{ near: 1 }] }, notify: [{ to: ['group:packers'] }] },
      '/match',
    ],
    ['an expression that is none', '/v1/rules/bad', { ...ruleFor('group:packers'), when: 'data.qty <' }, '/when'],
    ['a template that does not close', '/v1/templates/bad', { text: '{% if data.qty %}' }, '/text'],
  ])('is refused: %s', async (_name, path, body, pointer) => {
    const refused = await ask('PUT', path, body);
    expect(refused).toMatchObject({ status: 422, body: { code: 'DEFINITION_INVALID' } });
    expect(pointers(refused)?.[0]).toContain(pointer);
    expect(await ask('GET', path)).toMatchObject({ status: 404 });
  });
});

describe('POST /v1/rules/explain', () => {
  const event = { type: 'stock.low', data: { qty: 3 } };

  it('tells who would get what, by the book as it is at this moment', async () => {
    await ask('PUT', '/v1/backends/desk', { type: 'inbox', settings: {} });
    await ask('PUT', '/v1/recipients/olga', { displayName: 'Olga', addresses: [{ backend: 'desk', to: 'olga' }] });
    await ask('PUT', '/v1/rules/told', {
      match: { data: { qty: [{ numeric: ['<', 10] }] } },
      notify: [{ to: ['recipient:olga'] }],
    });
    const told = await ask('POST', '/v1/rules/explain', { event });
    expect(told.status).toBe(200);
    expect(told.body['deliveries']).toContainEqual(
      expect.objectContaining({ rule: 'told', recipient: 'olga', backend: 'desk', to: 'olga' }),
    );
    await ask('DELETE', '/v1/rules/told');
    const untold = await ask('POST', '/v1/rules/explain', { event });
    expect(JSON.stringify(untold.body)).not.toContain('"rule":"told"');
  });

  it('asks one rule that is not stored, and names the field that failed', async () => {
    const answer = await ask('POST', '/v1/rules/explain', {
      event,
      rule: { match: { data: { qty: [{ numeric: ['>', 10] }] } } },
    });
    expect(answer).toMatchObject({
      status: 200,
      body: { rules: [{ matched: false, failures: [{ path: 'data.qty', actual: 3 }] }], deliveries: [] },
    });
  });

  it('refuses a rule whose condition could not work', async () => {
    const refused = await ask('POST', '/v1/rules/explain', {
      event,
      rule: { match: { type: [{ near: 1 }] }, when: '<' },
    });
    expect(refused).toMatchObject({ status: 422, body: { code: 'DEFINITION_INVALID' } });
    expect(pointers(refused)?.every((pointer) => pointer.startsWith('/rule/'))).toBe(true);
  });

  it('judges a path that is named twice by the last one, and says that it could not be saved so', async () => {
    const rule = { match: { data: { qty: [99] }, $or: [{ data: { qty: [3] } }, { type: ['no.such'] }] } };
    const answer = await ask('POST', '/v1/rules/explain', { event: { ...event, source: 'erp' }, rule });
    expect(answer).toMatchObject({ status: 200, body: { rules: [{ matched: true }], deliveries: [] } });
    expect(answer.body['notes']).toEqual([expect.stringContaining('refused when saved')]);
    const saved = await ask('PUT', '/v1/rules/twice', { ...rule, notify: [{ to: ['room:desk/x'] }] });
    expect(saved.status).toBe(422);
  });

  it('answers many questions in a short time', async () => {
    const ask1 = (n: number) =>
      ask('POST', '/v1/rules/explain', { event: { ...event, data: { n } }, rule: { match: { data: { n: [7] } } } });
    const answers = [];
    for (let start = 0; start < 500; start += 50)
      answers.push(...(await Promise.all(Array.from({ length: 50 }, (_, n) => ask1(start + n)))));
    const matched = answers.filter((answer) => (answer.body['rules'] as { matched: boolean }[])[0]!.matched);
    expect([answers.every((answer) => answer.status === 200), matched.length]).toEqual([true, 1]);
  });
});
