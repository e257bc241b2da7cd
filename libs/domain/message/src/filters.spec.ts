import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '#contract';
import { renderText } from './template.ts';
import { viewOf } from './view.ts';

function rendered(liquid: string, v: JsonValue, locale?: string, timeZone?: string): string {
  const event = { id: 'evt_1', source: 'erp', type: 'x', time: '2026-11-20T21:30:00Z', data: { v } };
  const text = renderText(liquid, viewOf(event, { recipient: { slug: 'a', displayName: 'A', locale, timeZone } }));
  return text.replace(/[\u00a0\u202f]/g, ' ');
}

describe('filters', () => {
  it.each<[string, JsonValue, string, string]>([
    ['{{ data.v | number }}', 1234567.5, 'ru', '1 234 567,5'],
    ['{{ data.v | number }}', 1234567.5, 'en', '1,234,567.5'],
    ['{{ data.v | number: 2 }}', '3', 'de', '3,00'],
    ['{{ data.v | number }}', 'three', 'en', 'three'],
    ['{{ data.v | number }}', null, 'en', ''],
    ['{{ data.v | number: 99 }}', 0.5, 'en', '0.50000000000000000000'],
    ['{{ data.v | money: "RUB" }}', 1234.5, 'ru', '1 234,50 ₽'],
    ['{{ data.v | money: "USD" }}', '1234.5', 'en', '$1,234.50'],
    ['{{ data.v | money: "bonus points" }}', 7, 'en', '7.00 bonus points'],
    ['{{ data.v | money }}', 7, 'en', '7.00'],
    ['{{ data.v | money: "RUB" }}', 'free', 'en', 'free'],
  ])('renders %s of %j in %s', (liquid, value, locale, expected) => {
    expect(rendered(liquid, value, locale)).toBe(expected);
  });

  it.each<[string, JsonValue, string]>([
    ['{{ time | date: "%d.%m.%Y %H:%M" }}', 0, '21.11.2026 00:30'],
    ['{{ time | date: "%H:%M", "Asia/Tokyo" }}', 0, '06:30'],
    ['{{ time | date: "%H:%M", "Nowhere" }}', 0, '21:30'],
    ['{{ data.v | date: "%Y" }}', 'soon', 'soon'],
    ['{{ "now" | date: "%Y" }}', 0, 'now'],
    ['{{ time | date }}', 0, '21 нояб. 2026 г., 00:30'],
  ])('renders %s of %j for Moscow as %s', (liquid, value, expected) => {
    expect(rendered(liquid, value, 'ru', 'Europe/Moscow')).toBe(expected);
  });

  it('keeps to the recipient when a template assigns the names of its place', () => {
    expect(rendered('{% assign locale = "en" %}{{ data.v | number }}', 1.5, 'ru')).toBe('1,5');
  });
});
