import { describe, expect, it } from '@jest/globals';
import type { Dialect, TextRules } from '#contract';
import fc from 'fast-check';
import { toDialect } from './dialect.ts';
import { maxParts, sizeOf } from './fit.ts';

const dialects: Dialect[] = ['plain', 'markdown', 'html'];
const units: TextRules['unit'][] = ['codePoints', 'utf16', 'utf8Bytes'];
const family = '👩‍👩‍👧';

function rulesOf(changes: Partial<TextRules>): TextRules {
  return { dialect: 'plain', title: 'inline', maxChars: 20, unit: 'codePoints', overflow: 'cut', ...changes };
}

function partsOf(markdown: string, changes: Partial<TextRules>): string[] {
  return toDialect({ markdown }, rulesOf(changes)).parts;
}

const markdownText = fc
  .array(
    fc.constantFrom(
      ...[
        'word ',
        'слово ',
        'long'.repeat(12),
        '**bold text here** ',
        '_emphasis_ ',
        '`some code` ',
        '[link](https://x.example/a) ',
      ],
      ...[
        '\n',
        '\n\n',
        '- item one\n- item two\n',
        '1. first\n2. second\n',
        '> quote\n\n',
        '```\ncode\nmore code\n```\n',
        family,
        '😀',
        'é̂',
      ],
      ...[
        '| a | b |\n|--|--|\n| 1 | 2 |\n| 3 | 4 |\n\n',
        '# Heading\n',
        '<b>',
        '&amp;',
        '[l](https://x.example/' + 'a'.repeat(60) + ')',
      ],
    ),
    { minLength: 1, maxLength: 25 },
  )
  .map((pieces) => pieces.join(''));

const anyRules = fc.record({
  dialect: fc.constantFrom(...dialects),
  unit: fc.constantFrom(...units),
  maxChars: fc.integer({ min: 40, max: 300 }),
});

/** Whether every tag is closed in order and no reference or tag is cut off. */
function isWhole(html: string): boolean {
  const open: string[] = [];
  for (const [, slash, name] of html.matchAll(/<(\/?)([a-z]+)[^<>]*>/g)) {
    if (name === 'br') continue;
    if (slash !== '/') open.push(name!);
    else if (open.pop() !== name) return false;
  }
  const bare = html.replace(/<[^<>]*>/g, '').replace(/&(?:amp|lt|gt|quot|#39);/g, '');
  return open.length === 0 && !/[<>&]/.test(bare);
}

describe('size', () => {
  it.each<[TextRules['unit'], number]>([
    ['codePoints', 6],
    ['utf16', 9],
    ['utf8Bytes', 20],
  ])('is counted in %s', (unit, size) => {
    expect(sizeOf('Я' + family, unit)).toBe(size);
    expect(sizeOf('', unit)).toBe(0);
  });
});

describe('a text at its limit', () => {
  it.each([
    ['codePoints', '😀', 20],
    ['utf16', '😀', 10],
    ['utf8Bytes', '😀', 5],
    ['utf8Bytes', 'я', 10],
  ] as const)('is whole at the limit and cut one above it, in %s of %s', (unit, char, count) => {
    expect(partsOf(char.repeat(count), { unit })).toEqual([char.repeat(count)]);
    const [cut] = partsOf(char.repeat(count + 1), { unit });
    expect(cut).toMatch(new RegExp(`^(${char})+…$`, 'u'));
    expect(sizeOf(cut!, unit)).toBeLessThanOrEqual(20);
    expect(sizeOf(cut! + char, unit)).toBeGreaterThan(20);
  });

  it('is never cut inside a grapheme cluster', () => {
    expect(partsOf(family.repeat(9), { maxChars: 18 })).toEqual([family.repeat(3) + '…']);
    expect(partsOf('e\u0301'.repeat(20), { maxChars: 10 })).toEqual(['e\u0301'.repeat(4) + '…']);
  });

  it('is cut between words where one ends nearby', () => {
    expect(partsOf('one two three four five', {})).toEqual(['one two three four…']);
  });

  it('keeps its markup closed when cut', () => {
    expect(partsOf('**one two three four five six seven**', { dialect: 'html', maxChars: 40 })).toEqual([
      '<p><b>one two three four five</b>…</p>',
    ]);
    expect(partsOf('**one two three four five six seven**', { dialect: 'markdown', maxChars: 30 })).toEqual([
      '**one two three four five**…',
    ]);
  });
});

describe('overflow split', () => {
  const split = { overflow: 'split' } as const;

  it('leaves a text that fits without a mark', () => {
    expect(partsOf('twenty characters!!!', split)).toEqual(['twenty characters!!!']);
  });

  it('prefers paragraphs, then lines, then words', () => {
    expect(partsOf('first part here\n\nsecond part', { ...split, maxChars: 22 })).toEqual([
      'first part here 1/2',
      'second part 2/2',
    ]);
    expect(partsOf('first line here\nsecond line', { ...split, maxChars: 22 })).toEqual([
      'first line here 1/2',
      'second line 2/2',
    ]);
    expect(partsOf('alpha beta gamma delta epsilon', split)).toEqual(['alpha beta gamma 1/2', 'delta epsilon 2/2']);
  });

  it('goes on with a numbered list where it stopped', () => {
    const parts = partsOf('1. one\n2. two\n3. three\n4. four', { ...split, maxChars: 24, dialect: 'markdown' });
    expect(parts).toEqual(['1. one\n2. two 1/2', '3. three\n4. four 2/2']);
  });

  it('closes and reopens a code block', () => {
    const parts = partsOf('```\nline one\nline two\nline three\n```', { ...split, maxChars: 32, dialect: 'markdown' });
    expect(parts).toEqual(['```\nline one\nline two 1/2\n```', '```\nline three 2/2\n```']);
  });

  it('makes room for wider marks when there are ten parts or more', () => {
    const parts = partsOf('abcdefghij '.repeat(14).trim(), { ...split, maxChars: 18 });
    expect(parts).toHaveLength(14);
    expect(parts[0]).toBe('abcdefghij 1/14');
    expect(parts[13]).toBe('abcdefghij 14/14');
  });

  it('stops after a hundred parts with an ellipsis', () => {
    const parts = partsOf('word '.repeat(2000), split);
    expect(parts).toHaveLength(maxParts);
    expect(parts.at(-1)).toMatch(/… 100\/100$/);
    expect(parts.every((part) => sizeOf(part, 'codePoints') <= 20)).toBe(true);
  });

  it('loses nothing but white space and the marks in plain text', () => {
    fc.assert(
      fc.property(
        markdownText,
        fc.integer({ min: 30, max: 200 }),
        fc.constantFrom(...units),
        (markdown, maxChars, unit) => {
          const bare = (text: string) => text.replace(/\s+|^> /gm, '').replaceAll('>', '');
          const whole = partsOf(markdown, { maxChars: 1e6 })[0]!;
          const parts = partsOf(markdown, { ...split, maxChars, unit });
          if (parts.length === maxParts) return;
          const texts =
            parts.length === 1
              ? parts
              : parts.map((part, index) => {
                  const mark = ` ${index + 1}/${parts.length}`;
                  expect(part.endsWith(mark) || part.endsWith(mark.trim())).toBe(true);
                  return part.slice(0, part.lastIndexOf(mark.trim()));
                });
          expect(bare(texts.join(''))).toBe(bare(whole));
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('every part', () => {
  it.each(['cut', 'split'] as const)('stays within the limit in every dialect and unit with %s', (overflow) => {
    fc.assert(
      fc.property(
        markdownText,
        fc.option(fc.constantFrom('Title', 'Заголовок '.repeat(10)), { nil: undefined }),
        anyRules,
        (markdown, title, rules) => {
          const message = title === undefined ? { markdown } : { title, markdown };
          for (const part of toDialect(message, rulesOf({ ...rules, overflow })).parts) {
            expect(sizeOf(part, rules.unit)).toBeLessThanOrEqual(rules.maxChars);
            expect(part).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/);
            if (rules.dialect === 'html') expect(isWhole(part)).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('holds arbitrary text within a tiny limit, whatever it takes', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 60 }),
        fc.constantFrom(...units),
        fc.constantFrom(...dialects),
        (markdown, unit, dialect) => {
          for (const overflow of ['cut', 'split'] as const) {
            for (const part of partsOf(markdown, { maxChars: 24, unit, dialect, overflow })) {
              expect(sizeOf(part, unit)).toBeLessThanOrEqual(24);
            }
          }
        },
      ),
    );
  });
});
