/**
 * Liquid, narrowed to what a template needs: no files, no other templates, no clock, no chance, bounded in time and
 * memory. Two engines of the same language: one writes plain text, one writes Markdown in which values are marked.
 */
import { toPointer, type Fault } from '#contract';
import { Liquid, LiquidError, type Template } from 'liquidjs';
import { addFilters } from './filters.ts';
import { kept, type Place } from './locale.ts';
import { mark } from './marks.ts';
import type { TemplateView } from './view.ts';

/** What a text renders over: the view and the place. */
export type Scope = TemplateView & Place;

/** A text that came out, or why none did. */
type Rendered = { ok: true; text: string } | { ok: false; detail: string };

/** Bounds on one text: characters of its source, milliseconds and objects of one rendering. */
const bounds = { parseLimit: 200_000, renderLimit: 500, memoryLimit: 2_000_000 };

/** They reach for other templates, or write HTML. */
const removedTags = ['include', 'render', 'layout', 'block', 'tablerow'];

/** They depend on chance or a clock, or parse an expression only when they run, when it is too late to refuse it. */
const removedFilters = [
  ...['sample', 'shuffle'],
  ...['date_to_xmlschema', 'date_to_rfc822', 'date_to_string', 'date_to_long_string'],
  ...['where_exp', 'reject_exp', 'group_by_exp', 'has_exp', 'find_exp', 'find_index_exp'],
];

function makeEngine(write: (value: unknown) => string): Liquid {
  const engine = new Liquid({
    ...bounds,
    strictFilters: true,
    ownPropertyOnly: true,
    templates: {},
    outputEscape: write,
  });
  for (const name of removedTags) delete engine.tags[name];
  for (const name of removedFilters) delete engine.filters[name];
  addFilters(engine);
  return engine;
}

/** Writes a value as a person would: lists with commas, objects as JSON, nothing for what is not there. */
function writeValue(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(writeValue).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const engines = {
  text: makeEngine(writeValue),
  markdown: makeEngine((value) => mark(writeValue(value))),
};

/** What a text yields: bare text, or Markdown with marked values. */
type Yield = keyof typeof engines;

type Parsed = { ok: true; templates: Template[] } | { ok: false; detail: string };

const parsedTexts = { text: new Map<string, Parsed>(), markdown: new Map<string, Parsed>() };

/** Most parsed texts that are kept of each kind. */
const keptTexts = 2000;

function parse(liquid: string, kind: Yield): Parsed {
  return kept(parsedTexts[kind], liquid, () => parseAnew(liquid, kind), keptTexts);
}

function parseAnew(liquid: string, kind: Yield): Parsed {
  try {
    return { ok: true, templates: engines[kind].parse(liquid) };
  } catch (error) {
    return { ok: false, detail: refusalOf(error) };
  }
}

/** The engine's own words, which end in `line:1, col:4`. What is no complaint about the text is a bug and goes on. */
function refusalOf(error: unknown): string {
  if (LiquidError.is(error)) return (error as LiquidError).message;
  throw error;
}

/** Tells whether a text has any Liquid in it. */
export function isLiquid(text: string): boolean {
  return text.includes('{{') || text.includes('{%');
}

/** Renders a text; parsing is done once per text. Never throws on account of the text or the event. */
export function renderLiquid(liquid: string, scope: Scope, kind: Yield): Rendered {
  if (!isLiquid(liquid)) return { ok: true, text: liquid };
  const parsed = parse(liquid, kind);
  if (!parsed.ok) return parsed;
  try {
    // The scope is copied because `{% increment %}` writes to it.
    return { ok: true, text: engines[kind].renderSync(parsed.templates, { ...scope }) as string };
  } catch (error) {
    return { ok: false, detail: refusalOf(error) };
  }
}

/** Checks the syntax of a Liquid text; faults carry the pointer given, and line and column in the detail. */
export function checkLiquid(text: string, pointer: string): Fault[] {
  if (!isLiquid(text)) return [];
  const parsed = parse(text, 'text');
  return parsed.ok ? [] : [{ pointer, detail: parsed.detail }];
}

/** The pointer of a field below another. */
export function pointerBelow(pointer: string, ...path: string[]): string {
  return pointer + toPointer(path);
}
