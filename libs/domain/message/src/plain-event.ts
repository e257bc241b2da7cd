import type { EventFacts, JsonValue, Message } from '#contract';
import { formatMoment, readMoment } from './dates.ts';
import { placeOf } from './locale.ts';
import { escapeMarkdown } from './marks.ts';
import { shortened, singleLine } from './shorten.ts';

const words = {
  en: {
    time: 'Time',
    source: 'Source',
    more: (count: number) => `… and ${count} more`,
    failed: 'The template could not be rendered',
  },
  ru: {
    time: 'Время',
    source: 'Источник',
    more: (count: number) => `… и ещё ${count}`,
    failed: 'Шаблон не удалось применить',
  },
};

/** Bounds of the text: lines of data, and characters of one key and one value. */
const most = { lines: 40, keyChars: 100, valueChars: 300, titleChars: 200 };

/** Fields beyond the bound are counted, but not for ever. */
const mostCounted = 1000;

/**
 * Renders an event as plain, readable text, for rules without a template: type and subject as the title, one line
 * `key: value` per field with dotted keys for nested ones, then time and source. Labels are Russian in a Russian
 * locale, else English. `note`, the reason why a template failed, is put at the end.
 */
export function renderPlainEvent(event: EventFacts, locale?: string, timeZone?: string, note?: string): Message {
  const place = placeOf(locale, timeZone);
  const label = /^ru\b/i.test(place.locale) ? words.ru : words.en;
  const fields: [string, string][] = [];
  const count = collect(event.data, '', fields, 0);
  const lines = fields.map(([key, value]) => (key === '' ? value : `${key}: ${value}`));
  if (count > fields.length) lines.push(label.more(count - fields.length));
  if (lines.length > 0) lines.push('');
  const moment = readMoment(event.time);
  const time = moment ? `${formatMoment(moment, 'medium', place)} (${place.timeZone})` : event.time;
  lines.push(`${label.time}: ${time}`, `${label.source}: ${event.source}`);
  if (note !== undefined) lines.push('', `${label.failed}: ${shortened(note, most.valueChars)}`);
  const title = shortened(event.subject ? `${event.type}: ${event.subject}` : event.type, most.titleChars);
  return { title: singleLine(title), markdown: lines.map(escapeMarkdown).join('\n') };
}

/** Gathers the fields of a value up to the bound, and answers how many there are. */
function collect(value: JsonValue, key: string, fields: [string, string][], count: number): number {
  if (count >= mostCounted) return count;
  if (isPlainList(value)) return add(key, value.map(String).join(', '), fields, count);
  if (value === null || typeof value !== 'object') return add(key, value === null ? '—' : String(value), fields, count);
  let sum = count;
  // A list of objects counts its entries from 1, as people do.
  for (const [name, inner] of Object.entries(value)) {
    const step = Array.isArray(value) ? String(Number(name) + 1) : name;
    sum = collect(inner, key === '' ? step : `${key}.${step}`, fields, sum);
  }
  return sum;
}

function isPlainList(value: JsonValue): value is (string | number | boolean)[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => item !== null && typeof item !== 'object');
}

function add(key: string, text: string, fields: [string, string][], count: number): number {
  if (fields.length < most.lines) fields.push([shortened(key, most.keyChars), shortened(text, most.valueChars)]);
  return count + 1;
}
