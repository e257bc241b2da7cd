import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { secretMask, type HouseError } from '#contract';
import { createAudit } from './audit.ts';
import type { BookChange } from './book.ts';
import { createSealer } from './sealer.ts';
import { openStore, saying, type SpecStore } from './spec-store.ts';

let store: SpecStore;
const everything = ['rule', 'recipient', 'group', 'template', 'schedule', 'settings'] as const;
const asOps = { author: 'ops', kind: 'restore' } as const;
const noFaults = () => [];
const outcomeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: HouseError) => error.code,
  );

beforeAll(async () => {
  store = await openStore();
});
afterAll(() => store.close());

describe('every change of the book', () => {
  it('is a revision with its author, its comment, and the definition before and after', async () => {
    const { definitions, revisions } = store;
    await definitions.put('template', 'low', saying('one'), 'anna');
    await definitions.put('template', 'low', saying('two'), { author: 'boris', comment: 'Clearer' });
    await definitions.remove('template', 'low', 'anna');
    const [removed, replaced, created] = await revisions.list({ noun: 'template', slug: 'low', limit: 10 });
    expect(removed!.number).toBe(await definitions.version());
    expect([created, replaced, removed].map((one) => [one!.author, one!.added, one!.changed, one!.removed])).toEqual([
      ['anna', 1, 0, 0],
      ['boris', 0, 1, 0],
      ['anna', 0, 0, 1],
    ]);
    expect(await revisions.get(replaced!.number)).toMatchObject({
      kind: 'change',
      comment: 'Clearer',
      changes: [{ noun: 'template', slug: 'low', before: saying('one'), after: saying('two') }],
    });
  });

  it('gives the definition its number, and none when nothing changed', async () => {
    const { definitions } = store;
    const { stored } = await definitions.put('template', 'numbered', saying('a'), 'ops');
    expect(stored.revision).toBe(await definitions.version());
    const again = await definitions.put('template', 'numbered', saying('a'), 'ops');
    expect(again.stored.revision).toBe(stored.revision);
    expect(await definitions.version()).toBe(stored.revision);
  });

  it('shows backends without their secrets', async () => {
    const token = createSealer('a-secret-key-of-the-house').seal('hush');
    const { stored } = await store.definitions.put('backend', 'hq', { type: 'mychat', settings: { token } }, 'ops');
    const revision = await store.revisions.get(stored.revision);
    expect(revision!.changes[0]!.after).toEqual({ type: 'mychat', settings: { token: secretMask } });
  });

  it('is listed newest first, by author, a page at a time', async () => {
    for (const text of ['1', '2', '3']) await store.definitions.put('template', 'paged', saying(text), 'pager');
    const [first, second] = await store.revisions.list({ author: 'pager', limit: 2 });
    const rest = await store.revisions.list({ author: 'pager', limit: 2, before: second!.number });
    expect([first!, second!, ...rest].map(({ number }) => number)).toEqual(
      [0n, 1n, 2n].map((back) => first!.number - back),
    );
  });
});

describe('what must stand there', () => {
  it('lets exactly one of two editors through who saw the same', async () => {
    const { definitions } = store;
    for (let round = 0; round < 20; round += 1) {
      const slug = `raced-${round}`;
      const { stored } = await definitions.put('template', slug, saying('0'), 'ops');
      const precondition = { ifMatch: [String(stored.revision)] };
      const outcomes = await Promise.all(
        ['anna', 'boris'].map((author) =>
          outcomeOf(definitions.put('template', slug, saying(author), { author, precondition })),
        ),
      );
      expect(outcomes.sort()).toEqual(['PRECONDITION_FAILED', 'done']);
    }
  });

  it('lets exactly one of two editors create', async () => {
    const precondition = { ifNoneMatch: '*' } as const;
    const create = (author: string) =>
      outcomeOf(store.definitions.put('template', 'created-once', saying(author), { author, precondition }));
    expect((await Promise.all([create('anna'), create('boris')])).sort()).toEqual(['PRECONDITION_FAILED', 'done']);
  });

  it('is told with who changed it, and asked of removals too', async () => {
    const { definitions } = store;
    const { stored } = await definitions.put('template', 'told', saying('a'), 'ops');
    await definitions.put('template', 'told', saying('b'), 'boris');
    const precondition = { ifMatch: [String(stored.revision)] };
    const removal = definitions.remove('template', 'told', { author: 'anna', precondition });
    await expect(removal).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      detail: expect.stringMatching(/template `told` stands at "\d+" now; `boris` changed it last/),
    });
    const gone = definitions.remove('template', 'nowhere', { author: 'anna', precondition: { ifMatch: '*' } });
    await expect(gone).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  });

  it('is "0" for settings that nobody has set yet', async () => {
    const first = { author: 'ops', precondition: { ifMatch: ['0'] } };
    await store.definitions.put('settings', 'book', { timeZone: 'Europe/Prague' }, first);
    expect((await store.definitions.loadBook()).settings).toEqual({ timeZone: 'Europe/Prague' });
    await expect(store.definitions.put('settings', 'book', {}, first)).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
  });
});

describe('restoring', () => {
  it('makes the book stand as after the revision, in one new revision, and leaves backends alone', async () => {
    const { definitions, revisions } = store;
    await definitions.put('template', 'r-changed', saying('old'), 'ops');
    await definitions.put('template', 'r-removed', saying('kept'), 'ops');
    const then = await definitions.loadBook();
    await definitions.put('template', 'r-changed', saying('new'), 'ops');
    await definitions.put('template', 'r-changed', saying('newer'), 'ops');
    await definitions.remove('template', 'r-removed', 'ops');
    await definitions.put('template', 'r-added', saying('x'), 'ops');
    await definitions.put('backend', 'r-backend', { type: 'inbox', settings: {} }, 'ops');
    const number = await revisions.restore(then.version, asOps, everything, noFaults);
    const now = await definitions.loadBook();
    expect({ ...now, version: then.version, backends: then.backends }).toEqual(then);
    expect(now.backends.has('r-backend')).toBe(true);
    expect(now.version).toBe(number);
    expect((await revisions.get(number))!.changes.map(({ slug }) => slug)).toEqual([
      'r-added',
      'r-changed',
      'r-removed',
    ]);
    const [entry] = await createAudit(store.database).list({ noun: 'revision', limit: 1 });
    expect(entry).toMatchObject({ actor: 'ops', action: 'restore', name: String(number) });
  });

  it('can be undone by restoring what was before it, and knows when there is nothing to do', async () => {
    const { definitions, revisions } = store;
    const before = await definitions.version();
    await definitions.put('template', 'undone', saying('x'), 'ops');
    const after = await definitions.loadBook();
    await revisions.restore(before, asOps, everything, noFaults);
    await revisions.restore(after.version, asOps, everything, noFaults);
    expect(await definitions.loadBook()).toEqual({ ...after, version: after.version + 2n });
    const again = revisions.restore(after.version, asOps, everything, noFaults);
    await expect(again).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });

  it('is refused with the faults of the check, and for a revision that is not known', async () => {
    const { definitions, revisions } = store;
    const before = await definitions.version();
    await definitions.put('template', 'faulty', saying('x'), 'ops');
    const seen: BookChange[] = [];
    const refused = revisions.restore(before, asOps, everything, (_book, changes) => {
      seen.push(...changes);
      return [{ pointer: '/templates/faulty', detail: 'is needed' }];
    });
    await expect(refused).rejects.toMatchObject({ code: 'DEFINITION_INVALID' });
    expect(seen).toEqual([{ noun: 'template', slug: 'faulty' }]);
    const future = revisions.restore(before + 1000n, asOps, everything, noFaults);
    await expect(future).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await definitions.loadBook()).templates.has('faulty')).toBe(true);
  });

  it('may be of some nouns only', async () => {
    const { definitions, revisions } = store;
    const before = await definitions.version();
    await definitions.put('template', 'some', saying('x'), 'ops');
    await definitions.put('group', 'some', {}, 'ops');
    await revisions.restore(before, asOps, ['group'], noFaults);
    const book = await definitions.loadBook();
    expect([book.templates.has('some'), book.groups.has('some')]).toEqual([true, false]);
  });
});

describe('many changes at once', () => {
  it('are one revision with one audit entry, ten thousand of them within seconds', async () => {
    const { definitions, revisions } = store;
    const before = await definitions.version();
    const changes = Array.from({ length: 10_000 }, (_, n): BookChange => ({
      noun: 'template',
      slug: `bulk-${n}`,
      body: saying(String(n)),
    }));
    const number = await revisions.make({ author: 'ops', kind: 'import' }, () => changes);
    expect(number).toBe(before + 1n);
    expect((await revisions.list({ limit: 1 }))[0]).toMatchObject({ added: 10_000, kind: 'import' });
    expect(await revisions.make({ author: 'ops', kind: 'import' }, () => changes)).toBeUndefined();
    await revisions.make({ author: 'ops', kind: 'import' }, () => changes.map(({ noun, slug }) => ({ noun, slug })));
    expect((await definitions.loadBook()).templates.has('bulk-0')).toBe(false);
  });

  it('are refused where PostgreSQL could not hold a text, with its place in the book', async () => {
    const bad = { noun: 'template', slug: 'nul', body: saying('a\0b') } as const;
    await expect(store.revisions.make({ author: 'ops', kind: 'import' }, () => [bad])).rejects.toMatchObject({
      code: 'DEFINITION_INVALID',
      faults: [{ pointer: '/templates/nul/text' }],
    });
  });
});
