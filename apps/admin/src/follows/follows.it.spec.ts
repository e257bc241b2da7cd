import { followView, pageOf } from '#contract';
import { createDefinitions, followersOf } from '#platform/store';
import { freshDatabase } from '#testing/services';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openSpecApp, type SpecApp } from '../events/spec-app.ts';
import { FollowsModule } from './follows.module.ts';

let app: SpecApp;
beforeAll(async () => {
  app = await openSpecApp(await freshDatabase(), [FollowsModule]);
  const definitions = createDefinitions(app.database);
  for (const slug of ['anna', 'boris'])
    await definitions.put('recipient', slug, { displayName: slug, addresses: [] }, 'spec');
});
afterAll(() => app.close());

const put = (body: object, scope: 'edit' | 'read' = 'edit') => app.call('PUT', '/v1/follows', { body, scope });
const names = (items: Record<string, unknown>[]) => items.map(({ subject, recipient }) => `${subject} ${recipient}`);

describe('/v1/follows', () => {
  it('lets a recipient follow a subject, once however often it is said', async () => {
    const first = await put({ recipient: 'anna', subject: 'order/4711' });
    expect([first.status, followView.parse(first.body)]).toMatchObject([201, { createdBy: 'edit-key' }]);
    const until = '2030-01-01T00:00:00.000Z';
    const again = await put({ recipient: 'anna', subject: 'order/4711', until: '2030-01-01T03:00:00+03:00' });
    expect([again.status, again.body]).toEqual([200, { ...first.body, until }]);
    const open = await put({ recipient: 'anna', subject: 'order/4711' });
    expect(open.body).toEqual(first.body);
  });

  it('lists by subject, by recipient, and in pages', async () => {
    for (const recipient of ['anna', 'boris']) {
      for (const subject of ['list/б', 'list/1', 'list/2']) await put({ recipient, subject });
    }
    const of = async (query: string) => (await app.call('GET', `/v1/follows?${query}`)).body;
    expect(names((await of('subject=list%2F1')).items)).toEqual(['list/1 anna', 'list/1 boris']);
    const { items, next } = pageOf(followView, 'x').parse(await of('recipient=boris&limit=2'));
    expect(names(items)).toEqual(['list/1 boris', 'list/2 boris']);
    expect(names((await of(`recipient=boris&limit=2&cursor=${next}`)).items)).toEqual(['list/б boris']);
    expect((await of('cursor=nonsense'))['code']).toBe('CURSOR_INVALID');
  });

  it('ends a follow, and says when there is none', async () => {
    await put({ recipient: 'anna', subject: 'gone/1' });
    const end = () =>
      fetch(`${app.base}/v1/follows?recipient=anna&subject=gone%2F1`, {
        method: 'DELETE',
        headers: { authorization: 'Bearer edit-key' },
      });
    expect((await end()).status).toBe(204);
    const none = await end();
    expect([none.status, await none.json()]).toMatchObject([
      404,
      { detail: expect.stringMatching(/^anna does not follow gone.1\./) },
    ]);
  });

  it('refuses unknown recipients, unclean subjects, and keys that may not edit', async () => {
    const unknown = (await put({ recipient: 'ghost', subject: 'x' })).body;
    expect(unknown).toMatchObject({ code: 'DEFINITION_INVALID', errors: [{ pointer: '/recipient' }] });
    expect((await put({ recipient: 'anna', subject: ' x' })).body).toMatchObject({
      status: 400,
      errors: [{ pointer: '/subject' }],
    });
    expect((await put({ recipient: 'anna', subject: 'x' }, 'read')).status).toBe(403);
  });
});

describe('who follows', () => {
  it('are those whose time is not over, by subject', async () => {
    await put({ recipient: 'boris', subject: 'f/1' });
    await put({ recipient: 'anna', subject: 'f/1', until: '2026-11-20T12:00:00Z' });
    await put({ recipient: 'anna', subject: 'f/2' });
    const at = async (moment: string) => [
      ...(await followersOf(app.database, ['f/1', 'f/2', 'f/3', 'a\u0000b', '\ud800'], new Date(moment))),
    ];
    expect(await at('2026-11-20T11:59:59Z')).toEqual([
      ['f/1', ['anna', 'boris']],
      ['f/2', ['anna']],
    ]);
    expect(await at('2026-11-20T12:00:00Z')).toEqual([
      ['f/1', ['boris']],
      ['f/2', ['anna']],
    ]);
  });
});
