import { describe, expect, it } from '@jest/globals';
import type { EventFacts, JsonValue } from '#contract';
import { readExpression, type WhenAnswer } from './expression.ts';
import { askWhen, checkWhen } from './when.ts';

const event: EventFacts = {
  id: '1',
  source: 'erp',
  type: 'warehouse.stock.low',
  time: '2026-11-20T23:30:00+03:00',
  correlationKey: 'stock/1',
  extensions: { tenant: 'a' },
  data: {
    qty: 3,
    minQty: 3.5,
    ten: 10,
    sku: '4711',
    tags: ['a', 'b'],
    items: [{ n: 1 }, { n: 2 }],
    none: null,
    type: 'inner',
    zero: 0,
  },
};

function ask(expression: string, given: Partial<EventFacts> = {}): WhenAnswer {
  const read = readExpression(expression);
  if (typeof read === 'string') throw new Error(`${expression} ${read}`);
  return askWhen(read, { ...event, ...given });
}

describe('when', () => {
  it.each([
    'data.qty < data.minQty',
    'data.qty < 10',
    'data.minQty < 10',
    'data.minQty > 3',
    'data.qty == 3',
    'data.qty == 3.0',
    'data.qty != 3.5',
    'data.qty + 1 == 4',
    '1 + data.qty == 4.0',
    'data.qty * 2 >= 6',
    'data.qty / 2 == 1.5',
    'data.ten % data.qty == 1',
    'data.ten % 3 == 1',
    'data.minQty - 1 < data.qty',
    '-data.qty < 0',
    '2 * 3 == 6.0',
    'data.qty in [1, 3]',
    'data.tags.size() < data.qty',
    'data.items.map(item, item.n * 2)[1] == 4',
    'data.items.exists(item, item.n > 1)',
    'data.items.all(item, item.n < data.qty)',
    '"a" in data.tags',
    'data.none == null',
    'subject == null',
    'correlationKey == "stock/1"',
    'extensions.tenant == "a"',
    'has(data.qty) && !has(data.other)',
    'data.other == 3 || data.qty == 3',
    'type == "warehouse.stock.low"',
    'type.startsWith("warehouse.") && source == "erp"',
    'data.type == "inner"',
    'type(data.sku) == string',
    'data.tags.exists(tag, type.contains("stock"))',
    'timestamp(time).getHours("Europe/Moscow") == 23',
    'data.sku.matches("^4[0-9]+$")',
    '(type).matches("stock") && "matches" != type',
  ])('holds: %s', (expression) => {
    expect(checkWhen(expression)).toEqual([]);
    expect(ask(expression)).toEqual({ holds: true });
  });

  it.each([
    'data.qty >= data.minQty',
    'data.sku == 4711',
    'data.qty == "3"',
    'subject == "x"',
    'data.sku.matches("^a")',
  ])('does not hold: %s', (expression) => expect(ask(expression)).toEqual({ holds: false }));

  it.each([
    ['data.other > 3', /No such key: other/],
    ['data.sku < 3', /no such overload/],
    ['subject.startsWith("a")', /no matching overload/],
    ['data.qty', /answered a value of type number/],
    ['data.none', /answered null/],
    ['data.qty.matches("a")', /'(dyn<)?double>?\.matches\(string\)'/],
    ['data.constructor == 1', /No such key: constructor/],
  ])('says why it cannot tell: %s', (expression, words) => {
    expect(checkWhen(expression)).toEqual([]);
    expect(ask(expression)).toEqual({ error: expect.stringMatching(words) });
  });

  it.each([
    ['data.qty <', /not a valid expression/],
    ['qty < 3', /Unknown variable: qty/],
    ['event_typo == "a"', /Unknown variable/],
    ['type + 1 == 2', /no such overload: string \+ int/],
    ['"text"', /answers a value of type string/],
    ['1 + 1', /type int/],
    ['data.a.unknownCall()', /overload|unknown/i],
    [`${'('.repeat(60)}true${')'.repeat(60)}`, /depth/i],
    [Array.from({ length: 300 }, () => 'true').join(' && '), /node|depth/i],
    ['data.a.all(a, data.a.all(b, data.a.all(c, a + b > c)))', /nested deeper than 2/],
    [Array.from({ length: 9 }, () => 'data.a.all(x, true)').join(' || '), /more than 8 loops/],
    ['type.matches(data.sku)', /quoted regular expression/],
    ['type.matches("(a+)+")', /must not repeat a group/],
    ['type.matches("(a|aa)*")', /must not repeat a group/],
    ['type.matches("((ab)?c){2,9}")', /must not repeat a group/],
    ['type.matches(".*a.*b.*")', /more than 2 times/],
    ['type.matches("a?b?c?d?")', /optional parts/],
    ['type.matches("(a)\\\\1")', /refer back/],
    ['type.matches("(?=a)b")', /look around/],
    ['type.matches("[")', /not a regular expression/],
    [`type.matches("${'a'.repeat(201)}")`, /longer than 200/],
  ])('is refused: %s', (expression, words) => {
    expect(checkWhen(expression, '/rule/when')).toEqual([
      { pointer: '/rule/when', detail: expect.stringMatching(words) },
    ]);
  });

  it('accepts harmless regular expressions', () => {
    for (const regex of ['^[A-Z]{2}-[0-9]+$', 'a.*?b', '(?:ab){2}', '[*+?(]', 'x{1', '(abc)+', 'a\\\\+b'])
      expect(checkWhen(`type.matches("${regex}")`)).toEqual(regex === 'x{1' ? [expect.anything()] : []);
  });

  it('stops loops that would take long, and says how long', () => {
    const numbers = Array.from({ length: 3_000 }, (_, index): JsonValue => index);
    expect(ask('data.a.all(x, data.a.exists(y, x == y))', { data: { a: numbers } })).toEqual({
      error: expect.stringMatching(/could take \d+ steps on this event, and 2000000 are allowed/),
    });
    expect(ask('data.a.all(x, data.a.exists(y, x == y))', { data: { a: numbers.slice(0, 100) } })).toEqual({
      holds: true,
    });
    expect(ask('data.a.all(x, x >= 0)', { data: { a: numbers } })).toEqual({ holds: true });
  });

  it('does not run a regular expression over a long text', () => {
    expect(ask('data.t.matches("a+b")', { data: { t: 'a'.repeat(100_000) } })).toEqual({
      error: expect.stringMatching(/at most 512/),
    });
  });

  it('takes little time on the worst expression that is allowed', () => {
    expect(ask('data.t.matches("a?a?a?.*a.*b")', { data: { t: 'a'.repeat(512) } })).toEqual({ holds: false });
  });
});
