import type { EventFacts, Fault, Message, Template } from '#contract';
import { checkLiquid, isLiquid, pointerBelow, renderLiquid, type Scope } from './liquid.ts';
import { placeOf, variantFor } from './locale.ts';
import { hasMarks, resolveMarks, unmark } from './marks.ts';
import { writeMarkdown } from './markdown.ts';
import { parseMarkdown } from './parse.ts';
import { renderPlainEvent } from './plain-event.ts';
import { singleLine } from './shorten.ts';
import { viewOf, type TemplateView } from './view.ts';

/** A template that is ready to render. */
export interface CompiledTemplate {
  /**
   * Renders for a locale and time zone; absent, they are those of the recipient, else `en` and `UTC`. Never throws on
   * account of the event: what fails on it all the same comes as the plain text of the event with a note.
   */
  render(view: TemplateView, locale?: string, timeZone?: string): Message;
}

type Texts = Pick<Template, 'title' | 'text'>;

const compiledTemplates = new WeakMap<Template, CompiledTemplate>();

/** Makes a template ready; asking again for the same object answers the same. */
export function compileTemplate(template: Template): CompiledTemplate {
  const found = compiledTemplates.get(template);
  if (found) return found;
  const variants = template.locales ?? {};
  const chosen = new Map<string, Texts>();
  const compiled: CompiledTemplate = {
    render(view, locale, timeZone) {
      const place = placeOf(locale ?? view.recipient?.locale, timeZone ?? view.recipient?.timeZone);
      let texts = chosen.get(place.locale);
      if (!texts) chosen.set(place.locale, (texts = choose(template, variants, place.locale)));
      return renderTexts(texts, { ...view, ...place });
    },
  };
  compiledTemplates.set(template, compiled);
  return compiled;
}

/** A variant without a title of its own has the title of the base. */
function choose(template: Template, variants: Readonly<Record<string, Texts>>, locale: string): Texts {
  const variant = variantFor(variants, locale);
  return variant ? { title: variant.title ?? template.title, text: variant.text } : template;
}

function renderTexts(texts: Texts, scope: Scope): Message {
  const text = renderLiquid(texts.text, scope, 'markdown');
  const title = texts.title === undefined ? undefined : renderLiquid(texts.title, scope, 'text');
  if (!text.ok) return renderPlainEvent(scope.event, scope.locale, scope.timeZone, text.detail);
  if (title && !title.ok) return renderPlainEvent(scope.event, scope.locale, scope.timeZone, title.detail);
  const line = title ? singleLine(title.text) : '';
  const markdown = settle(text.text);
  if (markdown.trim() === '' && line === '') return renderPlainEvent(scope.event, scope.locale, scope.timeZone);
  return line === '' ? { markdown } : { title: line, markdown };
}

/** Code, links and HTML need more than a backslash before a character; there the tree is read and written anew. */
const needsTree = /[`<\]]|~~~|^(?: {4}|\t)|[-+*.)] {5}|[*_~][\uFDD0-\uFDEF]|[\uFDD0-\uFDEF][*_~]/m;

/** Turns the marks of rendered Markdown into what their places ask for. */
function settle(marked: string): string {
  if (!hasMarks(marked)) return marked;
  return needsTree.test(marked) ? writeMarkdown(parseMarkdown(marked, unmark)) : resolveMarks(marked);
}

/**
 * Renders a Liquid text to plain text, with locale and time zone of the recipient. A text without Liquid comes back as
 * it is. A text that cannot be rendered for this event yields the empty string.
 */
export function renderText(liquid: string, view: TemplateView): string {
  if (!isLiquid(liquid)) return liquid;
  const rendered = renderLiquid(
    liquid,
    { ...view, ...placeOf(view.recipient?.locale, view.recipient?.timeZone) },
    'text',
  );
  return rendered.ok ? rendered.text : '';
}

/** The least event there can be: what fails on it fails on every event that lacks a field. */
const barestEvent: EventFacts = { id: 'evt', source: 'source', type: 'type', time: '2020-01-01T00:00:00Z', data: {} };

/** Checks every text of a template: its syntax, and by a trial whether it renders at all. */
export function checkTemplate(template: Template, pointer = ''): Fault[] {
  const variants = Object.entries(template.locales ?? {}).map(
    ([locale, texts]) => [texts, pointerBelow(pointer, 'locales', locale)] as const,
  );
  return [[template, pointer] as const, ...variants].flatMap(([texts, below]) => [
    ...(texts.title === undefined ? [] : checkText(texts.title, pointerBelow(below, 'title'))),
    ...checkText(texts.text, pointerBelow(below, 'text')),
  ]);
}

function checkText(text: string, pointer: string): Fault[] {
  const faults = checkLiquid(text, pointer);
  if (faults.length > 0) return faults;
  const trial = renderLiquid(text, { ...viewOf(barestEvent), ...placeOf(undefined, undefined) }, 'text');
  return trial.ok ? [] : [{ pointer, detail: trial.detail }];
}
