/** A back-test in the built app, where it runs in a thread of JavaScript. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fleets, startFleet, startMs, type Fleet } from './fleet.ts';
import { untilSettled } from './story.ts';

let fleet: Fleet;
const telling = (to: string) => ({ match: { type: ['stock.low'] }, notify: [{ to: [to] }] });

beforeAll(async () => {
  fleet = await startFleet(fleets[0]!);
  await fleet.admin.put('/v1/backends/home', { type: 'inbox', settings: {} });
  for (const slug of ['anna', 'boris'])
    await fleet.admin.put(`/v1/recipients/${slug}`, { displayName: slug, addresses: [{ backend: 'home', to: slug }] });
  await fleet.admin.put('/v1/rules/low', telling('recipient:anna'));
}, startMs);
afterAll(() => fleet.stop());

interface Counted {
  result: { events: number; messages: object; recipients: { recipient: string; before: number; after: number }[] };
}

describe('a back-test in a built process', () => {
  it('tells beforehand who would have heard, and nobody hears of it', async () => {
    const { admin, ingest } = fleet;
    for (let n = 0; n < 3; n += 1) await untilSettled(admin, await ingest.send({ type: 'stock.low', data: { n } }));
    const draft = (await admin.call<{ id: string }>('POST', '/v1/drafts', {})).body.id;
    await admin.put(`/v1/drafts/${draft}/rules/low`, telling('recipient:boris'));
    const begun = await admin.call<{ id: string }>('POST', `/v1/drafts/${draft}/backtests`, { days: 1 });
    expect(begun.status).toBe(202);
    const answer = await fetch(`${admin.url}/v1/backtests/${begun.body.id}/stream`, {
      headers: { authorization: `Bearer ${admin.key}` },
    });
    expect(await answer.text()).toMatch(/event: done\n/);
    const { result } = await admin.get<Counted>(`/v1/backtests/${begun.body.id}`);
    expect(result).toMatchObject({ events: 3, messages: { before: 3, after: 3 } });
    expect(result.recipients.map(({ recipient, before, after }) => [recipient, before, after])).toEqual([
      ['boris', 0, 3],
      ['anna', 3, 0],
    ]);
    expect((await admin.get<{ items: object[] }>('/v1/inbox/boris')).items).toEqual([]);
  });
});
