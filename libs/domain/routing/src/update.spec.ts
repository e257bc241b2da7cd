import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rule as ruleSchema } from '#contract';
import { compileBook, updateBook, type Book, type BookChange } from './book.ts';
import { explainEvent } from './explain.ts';
import { circumstances, event, storedBook, tell } from './spec-world.ts';

const shelves = {
  rule: 'rules',
  recipient: 'recipients',
  group: 'groups',
  template: 'templates',
  backend: 'backends',
  schedule: 'schedules',
} as const;

type Edit = { noun: keyof typeof shelves | 'settings'; slug: string; body: unknown };

/** The book after an edit; it shares everything else. */
function edited(book: Book, { noun, slug, body }: Edit): Book {
  const version = book.version + 1n;
  if (noun === 'settings') return { ...book, version, settings: (body ?? {}) as Book['settings'] };
  const shelf = new Map<string, unknown>(book[shelves[noun]]);
  if (body === undefined) shelf.delete(slug);
  else shelf.set(slug, body);
  return { ...book, version, [shelves[noun]]: shelf };
}

const ruleBody = fc
  .record({
    match: fc.constantFrom({}, { type: ['stock.low'] }, { data: { qty: [9] } }, { typo: [1] }),
    notify: fc.constantFrom(
      ...['group:g', 'role:x', 'recipient:anna', 'recipient:ida', 'schedule:s', 'room:extra/y'].map((to) => [
        { to: [to], template: 't' },
      ]),
    ),
    enabled: fc.boolean(),
  })
  .map((body): unknown => ruleSchema.parse(body));
const person = fc.record({
  roles: fc.constantFrom([], ['x']),
  groups: fc.constantFrom([], ['g']),
  addresses: fc.constantFrom([], [{ backend: 'inbox', to: 'i' }], [{ backend: 'extra', to: 'e' }]),
});
const onCall = (members: string[]) => ({
  timeZone: 'UTC',
  rotations: [{ members, starts: '2026-01-01T00:00', every: { count: 1, unit: 'days' } }],
});

const edit = fc.oneof(
  ...(
    [
      ['rule', ['a', 'b', 'c'], ruleBody],
      ['recipient', ['ida', 'jan'], person.map((body) => ({ displayName: 'X', ...body }))],
      ['group', ['g', 'h'], fc.constantFrom({}, { members: ['boris', 'group:h'] }, { members: ['role:x'] })],
      ['template', ['t'], fc.constantFrom({ text: 'one' }, { text: '{{ recipient.slug }}' }, { text: '{{ broken' })],
      ['backend', ['extra'], fc.constant({ type: 'inbox' })],
      ['schedule', ['s'], fc.constantFrom(onCall(['anna']), onCall(['boris']))],
      [
        'settings',
        ['book'],
        fc.constantFrom({}, { timeZone: 'Asia/Tokyo' }, { catchAll: [{ to: ['recipient:anna'], strategy: 'first' }] }),
      ],
    ] as const
  ).map(([noun, slugs, body]) =>
    fc.record({ noun: fc.constant(noun), slug: fc.constantFrom(...slugs), body: fc.option(body, { nil: undefined }) }),
  ),
) as fc.Arbitrary<Edit>;

describe('a book that is brought up to date', () => {
  it('answers as one that was compiled anew, after any edits in any portions', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(edit, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
        (portions) => {
          let book = storedBook({
            rules: { a: tell(['group:g']), b: tell(['recipient:ida']) },
            recipients: { ida: {} },
          });
          let compiled = compileBook(book);
          for (const portion of portions) {
            const changes: BookChange[] = portion.map(({ noun, slug }) => ({ noun, slug }));
            book = portion.reduce(edited, book);
            compiled = updateBook(compiled, book, changes);
            const fresh = compileBook(book);
            expect(explainEvent(compiled, event, circumstances)).toEqual(explainEvent(fresh, event, circumstances));
            expect([compiled.version, compiled.faults]).toEqual([fresh.version, fresh.faults]);
          }
        },
      ),
      { numRuns: 300, seed: 7 },
    );
  });

  it('keeps what the edit does not touch', () => {
    const book = storedBook({ rules: { a: tell(['group:g']) }, templates: { t: { text: 'x' }, u: { text: 'y' } } });
    const before = compileBook(book);
    const after = updateBook(before, edited(book, { noun: 'template', slug: 't', body: { text: 'z' } }), [
      { noun: 'template', slug: 't' },
    ]);
    expect(after.people).toBe(before.people);
    expect(after.rules).toBe(before.rules);
    expect(after.templates.get('u')).toBe(before.templates.get('u'));
    expect(after.templates.get('t')).not.toBe(before.templates.get('t'));
  });
});
