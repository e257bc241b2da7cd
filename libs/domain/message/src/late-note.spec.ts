import { describe, expect, it } from '@jest/globals';
import type { Dialect, TextRules } from '#contract';
import fc from 'fast-check';
import { toDialect } from './dialect.ts';
import { lateNote, withLateNote } from './late-note.ts';
import { parseMarkdown } from './parse.ts';
import { renderText } from './template.ts';
import { viewOf } from './view.ts';

const time = '2026-11-20T11:05:00Z';
const moscow = { locale: 'ru', timeZone: 'Europe/Moscow' };
const rules: TextRules = { dialect: 'plain', title: 'inline', maxChars: 4000, unit: 'utf16', overflow: 'split' };

describe('the note of a late message', () => {
  it.each([
    [moscow, '_Событие от 20 нояб. 2026 г., 14:05 (Europe/Moscow)_'],
    [{ locale: 'ru-RU' }, '_Событие от 20 нояб. 2026 г., 11:05 (UTC)_'],
    [{ locale: 'en', timeZone: 'America/New_York' }, '_Event of Nov 20, 2026, 6:05 AM (America/New_York)_'],
    [{ locale: 'de', timeZone: 'Europe/Berlin' }, '_Event of 20.11.2026, 12:05 (Europe/Berlin)_'],
    [{}, '_Event of Nov 20, 2026, 11:05 AM (UTC)_'],
    [{ locale: 'no locale', timeZone: 'Moon/Base' }, '_Event of Nov 20, 2026, 11:05 AM (UTC)_'],
  ])('says to %j when the event happened: %s', (reader, expected) => {
    expect(lateNote(time, reader).replace(/\s/g, ' ')).toBe(expected);
  });

  it('shows the date as a template shows it', () => {
    const event = { id: 'e', source: 's', type: 't', time, data: null };
    const recipient = { slug: 'anna', displayName: 'Anna', ...moscow };
    expect(lateNote(time, moscow)).toContain(renderText('{{ event.time | date }}', viewOf(event, { recipient })));
  });

  it('is one harmless line also for a time that cannot be read', () => {
    const note = lateNote('*soon*\n# [x](https://x.example) now', {});
    expect(note).not.toContain('\n');
    const text = 'Event of *soon* # [x](https://x.example) now';
    expect(parseMarkdown(note)).toEqual([
      { type: 'paragraph', inlines: [{ type: 'emphasis', inlines: [{ type: 'text', text }] }] },
    ]);
  });
});

describe('a message with a late note', () => {
  const note = lateNote(time, moscow);
  const words = note.slice(1, -1);

  it('has the note in front as a paragraph of its own, and keeps its title', () => {
    expect(withLateNote({ title: 'Склад', markdown: 'Пусто.' }, note)).toEqual({
      title: 'Склад',
      markdown: `${note}\n\nПусто.`,
    });
    expect(withLateNote({ title: 'Склад', markdown: ' ' }, note)).toEqual({ title: 'Склад', markdown: note });
  });

  it.each<[Dialect, string]>([
    ['plain', `Склад\n${words}\n\nПусто: 3`],
    ['markdown', `**Склад**\n\n${note}\n\nПусто: **3**`],
    ['html', `<p><b>Склад</b></p><p><i>${words}</i></p><p>Пусто: <b>3</b></p>`],
  ])('shows it in the %s dialect below the title', (dialect, expected) => {
    const message = withLateNote({ title: 'Склад', markdown: 'Пусто: **3**' }, note);
    expect(toDialect(message, { ...rules, dialect }).parts).toEqual([expected]);
  });

  it.each<Dialect>(['plain', 'markdown', 'html'])('says it once, in the first part of a split %s text', (dialect) => {
    const message = withLateNote({ markdown: 'Долгая история. '.repeat(60) }, note);
    const { parts } = toDialect(message, { ...rules, dialect, maxChars: 300 });
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.map((part) => part.includes(words))).toEqual(parts.map((_, index) => index === 0));
    for (const part of parts) expect(part.length).toBeLessThanOrEqual(300);
  });

  it('survives where a text is cut', () => {
    const message = withLateNote({ markdown: 'x'.repeat(500) }, note);
    const { parts } = toDialect(message, { ...rules, maxChars: 100, overflow: 'cut' });
    expect(parts[0]).toMatch(/^Событие от .*\(Europe\/Moscow\)\n\nx+…$/);
  });

  it('changes nothing about the text behind it, whatever that begins with', () => {
    const pieces = ['word', '\n', '\n\n', '===', '---', '# h', '- item', '> q', '```', '| a |', '    code', '_x_', '*'];
    const text = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (markdown) => {
        const [first, ...rest] = parseMarkdown(withLateNote({ markdown }, note).markdown);
        expect(first).toEqual(parseMarkdown(note)[0]);
        expect(rest).toEqual(parseMarkdown(markdown));
      }),
      { numRuns: 300 },
    );
  });
});
