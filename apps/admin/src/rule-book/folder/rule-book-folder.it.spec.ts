import type { RuleBookPlan } from '#contract';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pointersOf, startApi, type Answer, type Api } from '../spec-api.ts';
import { fromTar, toTar } from './tar.ts';

let api: Api;
const ask = (...request: Parameters<Api['ask']>) => api.ask(...request);
const planIn = ({ body }: Answer) => body as unknown as RuleBookPlan;
const tar = { 'content-type': 'application/x-tar' };

beforeAll(async () => {
  api = await startApi();
  await ask('PUT', '/v1/backends/home', { type: 'inbox', settings: {} });
  await ask('PUT', '/v1/recipients/anna', { displayName: 'Anna', addresses: [{ backend: 'home', to: 'anna' }] });
  await ask('PUT', '/v1/groups/packers', { members: ['anna'] });
  await ask('PUT', '/v1/rule-book/settings', { timeZone: 'Europe/Prague' });
  await ask('PUT', '/v1/rules/low', { match: { type: ['stock.low'] }, notify: [{ to: ['group:packers'] }] });
});
afterAll(() => api.stop());

const filesNow = async () => (await ask('GET', '/v1/rule-book')).body['files'] as Record<string, string>;
const put = (files: Record<string, string>, query = '') => ask('PUT', `/v1/rule-book${query}`, { files });

describe('the book as a folder', () => {
  it('is no change when it is put back as it came, in either form', async () => {
    const shown = await ask('GET', '/v1/rule-book');
    expect(shown.tag).toBe(`"${shown.body['revision']}"`);
    expect(Object.keys(await filesNow()).filter((file) => file.endsWith('.yaml'))).toEqual([
      'groups/packers.yaml',
      'recipients/anna.yaml',
      'rules/low.yaml',
      'settings.yaml',
    ]);
    const none = { added: [], changed: [], removed: [], unchanged: 4, faults: [] };
    expect(planIn(await put(await filesNow(), '?dryRun=true'))).toMatchObject({ ...none, applied: false });
    const archive = await fetch(`${api.url}/v1/rule-book`, {
      headers: { authorization: 'Bearer bootstrap-key-0123456789', accept: 'application/x-tar' },
    });
    expect(archive.headers.get('content-type')).toBe('application/x-tar');
    const bytes = Buffer.from(await archive.arrayBuffer());
    expect(Object.fromEntries(fromTar(bytes))).toEqual(await filesNow());
    expect(planIn(await ask('PUT', '/v1/rule-book', bytes, tar))).toMatchObject({ ...none, applied: true });
    expect((await ask('GET', '/v1/rule-book')).body['revision']).toBe(shown.body['revision']);
  });

  it('is planned without a trace, then put as one revision with its comment', async () => {
    const files: Record<string, string> = { ...(await filesNow()), 'groups/night.yaml': 'members: [anna]' };
    files['rules/low.yaml'] = files['rules/low.yaml']!.replace('stock.low', 'stock.out');
    delete files['settings.yaml'];
    const before = (await ask('GET', '/v1/rule-book')).body['revision'] as number;
    const plan = planIn(await put(files, '?dryRun=true'));
    expect(plan).toMatchObject({
      revision: before,
      added: [{ file: 'groups/night.yaml' }],
      changed: [
        { file: 'rules/low.yaml', diff: [{ pointer: '/match/type/0', before: 'stock.low', after: 'stock.out' }] },
      ],
      removed: [{ file: 'settings.yaml' }],
      unchanged: 2,
    });
    expect((await ask('GET', '/v1/groups/night')).status).toBe(404);
    const done = planIn(await put(files, '?comment=From%20git'));
    expect(done).toMatchObject({ applied: true, revision: before + 1, added: plan.added, changed: plan.changed });
    expect((await ask('GET', `/v1/revisions/${before + 1}`)).body).toMatchObject({
      kind: 'import',
      comment: 'From git',
      counts: { added: 1, changed: 1, removed: 1 },
    });
    expect((await ask('GET', '/v1/backends/home')).status).toBe(200);
  });

  it('is refused whole, with file and line, for what could not work', async () => {
    const files = { ...(await filesNow()), 'rules/bad.yaml': 'match: {}\nnotify:\n  - to: [group:nowhere]' };
    const plan = planIn(await put(files, '?dryRun=true'));
    expect(plan.faults).toMatchObject([{ file: 'rules/bad.yaml', line: 3, column: 10 }]);
    const refused = await put({ ...files, 'groups/more.yaml': '{}' });
    expect([refused.status, pointersOf(refused)]).toEqual([422, ['/files/rules~1bad.yaml']]);
    expect(refused.body.errors![0]!.detail).toMatch(/^line 3, column 10: \/notify\/0\/to\/0 names the group nowhere/);
    expect((await ask('GET', '/v1/groups/more')).status).toBe(404);
  });

  it('may be put in part, and never removes what others need', async () => {
    const group = { 'groups/part.yaml': 'displayName: Part' };
    expect((await put(group, '?keep=true')).status).toBe(200);
    expect(Object.keys(await filesNow())).toEqual(expect.arrayContaining(['groups/part.yaml', 'rules/low.yaml']));
    const files = await filesNow();
    delete files['recipients/anna.yaml'];
    const refused = await put(files);
    expect(refused.status).toBe(422);
    expect(pointersOf(refused)).toContain('/files/groups~1packers.yaml');
  });

  it('is refused with 412 when the book moved on since it was read', async () => {
    const { tag } = await ask('GET', '/v1/rule-book');
    const files = await filesNow();
    await ask('PUT', '/v1/groups/meanwhile', {});
    for (const query of ['', '?dryRun=true']) {
      const late = await ask('PUT', `/v1/rule-book${query}`, { files }, { 'if-match': tag! });
      expect(late).toMatchObject({ status: 412, body: { code: 'PRECONDITION_FAILED' } });
    }
    expect((await ask('GET', '/v1/groups/meanwhile')).status).toBe(200);
  });

  it('is refused where the body is no folder, and tar where it is not taken', async () => {
    expect((await ask('PUT', '/v1/rule-book', Buffer.alloc(600, 'x'), tar)).status).toBe(400);
    expect(pointersOf(await ask('PUT', '/v1/rule-book', { file: {} }))).toEqual(['/files', '/file']);
    expect((await ask('PUT', '/v1/groups/tar', toTar(new Map()), tar)).body.code).toBe('MEDIA_TYPE_UNSUPPORTED');
    expect((await ask('PUT', '/v1/rule-book')).status).toBe(400);
  });

  it('may be as large as ten thousand rules, beyond what other calls take', async () => {
    const files: Record<string, string> = { ...(await filesNow()) };
    const text = files['rules/low.yaml']! + `description: ${'x'.repeat(800)}\n`;
    for (let n = 0; n < 10_000; n += 1) files[`rules/many-${n}.yaml`] = text;
    expect(Buffer.byteLength(JSON.stringify({ files }))).toBeGreaterThan(8 * 1024 * 1024);
    expect(planIn(await put(files)).added).toHaveLength(10_000);
    const back = await filesNow();
    expect(Object.keys(back)).toHaveLength(Object.keys(files).length);
    expect(planIn(await put(back))).toMatchObject({ added: [], changed: [], removed: [] });
  }, 60_000);
});

describe('the schema of a noun', () => {
  it.each(['rule', 'recipient', 'group', 'template', 'schedule', 'settings'])(
    'is there for editors: %s',
    async (noun) => {
      const { body } = await ask('GET', `/v1/rule-book/schemas/${noun}`);
      expect(body).toMatchObject({ $schema: expect.stringContaining('draft-07'), type: 'object' });
      expect((await filesNow())[`schemas/${noun}.json`]).toBe(`${JSON.stringify(body, null, 2)}\n`);
    },
  );
});
