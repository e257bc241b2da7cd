import { waitFor } from '#testing/services';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startFleet, startMs, type Fleet } from './fleet.ts';
import { untilSettled } from './story.ts';

const routers = 3;
const threeRouters = {
  name: 'three routers',
  queues: 'redis' as const,
  apps: { ingest: 1, router: routers, courier: 1, admin: 1 },
};

const low = (to: string, more = {}) => ({
  match: { type: ['stock.low'] },
  notify: [{ to: [`recipient:${to}`] }],
  ...more,
});
const examples = { mustMatch: [{ event: { type: 'stock.low' } }], mustNotMatch: [{ event: { type: 'stock.high' } }] };

describe('the rule book of several routers', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet(threeRouters);
    await fleet.admin.put('/v1/backends/inbox', { type: 'inbox', settings: {} });
    for (const name of ['anna', 'boris'])
      await fleet.admin.put(`/v1/recipients/${name}`, {
        displayName: name,
        addresses: [{ backend: 'inbox', to: name }],
      });
    await fleet.admin.put('/v1/rules/low', low('anna'));
  }, startMs);
  afterAll(() => fleet?.stop());

  const tell = async (method: string, path: string, body: unknown, headers = {}) =>
    fleet.admin.call<Record<string, unknown> & { errors?: unknown[] }>(method, path, body, headers);

  /** Whom each of many events reaches that are sent now; they spread over all routers. */
  async function reached(): Promise<Set<string>> {
    const ids = await Promise.all(Array.from({ length: 60 }, () => fleet.ingest.send({ type: 'stock.low' })));
    const stories = await Promise.all(ids.map((id) => untilSettled(fleet.admin, id)));
    return new Set(stories.flatMap(({ deliveries }) => deliveries.map(({ recipient }) => recipient!)));
  }

  /** Waits until every router has said that it works by a revision. */
  async function untilAllHave(revision: number): Promise<void> {
    const line = `"version":"${revision}"`;
    const counted = () =>
      fleet.processes.filter(
        ({ app, output }) =>
          app === 'router' &&
          output()
            .split('\n')
            .some((one) => one.includes(line) && one.includes('book.loaded')),
      ).length;
    await waitFor(() => counted() === routers, { what: `all routers to have revision ${revision}` });
  }

  it('goes by the newest revision from the next event on, and back by one call', async () => {
    expect(await reached()).toEqual(new Set(['anna']));
    const before = (await fleet.admin.get<{ items: { number: number }[] }>('/v1/revisions')).items[0]!.number;
    await fleet.admin.put('/v1/rules/low', low('boris'));
    expect(await reached()).toEqual(new Set(['boris']));
    const back = await tell('POST', `/v1/revisions/${before}/restore`, { comment: 'too early' });
    expect(back).toMatchObject({ status: 200, body: { kind: 'restore', number: before + 2 } });
    expect(await reached()).toEqual(new Set(['anna']));
    await untilAllHave(before + 2);
  });

  it('takes a draft only while its examples are green, all of it at once', async () => {
    const { body: draft } = await tell('POST', '/v1/drafts', { title: 'Boris takes over' });
    const place = `/v1/drafts/${String(draft['id'])}`;
    const red = low('boris', { match: { type: ['stock.gone'] }, examples });
    await tell('PUT', `${place}/rules/low`, red);
    const refused = await tell('POST', `${place}/publish`, {});
    expect(refused).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/rules/low/examples/mustMatch/0', detail: expect.stringMatching(/stock\.low/) }] },
    });
    expect(await reached()).toEqual(new Set(['anna']));
    await tell('PUT', `${place}/rules/low`, low('boris', { examples }));
    expect((await tell('POST', `${place}/publish`, {})).status).toBe(200);
    expect(await reached()).toEqual(new Set(['boris']));
  });

  it('lets one of two editors in who have read the same', async () => {
    const read = await tell('GET', '/v1/rules/low', undefined);
    const condition = { 'if-match': read.headers.get('etag')! };
    const both = await Promise.all(
      ['anna', 'boris'].map((who) => tell('PUT', '/v1/rules/low', low(who, { description: who }), condition)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    const winner = both[0]!.status === 200 ? 'anna' : 'boris';
    expect(await reached()).toEqual(new Set([winner]));
  });
});
