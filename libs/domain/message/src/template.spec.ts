import { describe, expect, it } from '@jest/globals';
import type { EventFacts, JsonValue, Template, TextRules } from '#contract';
import fc from 'fast-check';
import { toDialect } from './dialect.ts';
import { tidy } from './marks.ts';
import { checkTemplate, compileTemplate, renderText } from './template.ts';
import { viewOf } from './view.ts';

const plain: TextRules = {
  dialect: 'plain',
  title: 'separate',
  maxChars: 1_000_000,
  unit: 'codePoints',
  overflow: 'cut',
};

function eventWith(data: JsonValue): EventFacts {
  return { id: 'evt_1', source: 'erp', type: 'stock.low', subject: 'sku/1', time: '2026-11-20T21:30:00Z', data };
}

function rendered(template: Template, data: JsonValue, locale?: string, timeZone?: string) {
  return compileTemplate(template).render(viewOf(eventWith(data)), locale, timeZone);
}

function plainOf(text: string, data: JsonValue): string {
  const { parts } = toDialect(rendered({ text }, data), plain);
  expect(parts).toHaveLength(1);
  return parts[0]!;
}

/** What a value is after the changes that are promised: line ends, NUL, lone surrogates. */
const arriving = tidy;

/** Strings that mean trouble: markup of all kinds, spaces, line ends, and anything of Unicode. */
const torture = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => text.replace(/[\uFDD0-\uFDEF]/g, '')),
  fc
    .array(
      fc.constantFrom(
        ...[
          '*',
          '**',
          '_',
          '__',
          '`',
          '```',
          '~~',
          '[',
          ']',
          '(',
          ')',
          '](',
          '<b>',
          '</b>',
          '<!--',
          '# ',
          '#',
          '- ',
          '+ ',
          '> ',
        ],
        ...[
          '1. ',
          '2) ',
          '---',
          '===',
          '    ',
          '\t',
          '\n',
          '\n\n',
          '\r\n',
          ' ',
          '  \n',
          '|',
          '|-|',
          '\\',
          '&amp;',
          '&#35;',
          '&',
        ],
        ...[
          'https://a.example/x',
          'www.a.example',
          'a@b.example',
          'http',
          ':',
          '//',
          '!',
          '![',
          '"',
          "'",
          '{{',
          '}}',
          '{%',
          '\0',
          '\u2028',
        ],
        ...[
          '\u00a0',
          'a',
          'SKU_A',
          '1',
          '.',
          '=',
          'Склад',
          '👩‍👩‍👧',
          '\ud83d',
          'é',
          '«',
          '…',
          '%',
          '$',
          '\uFEFF',
          '\u000b',
        ],
      ),
      { maxLength: 14 },
    )
    .map((pieces) => pieces.join('')),
);

/** Places where a value may stand in a template; what surrounds it in the plain dialect. */
const places: [where: string, text: string, before: string, after: string][] = [
  ['in a sentence', 'Item {{ data.v }} is low.', 'Item ', ' is low.'],
  ['alone', 'x\n\n{{ data.v }}\n\ny', 'x\n\n', '\n\ny'],
  ['at the start of a line', 'x\n{{ data.v }} y', 'x\n', ' y'],
  ['at the end of a line', 'x {{ data.v }}\ny', 'x ', '\ny'],
  ['between words', 'a{{ data.v }}b', 'a', 'b'],
  ['twice in a row', 'x {{ data.v }}{{ data.e }} y', 'x ', ' y'],
  ['in strong text', 'x **{{ data.v }}** y', 'x ', ' y'],
  ['in strong text with more', 'x **a {{ data.v }} b** y', 'x a ', ' b y'],
  ['in emphasis', 'x _a {{ data.v }} b_ y', 'x a ', ' b y'],
  ['in a heading', 'x\n\n# {{ data.v }} #\n\ny', 'x\n\n', '\n\ny'],
  ['in a link text', 'x [a {{ data.v }} b](https://a.example) y', 'x a ', ' b (https://a.example) y'],
  ['in code', 'x `a{{ data.v }}b` y', 'x a', 'b y'],
  ['in a code block', 'x\n\n```\na{{ data.v }}b\n```\n\ny', 'x\n\na', 'b\n\ny'],
  ['beside code', 'x `a` {{ data.v }} y', 'x a ', ' y'],
  ['inside HTML', 'x <b class="{{ data.v }}">', 'x <b class="', '">'],
  ['in a table', '| h |\n|---|\n| a {{ data.v }} b |', 'h\na ', ' b'],
  ['in a table beside code', '| h |\n|---|\n| `c` {{ data.v }} b |', 'h\nc ', ' b'],
  ['behind brackets', 'x [a]{{ data.v }} y', 'x [a]', ' y'],
  ['behind an exclamation mark', 'x !{{ data.v }}[a](https://a.example)', 'x !', 'a (https://a.example)'],
];

describe('a value on its way through Markdown into plain text', () => {
  it.each(places)('arrives as it was %s', (_where, text, before, after) => {
    fc.assert(
      fc.property(torture, (v) => {
        const value = arriving(v);
        if (value.trim() === '') return;
        expect(plainOf(text, { v, e: '' })).toBe(before + value + after);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    'SKU_A*1 <b>',
    '1. first',
    '- dash',
    '# hash',
    '> quote',
    '    indented',
    '---',
    '&amp; &lt;',
    'C:\\dir\\*.txt',
    'https://example.org/a_b_c?x=1&y=2',
    'mail me: anna@example.org',
    'www.example.org',
    'a  \nb',
    'one\n\ntwo',
    '| a | b |',
    '`code`',
    '[x](javascript:alert(1))',
  ])('keeps %j', (value) => {
    expect(plainOf('x\n\n{{ data.v }}\n\ny', { v: value })).toBe(`x\n\n${value}\n\ny`);
  });

  it('reads as one text node in the other dialects too', () => {
    const message = rendered(
      { text: 'a {{ data.v }} b' },
      { v: '**x** <script>alert(1)</script> [l](http://e.example)' },
    );
    const html = toDialect(message, { ...plain, dialect: 'html' }).parts[0];
    expect(html).toBe('<p>a **x** &lt;script&gt;alert(1)&lt;/script&gt; [l](http://e.example) b</p>');
  });

  it('leaves ordinary values legible in the Markdown that is stored', () => {
    const data = { a: 'MSK-1', b: 3.5, c: '2026-11-20T10:00:00Z', d: 'Hello, world. (Yes)', e: 'sku/4711' };
    expect(rendered({ text: '{{ data.a }} {{ data.b }} {{ data.c }} {{ data.d }} {{ data.e }}' }, data)).toEqual({
      markdown: 'MSK-1 3.5 2026-11-20T10:00:00Z Hello, world. (Yes) sku/4711',
    });
  });

  it('lets markup through where the template says raw', () => {
    expect(rendered({ text: '{{ data.v | raw }}' }, { v: '**x**' }).markdown).toBe('**x**');
  });

  it('keeps what a capture gathered', () => {
    expect(plainOf('{% capture c %}{{ data.v }}{% endcapture %}[{{ c }}]', { v: 'a*b_c' })).toBe('[a*b_c]');
  });

  it('escapes what echo and cycle write', () => {
    expect(plainOf('{% echo data.v %} {% cycle data.v, "b" %}', { v: '**x**' })).toBe('**x** **x**');
  });
});

describe('compileTemplate', () => {
  const template: Template = {
    title: 'Low stock: {{ data.sku }}',
    text: 'base',
    locales: { ru: { text: 'русский' }, 'pt-BR': { title: 'BR', text: 'brasil' } },
  };

  it.each([
    ['ru', 'русский'],
    ['ru-RU', 'русский'],
    ['RU', 'русский'],
    ['pt-br', 'brasil'],
    ['pt', 'base'],
    ['de', 'base'],
    [undefined, 'base'],
    ['not a locale', 'base'],
  ])('takes for locale %s the text %s', (locale, text) => {
    expect(rendered(template, {}, locale).markdown).toBe(text);
  });

  it('takes the title of the base where a variant has none', () => {
    expect(rendered(template, { sku: 'A_*1' }, 'ru').title).toBe('Low stock: A_*1');
    expect(rendered(template, { sku: '1' }, 'pt-BR').title).toBe('BR');
  });

  it('makes the title a single line and cuts a very long one', () => {
    expect(rendered({ title: ' a\n{{ data.v }} ', text: 'x' }, { v: 'b\r\nc' }).title).toBe('a b c');
    expect(rendered({ title: '{{ data.v }}', text: 'x' }, { v: '👩‍👩‍👧'.repeat(200) }).title).toMatch(/^(👩‍👩‍👧){30,}…$/u);
  });

  it('takes locale and time zone from the recipient', () => {
    const recipient = { slug: 'anna', displayName: 'Anna', locale: 'ru', timeZone: 'Asia/Tokyo' };
    const text =
      '{{ recipient.displayName }} {{ rule }} {{ event.id }} {{ time | date: "%d.%m.%Y %H:%M" }} {{ 1234.5 | number }}';
    const message = compileTemplate({ text }).render(viewOf(eventWith({}), { recipient, rule: 'low' }));
    expect(message.markdown).toBe('Anna low evt\\_1 21.11.2026 06:30 1\u00a0234,5'.replace('evt\\_1', 'evt_1'));
  });

  it('writes lists with commas, objects as JSON and nothing for what is absent', () => {
    expect(
      plainOf('{{ data.l }}|{{ data.o }}|{{ data.none }}|{{ data.t }}', { l: [1, 'b'], o: { a: 1 }, t: true }),
    ).toBe('1, b|{"a":1}||true');
  });

  it('falls back to the plain event with a note when a text fails on an event', () => {
    const message = rendered({ text: '{{ data.v | url_decode }}' }, { v: '%E0%A4%A' });
    expect(message.title).toBe('stock.low: sku/1');
    expect(message.markdown).toContain('The template could not be rendered');
  });

  it('falls back to the plain event when nothing at all comes out', () => {
    expect(rendered({ text: '{% if data.v %}x{% endif %}' }, {}).title).toBe('stock.low: sku/1');
  });

  it('answers the same for the same template', () => {
    expect(compileTemplate(template)).toBe(compileTemplate(template));
  });
});

describe('checkTemplate', () => {
  it.each([
    ['an unclosed output', '{{ data.v', /line:1, col:1/],
    ['an unknown filter', 'a\n{{ data.v | nope }}', /undefined filter: nope, line:2, col:1/],
    ['an unknown tag', '{% nope %}', /tag "nope" not found, line:1, col:1/],
    ['an unclosed block', '{% if data.v %}x', /not closed/],
    ['include', '{% include "x" %}', /tag "include" not found/],
    ['render', '{% render "x" %}', /tag "render" not found/],
    ['layout', '{% layout "x" %}', /tag "layout" not found/],
    ['a loop without end', '{% for i in (1..1000000000) %}x{% endfor %}', /limit exceeded/],
    ['chance', '{{ data.v | shuffle }}', /undefined filter: shuffle/],
  ])('refuses %s', (_what, text, detail) => {
    expect(checkTemplate({ text })).toEqual([{ pointer: '/text', detail: expect.stringMatching(detail) }]);
  });

  it('points at every text that is wrong', () => {
    const bad = '{{ x | nope }}';
    const faults = checkTemplate({ title: bad, text: bad, locales: { ru: { title: bad, text: bad } } }, '/template');
    expect(faults.map((fault) => fault.pointer)).toEqual([
      '/template/title',
      '/template/text',
      '/template/locales/ru/title',
      '/template/locales/ru/text',
    ]);
  });

  it('accepts what works', () => {
    expect(
      checkTemplate({
        title: 'a {{ data.b.c.d }}',
        text: '{% for i in data.items %}{{ i.x | money: "RUB" }}{% endfor %}',
      }),
    ).toEqual([]);
  });
});

describe('renderText', () => {
  it('returns a text without Liquid untouched', () => {
    expect(renderText('group:*_a_*', viewOf(eventWith({})))).toBe('group:*_a_*');
  });

  it('renders without any escaping', () => {
    const view = viewOf(eventWith({ v: '<a_b*c>' }));
    expect(renderText('recipient:{{ data.v }}/{{ subject }}', view)).toBe('recipient:<a_b*c>/sku/1');
  });

  it('yields nothing when the text cannot be rendered', () => {
    expect(renderText('{{ x | nope }}', viewOf(eventWith({})))).toBe('');
  });

  it('does not let a template reach prototypes', () => {
    expect(
      renderText('{{ data.constructor }}{{ data.__proto__ }}{{ type.constructor.name }}', viewOf(eventWith({}))),
    ).toBe('');
  });

  it('leaves the event as it was', () => {
    const event = eventWith({ n: 1 });
    renderText('{% increment n %}{% assign data = 5 %}{{ data }}{% increment data %}', viewOf(event));
    expect(event).toEqual(eventWith({ n: 1 }));
  });
});
