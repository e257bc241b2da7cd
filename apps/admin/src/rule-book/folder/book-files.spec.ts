import type { JsonValue } from '#contract';
import { emptyBook, withChanges, type BookChange, type StoredBook } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { definitionsOfFiles, filesOfBook } from './book-files.ts';
import { planOf } from './plan.ts';

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  fc
    .string({ unit: 'binary', minLength: 1, maxLength: 20 })
    .filter((text) => text.isWellFormed() && !text.includes('\0')),
  fc.constantFrom(
    'yes',
    'null',
    '~',
    '1e3',
    '0x1F',
    '- a',
    '# a',
    'a: b',
    ' lead',
    'trail ',
    'two\nlines\n',
    '\r\n',
    '\u2028',
    '\u0085x',
    '"',
    "'",
    '{{ a }}',
    '*a',
    '&a',
    '!a',
    '%',
    '@',
    '`',
    '|',
    '>-',
    '<<',
    '2026-11-20',
    '12:30',
    'Мало 📦',
  ),
);
const json = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.integer(),
    texts,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      texts.filter((text) => text !== '__proto__'),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
})).value;
const slugs = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/);
const rules = fc.record({
  enabled: fc.boolean(),
  description: texts,
  match: fc.record({ data: json }),
  notify: fc.constant([{ to: ['room:x/{{ data.y }}'], strategy: 'first' }]),
});
const templates = fc.record({ text: texts, title: texts });
const change = fc.oneof(
  fc.record({ noun: fc.constant('rule' as const), slug: slugs, body: rules }),
  fc.record({ noun: fc.constant('template' as const), slug: slugs, body: templates }),
  fc.record({ noun: fc.constant('group' as const), slug: slugs, body: fc.record({ displayName: texts }) }),
  fc.constant({ noun: 'settings' as const, slug: 'book', body: { timeZone: 'Europe/Prague' } }),
);
const bookOf = (changes: readonly unknown[]): StoredBook =>
  withChanges(emptyBook(), 1n, JSON.parse(JSON.stringify(changes)) as BookChange[]);
const ruleFile = (text: string) => new Map([['rules/x.yaml', text]]);
const faultsOf = async (files: Map<string, string>) => (await definitionsOfFiles(files, emptyBook())).faults;

describe('the book as files', () => {
  it('reads back as the same book, whatever is in it, without a look at the one before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 6 }), async (changes) => {
        const book = bookOf(changes);
        const folder = await definitionsOfFiles(await filesOfBook(book), emptyBook());
        expect(folder.faults).toEqual([]);
        expect(bookOf(folder.definitions.map(({ noun, slug, body }) => ({ noun, slug, body })))).toEqual(book);
      }),
      { numRuns: 300 },
    );
  });

  it('is no change when put back, and the text of a file does not depend on the order of the fields', async () => {
    const rule = {
      notify: [{ strategy: 'first', to: ['room:a/{{ b }}'] }],
      match: { type: ['x'], data: { b: [1], a: [2] } },
      enabled: true,
    };
    const book = bookOf([{ noun: 'rule', slug: 'x', body: rule }]);
    const files = await filesOfBook(book);
    expect(files.get('rules/x.yaml')).toBe(
      [
        '# yaml-language-server: $schema=../schemas/rule.json',
        'enabled: true',
        'match:',
        '  data:',
        '    a:',
        '      - 2',
        '    b:',
        '      - 1',
        '  type:',
        '    - x',
        'notify:',
        '  - to:',
        '      - room:a/{{ b }}',
        '    strategy: first',
        '',
      ].join('\n'),
    );
    expect(files.has('schemas/rule.json')).toBe(true);
    const plan = await planOf(book, await definitionsOfFiles(files, book), false);
    expect(plan).toMatchObject({ added: [], changed: [], removed: [], unchanged: 1, changes: [] });
  });
});

describe('files that could not be read', () => {
  it.each([
    ['what is no YAML', 'match: [', 1, /not valid YAML/],
    ['an alias', 'match: &a {}\nnotify: *a', 2, /alias/],
    ['a name that stands twice', 'match: {}\nenabled: true\nmatch: {}', 3, /twice/],
    ['a number that JSON lacks', 'match: {}\nvalidForSeconds: .inf', 2, /finite/],
    ['a tag that nobody knows', 'match: !!python/object {}', 1, /tag/i],
    ['two documents', 'match: {}\n---\nmatch: {}', 2, /document/],
    ['a name that could reach a prototype', 'match:\n  __proto__: {}', 2, /__proto__/],
    ['a field that nobody knows', 'match: {}\nnotify:\n  - to: [group:a]\n    vai: [x]', 4, /not a known field/],
    ['half a letter', 'match: {}\nnotify:\n  - to: [group:a]\ndescription: "\\ud800"', 4, /surrogate|valid YAML/],
  ])('are told with their line: %s', async (_what, text, line, detail) => {
    const faults = await faultsOf(ruleFile(text));
    expect(faults[0]).toMatchObject({ file: 'rules/x.yaml', line, column: expect.any(Number) });
    expect(faults[0]!.detail).toMatch(detail);
  });

  it.each([
    'rule/x.yaml',
    'rules/x.yml',
    'rules/x',
    'rules/a/b.yaml',
    'x.yaml',
    './rules/x.yaml',
    '../rules/x.yaml',
    'rules/Ü.yaml',
    'backends/x.yaml',
  ])('are told by their name: %s', async (file) => {
    expect(await faultsOf(new Map([[file, 'match: {}']]))).toEqual([{ file, detail: expect.any(String) }]);
  });

  it('are not those of editors and of tools', async () => {
    const files = new Map([
      ['schemas/rule.json', 'x'],
      ['.git/config', 'x'],
      ['rules/.x.yaml.swp', 'x'],
    ]);
    expect(await definitionsOfFiles(files, emptyBook())).toEqual({ definitions: [], faults: [] });
  });

  it.each([
    ['deep nesting', `match: ${'['.repeat(200_000)}`],
    ['deep blocks', Array.from({ length: 500 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ['more than a file may hold', `description: ${'x'.repeat(1_100_000)}`],
    [
      'a bomb of aliases',
      `a: &a [x]\n${Array.from({ length: 30 }, (_, n) => `b${n}: &b${n} [*${n ? `b${n - 1}` : 'a'}, *${n ? `b${n - 1}` : 'a'}]`).join('\n')}`,
    ],
  ])('are refused before they cost anything: %s', async (_what, text) => {
    expect((await faultsOf(ruleFile(text))).length).toBeGreaterThan(0);
  });

  it('keep their definition from being removed', async () => {
    const book = bookOf([{ noun: 'group', slug: 'x', body: {} }]);
    const folder = await definitionsOfFiles(new Map([['groups/x.yaml', 'members: {']]), book);
    expect(await planOf(book, folder, false)).toMatchObject({ removed: [], faults: [{ file: 'groups/x.yaml' }] });
  });
});

describe('a plan', () => {
  const book = bookOf([
    { noun: 'group', slug: 'kept', body: { displayName: 'Kept' } },
    { noun: 'group', slug: 'gone', body: {} },
    { noun: 'recipient', slug: 'anna', body: { displayName: 'Anna', addresses: [] } },
  ]);
  const files = new Map([
    ['groups/kept.yaml', 'displayName: Other'],
    ['groups/new.yaml', 'members:\n  - anna\n  - nobody'],
    ['recipients/anna.yaml', 'displayName: Anna\naddresses: []'],
  ]);

  it('says what would be added, changed and removed, and where what is checked later is wrong', async () => {
    const plan = await planOf(book, await definitionsOfFiles(files, book), false);
    expect(plan).toMatchObject({
      added: [{ slug: 'new' }],
      changed: [{ slug: 'kept', diff: [{ pointer: '/displayName', before: 'Kept', after: 'Other' }] }],
      removed: [{ file: 'groups/gone.yaml', noun: 'group', slug: 'gone' }],
      unchanged: 1,
      faults: [{ file: 'groups/new.yaml', line: 3, column: 5, detail: expect.stringContaining('nobody') }],
    });
  });

  it('leaves what is not in the folder when asked to', async () => {
    expect((await planOf(book, await definitionsOfFiles(files, book), true)).removed).toEqual([]);
  });
});
