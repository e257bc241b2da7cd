/** The texts of one event: each message is rendered once for all who would read the same. */
import type { EventFacts, Message, Recipient } from '#contract';
import { renderPlainEvent, viewOf, type TemplateView } from '#domain/message';
import type { CompiledBook } from './book.ts';
import { wordsOf, type Notes } from './notes.ts';

/** Who reads a message: a recipient, or nobody in particular for a room. */
export interface Reader {
  slug: string;
  recipient: Recipient;
}

/** What Liquid sees of an event for a rule and, where there is one, its reader. */
export function viewFor(event: EventFacts, rule: string, reader?: Reader): TemplateView {
  if (!reader) return viewOf(event, { rule });
  const { displayName, locale, timeZone } = reader.recipient;
  return viewOf(event, { rule, recipient: { slug: reader.slug, displayName, locale, timeZone } });
}

/** Renders the messages of one event. */
export class Texts {
  private readonly rendered = new Map<string, Message>();
  private readonly book: CompiledBook;
  private readonly event: EventFacts;
  private readonly notes: Notes;

  constructor(book: CompiledBook, event: EventFacts, notes: Notes) {
    this.book = book;
    this.event = event;
    this.notes = notes;
  }

  /** Renders what a rule says to a reader; where its template fails, the plain text of the event, and a note. */
  message(rule: string, template: string | undefined, reader: Reader | undefined): Message {
    if (template === undefined) return this.plain(reader);
    const ready = this.book.templates.get(template);
    if (!ready) {
      this.notes.add(
        `Rule ${rule}: there is no working template ${template}, so the plain text of the event was sent.`,
      );
      return this.plain(reader);
    }
    const { locale, timeZone = this.book.timeZone } = reader?.recipient ?? {};
    const key = JSON.stringify([rule, template, locale, timeZone, ready.personal ? reader?.slug : null]);
    const known = this.rendered.get(key);
    if (known) return known;
    const message = this.try(rule, template, () =>
      ready.compiled.render(viewFor(this.event, rule, reader), locale, timeZone),
    );
    if (!message) return this.plain(reader);
    this.rendered.set(key, message);
    return message;
  }

  private try(rule: string, template: string, render: () => Message): Message | undefined {
    try {
      return render();
    } catch (error) {
      this.notes.add(
        `Rule ${rule}: the template ${template} failed (${wordsOf(error)}), so the plain text of the event was sent.`,
      );
      return undefined;
    }
  }

  private plain(reader: Reader | undefined): Message {
    const { locale, timeZone = this.book.timeZone } = reader?.recipient ?? {};
    const key = JSON.stringify([locale, timeZone]);
    const known = this.rendered.get(key);
    if (known) return known;
    const message = renderPlainEvent(this.event, locale, timeZone);
    this.rendered.set(key, message);
    return message;
  }
}
