/** Tells the reader of a message that comes late when its event happened. */
import type { Message } from '#contract';
import { formatMoment, readMoment } from './dates.ts';
import { placeOf } from './locale.ts';
import { writeMarkdown } from './markdown.ts';
import { singleLine } from './shorten.ts';
import { textNode } from './tree.ts';

const words = {
  en: (time: string) => `Event of ${time}`,
  ru: (time: string) => `Событие от ${time}`,
};

/**
 * Writes one line of Markdown that says when an event happened, in the time zone of the reader, which stands beside it:
 * `_Event of Nov 20, 2026, 2:05 PM (Europe/Moscow)_`. Russian in a Russian locale, else English; the date as templates
 * write it. A time that is no ISO 8601 comes as it is.
 */
export function lateNote(time: string, reader: { locale?: string | undefined; timeZone?: string | undefined }): string {
  const place = placeOf(reader.locale, reader.timeZone);
  const say = /^ru\b/i.test(place.locale) ? words.ru : words.en;
  const moment = readMoment(time);
  const shown = moment ? `${formatMoment(moment, 'medium', place)} (${place.timeZone})` : time;
  return writeMarkdown([
    { type: 'paragraph', inlines: [{ type: 'emphasis', inlines: [textNode(singleLine(say(shown)))] }] },
  ]);
}

/** Puts a note in front of the text of a message, as a paragraph of its own; the title stays what it is. */
export function withLateNote(message: Message, note: string): Message {
  return { ...message, markdown: message.markdown.trim() === '' ? note : `${note}\n\n${message.markdown}` };
}
