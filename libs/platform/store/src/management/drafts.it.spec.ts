import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { HouseError } from '#contract';
import type { Noun } from './book.ts';
import { bookWithDraft } from './drafts.ts';
import { openStore, saying, type SpecStore } from './spec-store.ts';

let store: SpecStore;
let id: string;
const anna = { author: 'anna' };
const noFaults = () => [];
const template: Noun = 'template';

beforeAll(async () => {
  store = await openStore();
});
beforeEach(async () => {
  ({ id } = await store.drafts.create({ title: 'A draft' }, 'anna'));
});
afterAll(() => store.close());

const put = (slug: string, text: string, draft = id) =>
  store.drafts.put(draft, { noun: template, slug, body: saying(text) }, anna);
const live = async (slug: string) => (await store.definitions.get(template, slug))?.body;
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: HouseError) => error.code,
  );

describe('a draft', () => {
  it('keeps its changes to itself until it is published, then they are one revision and it is gone', async () => {
    await store.definitions.put(template, 'changed', saying('old'), 'ops');
    await store.definitions.put(template, 'removed', saying('old'), 'ops');
    const before = await store.definitions.loadBook();
    await put('changed', 'new');
    await put('added', 'new');
    await store.drafts.put(id, { noun: template, slug: 'removed' }, anna);
    expect(await store.definitions.loadBook()).toEqual(before);
    const sight = await store.drafts.loadBook(id);
    const number = await store.drafts.publish(id, { author: 'boris' }, noFaults);
    expect(number).toBe(before.version + 1n);
    expect(await store.definitions.loadBook()).toEqual({ ...sight, version: number });
    expect([await live('changed'), await live('added'), await live('removed')]).toEqual([
      saying('new'),
      saying('new'),
      undefined,
    ]);
    expect(await store.revisions.get(number)).toMatchObject({ kind: 'publish', author: 'boris', comment: 'A draft' });
    expect(await store.drafts.get(id)).toBeUndefined();
    expect(await codeOf(store.drafts.publish(id, anna, noFaults))).toBe('NOT_FOUND');
  });

  it('shows a definition as it would be, and takes changes back', async () => {
    await store.definitions.put(template, 'seen', saying('live'), 'ops');
    expect(await store.drafts.look(id, template, 'seen')).toMatchObject({ body: saying('live') });
    await put('seen', 'draft');
    expect(await store.drafts.look(id, template, 'seen')).toMatchObject({ body: saying('draft') });
    await store.drafts.takeBack(id, template, 'seen');
    expect(await store.drafts.look(id, template, 'seen')).toMatchObject({ body: saying('live') });
    expect(await codeOf(store.drafts.takeBack(id, template, 'seen'))).toBe('NOT_FOUND');
    expect(await store.drafts.look(id, template, 'nowhere')).toBeUndefined();
  });

  it('forgets what it added once that is removed again, and refuses to remove what is nowhere', async () => {
    await put('brief', 'x');
    await store.drafts.put(id, { noun: template, slug: 'brief' }, anna);
    expect((await store.drafts.get(id))!.changes).toEqual([]);
    expect(await codeOf(store.drafts.put(id, { noun: template, slug: 'brief' }, anna))).toBe('NOT_FOUND');
  });

  it('is listed with the number of its changes, and discarded with all of them', async () => {
    await put('counted', 'x');
    const [newest] = await store.drafts.list({ limit: 1 });
    expect(newest).toMatchObject({ id, title: 'A draft', author: 'anna', count: 1 });
    await store.drafts.discard(id, 'anna');
    expect((await store.drafts.list({ limit: 100 })).map((draft) => draft.id)).not.toContain(id);
    expect(await codeOf(store.drafts.discard(id, 'anna'))).toBe('NOT_FOUND');
    expect(await codeOf(put('late', 'x'))).toBe('NOT_FOUND');
  });

  it('that changes nothing cannot be published', async () => {
    await store.definitions.put(template, 'same', saying('same'), 'ops');
    await put('same', 'same');
    expect(await codeOf(store.drafts.publish(id, anna, noFaults))).toBe('STATE_CONFLICT');
  });

  it('is refused with the faults of the check, which sees the live book and the changes', async () => {
    await put('checked', 'x');
    const publishing = store.drafts.publish(id, anna, (book, changes) =>
      bookWithDraft(book, changes).templates.has('checked') && !book.templates.has('checked')
        ? [{ pointer: '/templates/checked', detail: 'no' }]
        : [],
    );
    expect(await codeOf(publishing)).toBe('DEFINITION_INVALID');
    expect(await live('checked')).toBeUndefined();
  });
});

describe('a draft whose definition was changed live meanwhile', () => {
  it('is not published until the definition is put into it again', async () => {
    await store.definitions.put(template, 'moved', saying('1'), 'ops');
    await put('moved', 'draft');
    await store.definitions.put(template, 'moved', saying('2'), 'boris');
    await expect(store.drafts.publish(id, anna, noFaults)).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      faults: [{ pointer: '/templates/moved', detail: expect.stringContaining('`boris` changed it live') }],
    });
    await put('moved', 'both');
    await store.drafts.publish(id, anna, noFaults);
    expect(await live('moved')).toEqual(saying('both'));
  });

  it.each([
    ['was removed', 'removed-live', true],
    ['came into being', 'came-live', false],
  ])('also when it %s', async (_what, slug, wasThere) => {
    if (wasThere) await store.definitions.put(template, slug, saying('1'), 'ops');
    await put(slug, 'draft');
    if (wasThere) await store.definitions.remove(template, slug, 'ops');
    else await store.definitions.put(template, slug, saying('2'), 'ops');
    expect(await codeOf(store.drafts.publish(id, anna, noFaults))).toBe('PRECONDITION_FAILED');
  });

  it('is published by exactly one of two who touch the same definition at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const slug = `both-${round}`;
      await store.definitions.put(template, slug, saying('0'), 'ops');
      const drafts = await Promise.all([store.drafts.create({}, 'anna'), store.drafts.create({}, 'boris')]);
      for (const draft of drafts) await put(slug, draft.id, draft.id);
      const outcomes = await Promise.all(drafts.map((draft) => codeOf(store.drafts.publish(draft.id, anna, noFaults))));
      expect(outcomes.sort()).toEqual(['PRECONDITION_FAILED', 'done']);
    }
  });
});

describe('the tag of a definition in a draft', () => {
  it('moves with changes of the draft and of the live book, and refuses who saw neither', async () => {
    await store.definitions.put(template, 'tagged', saying('1'), 'ops');
    const edit = (ifMatch: string) =>
      codeOf(
        store.drafts.put(
          id,
          { noun: template, slug: 'tagged', body: saying(ifMatch) },
          { author: 'anna', precondition: { ifMatch: [ifMatch] } },
        ),
      );
    const tag = async () => (await store.drafts.look(id, template, 'tagged'))!.tag;
    const first = await tag();
    expect([await edit(first), await edit(first)]).toEqual(['done', 'PRECONDITION_FAILED']);
    const second = await tag();
    await store.definitions.put(template, 'tagged', saying('2'), 'ops');
    expect([await edit(second), await edit(await tag())]).toEqual(['PRECONDITION_FAILED', 'done']);
  });
});
