/** A small warehouse, so that the first event of a newcomer arrives somewhere. */
import { backend, group, recipient, rule, template, type JsonValue } from '#contract';
import type { Definitions, Noun } from '#platform/store';

const actor = 'demo';

/** In the order in which they refer to each other. */
const demo: [noun: Noun, slug: string, body: unknown][] = [
  ['backend', 'inbox', backend.parse({ type: 'inbox', settings: {} })],
  [
    'recipient',
    'anna',
    recipient.parse({
      displayName: 'Анна Смирнова',
      locale: 'ru',
      timeZone: 'Europe/Moscow',
      addresses: [{ backend: 'inbox', to: 'anna' }],
      groups: ['storekeepers'],
    }),
  ],
  [
    'recipient',
    'boris',
    recipient.parse({
      displayName: 'Boris Novak',
      locale: 'en',
      timeZone: 'Europe/Prague',
      addresses: [{ backend: 'inbox', to: 'boris' }],
      groups: ['shift-leads'],
    }),
  ],
  ['group', 'storekeepers', group.parse({ displayName: 'Storekeepers' })],
  ['group', 'shift-leads', group.parse({ displayName: 'Shift leads' })],
  [
    'template',
    'stock-low',
    template.parse({
      title: 'Low stock: {{ data.name | default: data.sku }}',
      text: 'Only **{{ data.qty }}** of {{ data.name | default: data.sku }} left in {{ data.warehouse }} (wanted: {{ data.minQty }}).\n\n{{ time | date: "%d %b %Y, %H:%M" }}',
      locales: {
        ru: {
          title: 'Мало на складе: {{ data.name | default: data.sku }}',
          text: 'На складе {{ data.warehouse }} осталось **{{ data.qty }}** (нужно {{ data.minQty }}): {{ data.name | default: data.sku }}.\n\n{{ time | date: "%d.%m.%Y %H:%M" }}',
        },
      },
    }),
  ],
  [
    'rule',
    'stock-low',
    rule.parse({
      description: 'Storekeepers hear when less than ten are left.',
      match: { type: ['warehouse.stock.low'], data: { qty: [{ numeric: ['<', 10] }] } },
      notify: [{ to: ['group:storekeepers'], template: 'stock-low' }],
      correlate: 'stock/{{ data.warehouse }}/{{ data.sku }}',
    }),
  ],
  [
    'rule',
    'order-blocked',
    rule.parse({
      description: 'Shift leads hear of blocked orders, in the plain text that a rule without a template makes.',
      match: { type: [{ prefix: 'order.' }], data: { status: ['blocked'] } },
      notify: [{ to: ['group:shift-leads'] }],
    }),
  ],
];

/** Puts the example into an empty rule book; leaves any other alone. */
export async function seedDemo(definitions: Definitions): Promise<void> {
  const book = await definitions.loadBook();
  if ([book.rules, book.recipients, book.groups, book.backends, book.templates].some((part) => part.size > 0)) return;
  for (const [noun, slug, body] of demo) await definitions.put(noun, slug, body as JsonValue, actor);
}
