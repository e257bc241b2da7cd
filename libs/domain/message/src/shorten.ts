import { tidy } from './marks.ts';

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** How far around a place clusters are looked for, in UTF-16 units; longer ones are no writing. */
const reach = 200;

/** Answers the start of the grapheme cluster at a place, so that a cut there tears nothing apart. */
export function graphemeFloor(text: string, at: number): number {
  if (at >= text.length) return text.length;
  let from = Math.max(0, at - reach);
  if (from > 0 && isPair(text, from - 1)) from--;
  const start = segmenter.segment(text.slice(from, at + reach)).containing(at - from)?.index ?? 0;
  if (start > 0 || from === 0) return from + start;
  return isPair(text, at - 1) ? at - 1 : at;
}

/** Tells whether a surrogate pair begins at a place. */
export function isPair(text: string, at: number): boolean {
  const high = text.charCodeAt(at);
  const low = text.charCodeAt(at + 1);
  return high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000;
}

/** Cuts a text between graphemes to at most so many UTF-16 units, plus an ellipsis where it was cut. */
export function shortened(text: string, units: number): string {
  return text.length <= units ? text : text.slice(0, graphemeFloor(text, units)).trimEnd() + '…';
}

/** Longest title that is passed on, in UTF-16 units. */
const titleUnits = 300;

/** Brings a title to one line of bounded length. */
export function singleLine(text: string): string {
  return shortened(tidy(text).replace(/\s+/g, ' ').trim(), titleUnits);
}
