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
    price: '1000.10',
    city: 'Москва',
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
    'weekday(time, "Europe/Moscow") == "fri" && weekday(time, "Asia/Tokyo") == "sat"',
    'clock(time, "Europe/Moscow") == "23:30" && clock(time, "Asia/Kolkata") == "02:00"',
    'clock(time, "UTC") >= "20:00" || clock(time, "UTC") < "07:00"',
    'calendarDate(time, "Europe/Moscow") == "2026-11-20" && calendarDate(time, "Asia/Tokyo") == "2026-11-21"',
    'weekday(time, "Europe/Moscow") in ["sat", "sun"] || clock("2026-11-20T00:00:00Z", "UTC") == "00:00"',
    'decimal(data.price) >= decimal("1000.10")',
    'decimal("0.1") + decimal("0.2") == decimal("0.3")',
    'decimal("1.10") == decimal(1.1) && decimal("1.10") != decimal("1.11")',
    'decimal("12345678901234567890.01") > decimal("12345678901234567890.00")',
    'decimal("1,5") * decimal("-2") == decimal(-3) && decimal("2") - decimal("0.5") < decimal(data.qty)',
    'data.city.lower() == "москва" && data.city.upper().startsWith("МОСК")',
    'data.items.map(item, item.n).sum() == 3 && [4, 2.5].least() == 2.5 && data.items.map(item, item.n).greatest() == 2',
    '["a", "b", "a"].distinct().size() == 2',
    'data.tags.join("+") == "a+b" && "a,b".split(",").size() == 2',
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
    ['decimal(data.sku + "x") > decimal(1)', /cannot read "4711x" as a decimal number/],
    ['decimal(data.tags) > decimal(1)', /takes a number or a text/],
    ['decimal("1e5") > decimal(1)', /cannot read "1e5"/],
    ['data.tags.sum() > 1', /other than numbers/],
    ['data.tags.filter(tag, false).map(tag, 1).least() > 1', /list is empty/],
    ['clock(data.sku + "x", "UTC") > "1"', /no moment in ISO 8601/],
    ['weekday(time, data.city) == "mon"', /time zone/i],
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
    ['type.matches("(a)\\\\1")', /not a regular expression of RE2/],
    ['type.matches("(?=a)b")', /not a regular expression of RE2/],
    ['type.matches("a{900}b{900}")', /has 1802 parts, and 1000 are allowed/],
    ['type.matches("[")', /missing closing/],
    ['weekday(time, "Moscow") == "mon"', /"Moscow", which is no time zone; write one such as Europe\/Moscow/],
    ['decimal(data.price) > 3.5', /overload/],
    ['data.a.all(a, data.a.all(b, data.a.sum() > b))', /nested deeper than 2/],
    [`type.matches("${'a'.repeat(201)}")`, /longer than 200/],
  ])('is refused: %s', (expression, words) => {
    expect(checkWhen(expression, '/rule/when')).toEqual([
      { pointer: '/rule/when', detail: expect.stringMatching(words) },
    ]);
  });

  it('matches by RE2: parts of texts, letters of any alphabet, without regard to case', () => {
    const regexes = ['^\\\\p{Lu}\\\\p{L}+$', '(?i)МОСКВА', 'о(с|ск)+в', '^.{6}$'];
    for (const regex of regexes) expect(ask(`data.city.matches("${regex}")`)).toEqual({ holds: true });
    expect(ask('data.city.matches("^москва$")')).toEqual({ holds: false });
  });

  it('stops loops that would take long, and says how long', () => {
    const numbers = Array.from({ length: 3_000 }, (_, index): JsonValue => index);
    expect(ask('data.a.all(x, data.a.exists(y, x == y))', { data: { a: numbers } })).toEqual({
      error: expect.stringMatching(/it could take \d+ steps on this event, and 2000000 are allowed/),
    });
    expect(ask('data.a.all(x, data.a.exists(y, x == y))', { data: { a: numbers.slice(0, 100) } })).toEqual({
      holds: true,
    });
    expect(ask('data.a.all(x, x >= 0)', { data: { a: numbers } })).toEqual({ holds: true });
    const chain = 'data.a.filter(x, x > 5).map(x, x + 1).filter(x, x < 9).sum() == 15';
    expect(ask(chain, { data: { a: numbers } })).toEqual({ holds: true });
  });

  it('reckons with the length of texts, so that reading a long one over and over is stopped', () => {
    const data = { t: 'a'.repeat(128_000), many: Array.from({ length: 60_000 }, () => 1) };
    const stopped = { error: expect.stringMatching(/it could take \d+ steps/) };
    expect(ask('data.many.all(x, data.t.lower() != "b")', { data })).toEqual(stopped);
    const long = Array.from({ length: 70 }, () => 'data.t').join(' + ');
    expect(ask(`(${long}).lower().contains("b") || (${long}).upper() == "B"`, { data })).toEqual(stopped);
    expect(ask('data.t.lower().contains("b")', { data })).toEqual({ holds: false });
  });

  it('is done soon with expressions that keep other engines busy for hours', () => {
    const data = { t: 'a'.repeat(100_000) };
    for (const regex of ['a?a?a?.*a.*b', '(a+)+b', '(a|aa)*b', '(a*)*b'])
      expect(ask(`data.t.matches("${regex}")`, { data })).toEqual({ holds: false });
  });
});
