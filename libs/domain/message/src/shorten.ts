import { tidy } from './marks.ts';

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Cuts a text between graphemes to at most so many UTF-16 units, plus an ellipsis where it was cut. */
export function shortened(text: string, units: number): string {
  if (text.length <= units) return text;
  const start = text.slice(0, units);
  // The last cluster may go on behind the cut, so it goes.
  const last = segmenter.segment(start).containing(units - 1);
  return start.slice(0, last?.index ?? 0).trimEnd() + '…';
}

/** Longest title that is passed on, in UTF-16 units. */
const titleUnits = 300;

/** Brings a title to one line of bounded length. */
export function singleLine(text: string): string {
  return shortened(tidy(text).replace(/\s+/g, ' ').trim(), titleUnits);
}
