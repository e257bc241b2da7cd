/**
 * Keeps values apart from markup. A value that lands in Markdown may hold anything, and how it must be escaped depends
 * on where it lands (a backslash does nothing inside code), which Liquid does not know. So every character of a value
 * that might mean something to Markdown is first swapped for a *mark*: one of the code points U+FDD0 to U+FDEF, which
 * Unicode sets aside for the inside of programs. To Markdown a mark is a letter like any other. Once the place is
 * known, marks turn into escapes (`resolveMarks`) or back into what they stand for (`unmark`).
 *
 * Of a value, CRLF and CR become LF, NUL is dropped, a lone surrogate becomes U+FFFD; all else arrives as it was, save
 * those code points themselves.
 */

const standing = '\\`*_[]<>#+-.!|~=:@&"\'() \t\n\u2028\u2029';
const firstMark = 0xfdd0;

/** Stands for a closing parenthesis that could end the number of a list item. */
const listParenthesis = 0xfded;
/** Stand for nothing: put before the first or after the last character of a value, they keep Markdown from seeing it. */
const guards = { before: '\uFDEE', after: '\uFDEF' } as const;

const markOf = new Map(
  [...standing].map((char, index) => [char.charCodeAt(0), String.fromCharCode(firstMark + index)]),
);
const charOf = new Map([...markOf].map(([code, mark]) => [mark, String.fromCharCode(code)]));
charOf.set(String.fromCharCode(listParenthesis), ')');
charOf.set(guards.before, '').set(guards.after, '');

const marksPattern = /[\uFDD0-\uFDEF]/g;
const edgePattern = /[\p{P}\p{S}\s]/u;
const untidy = /\r\n?|\0|\p{Surrogate}/gu;
const worthALook = /[\\`*_[\]<>#+\-.!|~=:@&"'()\s\0\uD800-\uDFFF]|^[^A-Za-z0-9]|[^A-Za-z0-9]$/;

/** What stands before a character on its line of the value. */
const lineState = { start: 0, digits: 1, words: 2 } as const;

/** Makes line ends LF, drops NUL and replaces lone surrogates by U+FFFD. */
export function tidy(text: string): string {
  return text.replace(untidy, (found) => (found === '\0' ? '' : found.startsWith('\r') ? '\n' : '\uFFFD'));
}

/** Tells whether a text holds marks. */
export function hasMarks(text: string): boolean {
  return text.search(marksPattern) >= 0;
}

/** Swaps every character of a value that Markdown could take for markup, wherever the value lands, for its mark. */
export function mark(value: string): string {
  if (!worthALook.test(value)) return value;
  const text = tidy(value);
  let out = '';
  let from = 0;
  let state: number = lineState.start;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const swap = markAt(text, at, state);
    if (swap !== undefined) {
      out += text.slice(from, at) + swap;
      from = at + 1;
    }
    state = nextState(state, code);
  }
  return guardEdges(out + text.slice(from));
}

/** What stands before the next character, given what stood before this one. */
export function nextState(state: number, code: number): number {
  if (code === 10) return lineState.start;
  if (state === lineState.words) return state;
  if (isDigit(code)) return lineState.digits;
  return isWordCode(code) ? lineState.words : state;
}

function markAt(text: string, at: number, state: number): string | undefined {
  const code = text.charCodeAt(at);
  if (code === 41 && endsListNumber(text, at, state)) return String.fromCharCode(listParenthesis);
  const swap = markOf.get(code);
  if (swap === undefined) return undefined;
  const isEdge = at === 0 || at === text.length - 1;
  if (isEdge || alwaysMarked.has(code)) return swap;
  return isMarkup(text, at, state) ? swap : undefined;
}

/** Characters that mean something in too many places; quotes and parentheses do so around the target of a link. */
const alwaysMarked = new Set([...'`*[]<>|"\'()\t\n\u2028\u2029'].map((char) => char.charCodeAt(0)));

/** Asks whether a character means something, by the code units beside it (-1 for none) and what its line began with. */
type Question = (before: number, after: number, state: number, text: string, at: number) => boolean;

const atLineStart: Question = (_before, _after, state) => state === lineState.start;

const questions: Readonly<Record<string, Question>> = {
  '+': atLineStart,
  '-': atLineStart,
  '=': atLineStart,
  '#': (before, _after, state) => state === lineState.start || !isAlnum(before),
  _: (before, after) => !(isAlnum(before) && isAlnum(after)),
  '.': (_before, _after, state, text, at) =>
    endsListNumber(text, at, state) || /^www$/i.test(text.slice(Math.max(0, at - 3), at)),
  ':': (before, after) => before === -1 || after === -1 || after === 47,
  '!': (_before, after) => after === -1 || after === 91,
  ' ': (before, after) => before === -1 || before === 10 || after === -1 || after === 10,
  // Inside the text of a link the lexer takes `\\](` for the end of that text.
  '(': (before) => before === 93,
  '@': (before, after) => before !== 32 && before !== 10 && (after === -1 || isAlnum(after)),
  '&': (_before, after) => after === -1 || after === 35 || isAlnum(after),
  '\\': (_before, after) => !isAlnum(after),
};

/**
 * Tells whether Markdown could take the character at `at` for markup, given what surrounds it and what its line began
 * with. The ends of the text count as anything at all.
 */
export function isMarkup(text: string, at: number, state: number): boolean {
  const before = at === 0 ? -1 : text.charCodeAt(at - 1);
  const after = at === text.length - 1 ? -1 : text.charCodeAt(at + 1);
  return questions[text[at]!]?.(before, after, state, text, at) ?? true;
}

/** Tells whether a dot or parenthesis could make a list item of the number before it. */
export function endsListNumber(text: string, at: number, state: number): boolean {
  return state <= lineState.digits && !isAlnum(at === text.length - 1 ? -1 : text.charCodeAt(at + 1));
}

/**
 * Shields punctuation at the edges of a value that has no mark of its own: beside the `**` of a template it would decide
 * whether that is emphasis. Also shields white space there, which Markdown would trim.
 */
function guardEdges(text: string): string {
  const first = String.fromCodePoint(text.codePointAt(0) ?? 97);
  const last = text.length > 1 && /[\uDC00-\uDFFF]/.test(text.at(-1)!) ? text.slice(-2) : text.slice(-1);
  const before = edgePattern.test(first) ? guards.before : '';
  const after = edgePattern.test(last) ? guards.after : '';
  return before + text + after;
}

/** Puts back what marks stand for. */
export function unmark(text: string): string {
  return hasMarks(text) ? text.replace(marksPattern, (found) => charOf.get(found) ?? found) : text;
}

const bare = new Set(['"', "'", '(', ')', '']);
const asEntity = new Set([' ', '\t', '\n', '\u2028', '\u2029']);

/** How a character is written so that Markdown reads it as itself: a backslash before it, or a character reference. */
export function escaped(char: string): string {
  return asEntity.has(char) ? `&#${char.charCodeAt(0)};` : '\\' + char;
}

const escapeOf = new Map([...charOf].map(([found, char]) => [found, bare.has(char) ? char : escaped(char)]));
escapeOf.set(String.fromCharCode(listParenthesis), '\\)');
const hasGuard = /[\uFDEE\uFDEF]/;
const guardedSpace = /\uFDEE(\s)|(\s)\uFDEF/g;

/**
 * Turns marks into Markdown escapes. Right only where backslashes and character references work and where nothing hangs
 * on quotes and parentheses: in running text, outside of code, links and HTML.
 */
export function resolveMarks(text: string): string {
  const spaced = hasGuard.test(text)
    ? text.replace(guardedSpace, (_, a?: string, b?: string) => reference(a ?? b!))
    : text;
  return spaced.replace(marksPattern, (found) => escapeOf.get(found) ?? found);
}

function reference(char: string): string {
  return `&#${char.codePointAt(0)!};`;
}

/**
 * What may need an escape somewhere in running text: markup, the beginnings of links, white space that would be trimmed or
 * changed, whatever can open a block at the start of a line, and what PostgreSQL or Unicode does not hold.
 */
const maybeMarkup =
  /[\\`*_[\]<>&~|@\0\r\n\t\u2028\u2029\uD800-\uDFFF\uFDD0-\uFDEF]|^[\s#+\-=\d]|\s$|\s\s|www\.|:\/\/|mailto:|xmpp:/i;

/** Writes any text so that Markdown reads it as just that text, wherever in running text it stands. */
export function escapeMarkdown(text: string): string {
  return maybeMarkup.test(text) ? resolveMarks(mark(text)) : text;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Tells whether a code unit is an ASCII letter or digit. */
function isAlnum(code: number): boolean {
  return isDigit(code) || ((code | 32) >= 97 && (code | 32) <= 122);
}

/** Anything outside ASCII counts as a word, save the spaces that Unicode adds. */
function isWordCode(code: number): boolean {
  return isAlnum(code) || (code > 127 && !/\s/.test(String.fromCharCode(code)));
}
