import { describe, expect, it } from '@jest/globals';
import type { EventFacts, JsonValue } from '#contract';
import fc from 'fast-check';
import { toDialect } from './dialect.ts';
import { renderPlainEvent } from './plain-event.ts';

function eventWith(data: JsonValue, changes: Partial<EventFacts> = {}): EventFacts {
  return {
    id: 'evt_1',
    source: 'erp',
    type: 'stock.low',
    subject: 'sku/1',
    time: '2026-11-20T21:30:00Z',
    data,
    ...changes,
  };
}

function textOf(data: JsonValue, locale?: string, timeZone?: string): string {
  const message = renderPlainEvent(eventWith(data), locale, timeZone);
  return toDialect(message, {
    dialect: 'plain',
    title: 'separate',
    maxChars: 1e6,
    unit: 'utf16',
    overflow: 'cut',
  }).parts[0]!.replace(/\u202f/g, ' ');
}

describe('renderPlainEvent', () => {
  it('names type and subject in the title, the type alone where there is no subject', () => {
    expect(renderPlainEvent(eventWith({})).title).toBe('stock.low: sku/1');
    expect(renderPlainEvent(eventWith({}, { subject: undefined })).title).toBe('stock.low');
  });

  it('lists fields with dotted keys, then time and source', () => {
    const data = {
      sku: 'SKU_A*1',
      qty: 3,
      ok: true,
      none: null,
      at: { city: 'Москва', shelf: [1, 'b'] },
      items: [{ n: 1 }, { n: 2 }],
    };
    expect(textOf(data).replaceAll('\u202f', ' ')).toBe(
      [
        'sku: SKU_A*1',
        'qty: 3',
        'ok: true',
        'none: —',
        'at.city: Москва',
        'at.shelf: 1, b',
        'items.1.n: 1',
        'items.2.n: 2',
      ].join('\n') + '\n\nTime: Nov 20, 2026, 9:30 PM (UTC)\nSource: erp',
    );
  });

  it('speaks Russian and tells the time of the recipient', () => {
    const text = textOf({ qty: 3 }, 'ru-RU', 'Europe/Moscow').replaceAll('\u00a0', ' ').replaceAll('\u202f', ' ');
    expect(text).toBe('qty: 3\n\nВремя: 21 нояб. 2026 г., 00:30 (Europe/Moscow)\nИсточник: erp');
  });

  it('takes data that is no object as it is', () => {
    expect(textOf('just text')).toMatch(/^just text\n\nTime: /);
    expect(textOf({})).toMatch(/^Time: /);
  });

  it('cuts long values and counts the fields it leaves out', () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, 'x'.repeat(400)]));
    const lines = textOf(many).split('\n');
    expect(lines[0]).toBe('k0: ' + 'x'.repeat(300) + '…');
    expect(lines[40]).toBe('… and 10 more');
    expect(textOf(many, 'ru')).toContain('… и ещё 10');
  });

  it('adds the note at the end', () => {
    expect(renderPlainEvent(eventWith({}), 'ru', 'UTC', 'limit exceeded').markdown).toMatch(
      /Шаблон не удалось применить: limit exceeded$/,
    );
  });

  it('stays bounded and shows every key and value as it is', () => {
    const key = fc.string({
      unit: fc.constantFrom('a', '*', '_', '-', '#', '1', '.', 'Б'),
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.oneof(fc.string({ maxLength: 50 }), fc.integer()), {
          maxKeys: 10,
          noNullPrototype: true,
        }),
        (data) => {
          const text = textOf(data);
          for (const [name, value] of Object.entries(data)) {
            const shown = String(value).replaceAll('\0', '');
            expect(text).toContain(`${name}: ${shown}`.trim());
          }
          expect(text.length).toBeLessThan(20_000);
        },
      ),
    );
    const deep = JSON.parse('{"a":'.repeat(31) + '1' + '}'.repeat(31)) as JsonValue;
    expect(textOf(deep)).toContain('a.a.a.a');
    expect(textOf(Array.from({ length: 100_000 }, () => ({ a: 1 }))).length).toBeLessThan(2000);
  });
});
