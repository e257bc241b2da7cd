/**
 * Regular expressions for `matches`, by a port of RE2 as CEL wants it: the time follows the length of the text and the size
 * of the expression. JavaScript's own engine goes back and tries again, and some expressions keep it busy for hours.
 */
import { RE2JS } from 're2js';
import { whenBounds } from './bounds.ts';

/** An expression that was read, and how large it is: what one character of a text may cost. */
export interface Regex {
  test(text: string): boolean;
  size: number;
}

/** Reads an expression; answers a sentence of refusal when it cannot be used. */
export function readRegex(source: string): Regex | string {
  if (source.length > whenBounds.regexChars)
    return `is longer than ${whenBounds.regexChars} characters, the most that a regular expression may have`;
  const compiled = compile(source);
  if (typeof compiled === 'string') return compiled;
  const size = compiled.programSize();
  if (size > whenBounds.regexSize)
    return `is too large: with its repetitions written out it has ${size} parts, and ${whenBounds.regexSize} are allowed`;
  return { size, test: (text) => compiled.matcher(text).find() };
}

function compile(source: string): RE2JS | string {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    const words = (error as Error).message.replace('error parsing regexp: ', '');
    return `is not a regular expression of RE2 (https://github.com/google/re2/wiki/Syntax): ${words}`;
  }
}

/** Expressions are quoted in rules, so there are as many as rules say; the bound is for the rules of long ago. */
const read = new Map<string, Regex>();
const mostKept = 10_000;

/** Tells whether a text contains what the expression describes. Throws when it cannot be used. */
export function regexMatches(text: string, source: string): boolean {
  let regex = read.get(source);
  if (!regex) {
    const made = readRegex(source);
    if (typeof made === 'string') throw new Error(`The regular expression ${made}.`);
    if (read.size >= mostKept) read.clear();
    read.set(source, (regex = made));
  }
  return regex.test(text);
}
