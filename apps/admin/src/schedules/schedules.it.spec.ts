import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pointersOf, startApi, type Api } from '../rule-book/spec-api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
  for (const [slug, displayName] of [
    ['anna', 'Анна Петрова'],
    ['boris', 'Boris'],
    ['boris-2', 'Boris'],
  ]) {
    const addresses = [{ backend: 'inbox', to: slug }];
    const mail = slug === 'anna' ? [{ backend: 'inbox', to: 'anna@example.com' }] : [];
    await api.ask('PUT', '/v1/backends/inbox', { type: 'inbox', settings: {} });
    const put = await api.ask('PUT', `/v1/recipients/${slug}`, { displayName, addresses: [...addresses, ...mail] });
    expect(put.status).toBe(201);
  }
});
afterAll(() => api.stop());

const turns = { members: ['anna', 'boris'], starts: '2026-11-02T09:00', every: { count: 1, unit: 'weeks' } };
const weekly = { timeZone: 'Europe/Moscow', rotations: [turns] };
const path = '/v1/schedules/night';
const span = 'from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z';

async function fresh(): Promise<string> {
  const put = await api.ask('PUT', path, weekly);
  expect([200, 201]).toContain(put.status);
  return put.tag!;
}

function calendarOf(...events: string[]): Uint8Array {
  const lines = events.map((event, index) => `BEGIN:VEVENT\r\nUID:${index}@example\r\n${event}\r\nEND:VEVENT\r\n`);
  return Buffer.from(`BEGIN:VCALENDAR\r\nVERSION:2.0\r\n${lines.join('')}END:VCALENDAR\r\n`);
}

const boris = 'DTSTART:20261120T150000Z\r\nDTEND:20261121T060000Z\r\nSUMMARY:boris';
const send = (query: string, body: Uint8Array, headers = {}) =>
  api.ask('POST', `${path}/calendar?${query}`, body, { 'content-type': 'text/calendar', ...headers });
const whoAt = async (at: string) => (await api.ask('GET', `${path}/on-call?at=${at}`)).body['members'];

describe('a schedule', () => {
  it('says who is on call at a moment and why, and which shifts a span has', async () => {
    await fresh();
    const answer = await api.ask('GET', `${path}/on-call?at=2026-11-09T06:00:00Z`);
    expect(answer.body).toEqual({
      at: '2026-11-09T06:00:00.000Z',
      members: ['boris'],
      because: { kind: 'rotation', turns: [{ index: 0, member: 'boris' }] },
    });
    const { body } = await api.ask('GET', `${path}/shifts?from=2026-11-02T06:00:00Z&to=2026-11-16T06:00:00Z`);
    expect(body['complete']).toBe(true);
    expect((body['items'] as { members: string[] }[]).map(({ members }) => members)).toEqual([['anna'], ['boris']]);
  });

  it('says that there is none, and what is wrong with a span', async () => {
    expect((await api.ask('GET', '/v1/schedules/nowhere/on-call')).status).toBe(404);
    const late = await api.ask('GET', `${path}/shifts?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z`);
    expect([late.status, pointersOf(late)]).toEqual([400, ['to']]);
    const long = await api.ask('GET', `${path}/shifts?from=2026-11-02T00:00:00Z&to=2029-11-01T00:00:00Z`);
    expect(long.body.errors?.[0]?.detail).toMatch(/two years/);
  });

  it('goes into a calendar and comes back from it the same', async () => {
    await fresh();
    const out = await api.ask('GET', `${path}/calendar?${span}`);
    expect(out.text).toContain('SUMMARY:Анна Петрова');
    const back = await send(`${span}&replace=true`, Buffer.from(out.text.replaceAll('SUMMARY:Boris', 'SUMMARY:boris')));
    expect(back.body).toMatchObject({ faults: [], dryRun: false });
    // Only what came out of the calendar is left to answer.
    const { overrides } = back.body as { overrides?: unknown[] };
    expect((await api.ask('PUT', path, { ...weekly, rotations: [], overrides })).status).toBe(200);
    for (const [at, who] of [
      ['2026-11-05T00:00:00Z', 'anna'],
      ['2026-11-12T00:00:00Z', 'boris'],
    ] as const)
      expect(await whoAt(at)).toEqual([who]);
  });
});

describe('a calendar that is taken in', () => {
  it('makes overrides, and tells of what it could not take', async () => {
    await fresh();
    const lunch = 'DTSTART:20261122T090000Z\r\nDTEND:20261122T100000Z\r\nSUMMARY:Lunch';
    const twoMeant = 'DTSTART:20261123T090000Z\r\nDTEND:20261123T100000Z\r\nSUMMARY:Boris';
    const before = await whoAt('2026-11-20T16:00:00Z');
    const dry = await send(`${span}&dryRun=true`, calendarOf(boris, lunch, twoMeant));
    expect(dry.body).toMatchObject({ dryRun: true, overrides: [{ members: ['boris'] }], outside: 0 });
    expect((dry.body['faults'] as unknown[]).length).toBe(2);
    expect(await whoAt('2026-11-20T16:00:00Z')).toEqual(before);
    const taken = await send(span, calendarOf(boris, lunch, twoMeant));
    expect(taken.body['overrides']).toEqual(dry.body['overrides']);
    expect(await whoAt('2026-11-20T16:00:00Z')).toEqual(['boris']);
  });

  it('takes the place of the overrides of its span only when asked to', async () => {
    await fresh();
    await send(span, calendarOf(boris));
    expect((await send(span, calendarOf())).body).toMatchObject({ replaced: 0 });
    expect(await whoAt('2026-11-20T16:00:00Z')).toEqual(['boris']);
    const anna = 'DTSTART:20261121T150000Z\r\nDTEND:20261122T060000Z\r\nATTENDEE:mailto:anna@example.com\r\nSUMMARY:x';
    expect((await send(`${span}&replace=true`, calendarOf(anna))).body).toMatchObject({ replaced: 1 });
    expect(await whoAt('2026-11-20T16:00:00Z')).toEqual(['anna']);
    expect(await whoAt('2026-11-21T16:00:00Z')).toEqual(['anna']);
  });

  it('is refused when the schedule is another by now, when it is no calendar, and when it is sent as something else', async () => {
    const tag = await fresh();
    await send(span, calendarOf(boris));
    const late = await send(span, calendarOf(boris), { 'if-match': tag });
    expect([late.status, late.body.code]).toEqual([412, 'PRECONDITION_FAILED']);
    const garbage = await send(span, Buffer.from('not a calendar'));
    expect(garbage.body).toMatchObject({ overrides: [], faults: [{ pointer: expect.any(String) }] });
    const json = await api.ask('POST', `${path}/calendar?${span}`, { a: 1 });
    expect([json.status, json.body.errors?.[0]?.detail]).toEqual([400, expect.stringMatching(/text\/calendar/)]);
    const large = await send(span, Buffer.alloc(1024 * 1024 + 1, 'x'));
    expect(large.status).toBe(413);
  });
});
