import { describe, expect, it } from '@jest/globals';
import type { Dialect, TextRules } from '#contract';
import fc from 'fast-check';
import { toDialect } from './dialect.ts';
import { writeMarkdown } from './markdown.ts';
import { parseMarkdown } from './parse.ts';
import { writePlain } from './plain.ts';
import type { Block, Inline } from './tree.ts';

const roomy: Omit<TextRules, 'dialect'> = { title: 'inline', maxChars: 100_000, unit: 'codePoints', overflow: 'cut' };

function written(markdown: string, dialect: Dialect, title?: string): string {
  const { parts } = toDialect(title === undefined ? { markdown } : { title, markdown }, { ...roomy, dialect });
  expect(parts).toHaveLength(1);
  return parts[0]!;
}

const cases: [what: string, markdown: string, plain: string, backToMarkdown: string, html: string][] = [
  ['a sentence', 'Hello', 'Hello', 'Hello', '<p>Hello</p>'],
  ['emphasis', 'a **b** _c_ ~~d~~', 'a b c d', 'a **b** _c_ ~~d~~', '<p>a <b>b</b> <i>c</i> <s>d</s></p>'],
  ['line breaks', 'a\nb  \nc\\\nd', 'a\nb\nc\nd', 'a  \nb  \nc  \nd', '<p>a<br>b<br>c<br>d</p>'],
  ['paragraphs', 'a\n\n\n\nb', 'a\n\nb', 'a\n\nb', '<p>a</p><p>b</p>'],
  ['a heading', '## a *b*\nc', 'a b\n\nc', '## a _b_\n\nc', '<p><b>a <i>b</i></b></p><p>c</p>'],
  ['code', '`a*<b`', 'a*<b', '`a*<b`', '<p><code>a*&lt;b</code></p>'],
  [
    'a code block',
    '```sql\na <b>\n\n`c`\n```',
    'a <b>\n\n`c`',
    '```\na <b>\n\n`c`\n```',
    '<pre>a &lt;b&gt;\n\n`c`</pre>',
  ],
  [
    'a list',
    '* a\n* b\n  - c',
    '• a\n• b\n  • c',
    '- a\n- b\n  - c',
    '<ul><li>a</li><li>b<br><ul><li>c</li></ul></li></ul>',
  ],
  ['a numbered list', '3. a\n4. b', '3. a\n4. b', '3. a\n4. b', '<ol start="3"><li>a</li><li>b</li></ol>'],
  ['a check list', '- [x] a', '• [x] a', '- \\[x\\] a', '<ul><li>[x] a</li></ul>'],
  ['a quote', '> a\n> b', '> a\n> b', '> a  \n> b', '<blockquote><p>a<br>b</p></blockquote>'],
  ['a rule', 'a\n\n***', 'a\n\n———', 'a\n\n---', '<p>a</p><p>———</p>'],
  [
    'a table',
    '| a | b |\n|--|--|\n| *1* | 2\\|3 |',
    'a | b\n1 | 2|3',
    '| a | b |\n| --- | --- |\n| _1_ | 2\\|3 |',
    '<p>a | b<br><i>1</i> | 2|3</p>',
  ],
  [
    'a link',
    '[a](https://x.example/?a=1&b=2)',
    'a (https://x.example/?a=1&b=2)',
    '[a](https://x.example/?a=1&b=2)',
    '<p><a href="https://x.example/?a=1&amp;b=2">a</a></p>',
  ],
  [
    'a bare link',
    'see https://x.example/a_b.',
    'see https://x.example/a_b.',
    'see <https://x.example/a_b>.',
    '<p>see <a href="https://x.example/a_b">https://x.example/a_b</a>.</p>',
  ],
  [
    'an e-mail address',
    '<a@x.example>',
    'a@x.example',
    '[a\\@x.example](mailto:a@x.example)',
    '<p><a href="mailto:a@x.example">a@x.example</a></p>',
  ],
  [
    'an image',
    '![a](https://x.example/a.png)',
    'a (https://x.example/a.png)',
    '[a](https://x.example/a.png)',
    '<p><a href="https://x.example/a.png">a</a></p>',
  ],
  [
    'a script link',
    '[a](javascript:alert(1)) [b](JaVa&#115;cript:x) [c](data:text/html,x) [d](javascript://x/%0aalert(1))',
    'a b c d',
    'a b c d',
    '<p>a b c d</p>',
  ],
  [
    'HTML',
    'a <b onclick="x">b</b>',
    'a <b onclick="x">b</b>',
    'a \\<b onclick="x">b\\</b>',
    '<p>a &lt;b onclick=&quot;x&quot;&gt;b&lt;/b&gt;</p>',
  ],
  [
    'an HTML block',
    '<script>\nalert(1)\n</script>',
    '<script>\nalert(1)\n</script>',
    '\\<script>  \nalert(1)  \n\\</script>',
    '<p>&lt;script&gt;<br>alert(1)<br>&lt;/script&gt;</p>',
  ],
  [
    'character references',
    '&lt;b&gt; &#1057; &amp;amp; &unknown; &nbsp;x',
    '<b> С &amp; &unknown; \u00a0x',
    '\\<b> С \\&amp; \\&unknown; \u00a0x',
    '<p>&lt;b&gt; С &amp;amp; &amp;unknown; \u00a0x</p>',
  ],
];

describe('toDialect', () => {
  it.each(cases)('writes %s', (_what, markdown, plain, back, html) => {
    expect(written(markdown, 'plain')).toBe(plain);
    expect(written(markdown, 'markdown')).toBe(back);
    expect(written(markdown, 'html')).toBe(html);
  });

  it.each<[Dialect, string]>([
    ['plain', 'A *b* <c>\ntext'],
    ['markdown', '**A \\*b\\* \\<c>**\n\ntext'],
    ['html', '<p><b>A *b* &lt;c&gt;</b></p><p>text</p>'],
  ])('puts an inline title above the text in %s', (dialect, expected) => {
    expect(written('text', dialect, 'A *b*\n<c>')).toBe(expected);
  });

  it('keeps a separate title apart, and makes it the text where there is none', () => {
    const rules: TextRules = { ...roomy, dialect: 'plain', title: 'separate' };
    expect(toDialect({ title: 'T\nt', markdown: 'x' }, rules)).toEqual({ title: 'T t', parts: ['x'] });
    expect(toDialect({ title: 'T', markdown: '' }, rules)).toEqual({ title: 'T', parts: ['T'] });
    expect(toDialect({ markdown: 'x' }, rules)).toEqual({ parts: ['x'] });
    expect(written('', 'plain', 'T')).toBe('T');
  });

  it('takes the same words on the short way as on the long one', () => {
    const piece = fc.constantFrom(
      'a',
      'Б',
      '1',
      ' ',
      '\n',
      '\n\n',
      '.',
      ')',
      '-',
      '+',
      ',',
      '!',
      '(',
      '"',
      ':',
      '/',
      '\t',
      'x ',
      '😀',
      '%',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const markdown = pieces.join('');
        expect(written(markdown, 'plain')).toBe(writePlain(parseMarkdown(markdown)));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the markdown dialect', () => {
  const text = fc
    .array(
      fc.constantFrom(
        'a',
        'b c',
        '*',
        '_',
        '`',
        '[',
        ']',
        '(',
        ')',
        '<',
        '>',
        '#',
        '1.',
        '- ',
        '\n',
        ' ',
        '|',
        '\\',
        '&lt;',
        '!',
        '~',
        'www.x.y',
        'é',
        '«',
      ),
      { minLength: 1, maxLength: 6 },
    )
    .map((pieces) => pieces.join(''))
    .filter((joined) => joined.trim() !== '');
  const leaf: fc.Arbitrary<Inline> = fc.oneof(
    text.map((value): Inline => ({ type: 'text', text: value })),
    text.map((value): Inline => ({ type: 'code', text: value })),
    text.map((value): Inline => ({
      type: 'link',
      href: 'https://x.example/a',
      inlines: [{ type: 'text', text: value }],
    })),
  );
  const inline: fc.Arbitrary<Inline> = fc.oneof(
    leaf,
    fc
      .tuple(fc.constantFrom('strong', 'emphasis', 'strike'), fc.array(leaf, { minLength: 1, maxLength: 3 }))
      .map(([type, inlines]) => ({ type, inlines }) as Inline),
  );
  const inlines = fc.array(inline, { minLength: 1, maxLength: 4 });
  const leafBlock: fc.Arbitrary<Block> = fc.oneof(
    inlines.map((nodes): Block => ({ type: 'paragraph', inlines: nodes })),
    inlines.map((nodes): Block => ({ type: 'heading', depth: 2, inlines: nodes })),
    text.map((value): Block => ({ type: 'code', text: value.replace(/^\n+|\n+$/g, '') })),
  );
  const block: fc.Arbitrary<Block> = fc.oneof(
    leafBlock,
    fc.array(leafBlock, { minLength: 1, maxLength: 2 }).map((blocks): Block => ({ type: 'quote', blocks })),
    fc
      .tuple(
        fc.option(fc.nat(20), { nil: undefined }),
        fc.array(fc.array(leafBlock, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 }),
      )
      .map(([start, items]): Block => ({ type: 'list', start, items })),
    fc
      .array(fc.tuple(inlines, inlines), { minLength: 2, maxLength: 3 })
      .map((rows): Block => ({ type: 'table', rows: rows.map((row) => [...row]) })),
  );

  it('reads back as what was written, word for word', () => {
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 3 }), (blocks) => {
        expect(writePlain(parseMarkdown(writeMarkdown(blocks)))).toBe(writePlain(blocks));
      }),
      { numRuns: 500 },
    );
  });
});
