/** Text comparison without regard to case, and wildcards: both in time that follows the length of the value. */

/** One character of a text compared without regard to case: the two spellings that are accepted. */
type Spellings = readonly [lower: string, upper: string];

/** A text that is compared without regard to case. */
export interface CaselessText {
  spellings: readonly Spellings[];
  /** What `caselessKey` answers for every accepted text; `undefined` where case changes the number of characters. */
  key: string | undefined;
}

/** Folds a value so that texts which differ in case only get the same key. */
export function caselessKey(value: string): string {
  const lower = value.toLowerCase();
  return lower.includes('ς') ? lower.replaceAll('ς', 'σ') : lower;
}

/** Prepares a text: as in Event Ruler each character accepts its lower and its upper case, so `ß` accepts `SS` as well. */
export function caseless(text: string): CaselessText {
  const spellings = Array.from(text, (char): Spellings => [char.toLowerCase(), char.toUpperCase()]);
  const plain = spellings.every(
    ([lower, upper]) => lower.length === upper.length && caselessKey(lower) === caselessKey(upper),
  );
  return { spellings, key: plain ? caselessKey(text) : undefined };
}

/** Answers where the text ends inside `value` when it stands at `from`, or -1 when it does not stand there. */
function endOf(text: CaselessText, value: string, from: number): number {
  let at = from;
  for (const [lower, upper] of text.spellings) {
    if (value.startsWith(lower, at)) at += lower.length;
    else if (value.startsWith(upper, at)) at += upper.length;
    else return -1;
  }
  return at;
}

/** Tells whether `value` is the text, in any case. */
export function equalsCaseless(text: CaselessText, value: string): boolean {
  return endOf(text, value, 0) === value.length;
}

/** Tells whether `value` begins with the text, in any case. */
export function startsCaseless(text: CaselessText, value: string): boolean {
  return endOf(text, value, 0) >= 0;
}

/** Tells whether `value` ends with the text, in any case. */
export function endsCaseless(text: CaselessText, value: string): boolean {
  let at = value.length;
  for (let step = text.spellings.length - 1; step >= 0; step--) {
    const [lower, upper] = text.spellings[step] as Spellings;
    if (value.endsWith(lower, at)) at -= lower.length;
    else if (value.endsWith(upper, at)) at -= upper.length;
    else return false;
  }
  return true;
}

/** A wildcard, cut at its asterisks: at least one part; two parts mean one asterisk. */
export type Wildcard = readonly string[];

/** Reads a wildcard; answers a sentence of refusal when it is malformed. */
export function readWildcard(text: string): Wildcard | string {
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '*') {
      if (text.charAt(at + 1) === '*')
        return 'has two asterisks in a row; one asterisk already stands for any number of characters';
      parts.push(part);
      part = '';
    } else if (char === '\\') {
      const next = text.charAt(++at);
      if (next !== '*' && next !== '\\')
        return 'has a backslash before something other than * or \\; write \\\\ for a backslash itself';
      part += next;
    } else part += char;
  }
  parts.push(part);
  return parts;
}

/** Tells whether `value` fits the wildcard. Takes the first place for every part, so it never goes back. */
export function fitsWildcard(parts: Wildcard, value: string): boolean {
  const first = parts[0] as string;
  if (parts.length === 1) return value === first;
  const last = parts[parts.length - 1] as string;
  if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
  const end = value.length - last.length;
  let at = first.length;
  for (let step = 1; step < parts.length - 1; step++) {
    const part = parts[step] as string;
    const found = value.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return at <= end;
}
