/**
 * The operators of the pattern language: each is read once into a test of one scalar value, together with an anchor by
 * which the index finds it without running it.
 */
import type { JsonValue } from '#contract';
import { patternBounds } from './bounds.ts';
import { inRange, ipHex, readCidr } from './ip.ts';
import {
  caseless,
  caselessKey,
  endsCaseless,
  equalsCaseless,
  fitsWildcard,
  readWildcard,
  startsCaseless,
  type Wildcard,
} from './texts.ts';

/** A value at a leaf of an event. */
export type Scalar = string | number | boolean | null;

/**
 * How the index finds a test: by equal value, equal address, prefix, suffix, text without case, a closed range of numbers,
 * or by any value at all. What a test accepts is always found by its anchor; the anchor may find more.
 */
export type Anchor =
  | { by: 'value'; key: Scalar }
  | { by: 'ip' | 'prefix' | 'suffix' | 'caseless'; key: string }
  | { by: 'range'; low: number; high: number; lowIn: boolean; highIn: boolean }
  | { by: 'presence' };

/** One alternative in the list of a field. */
export interface ValueTest {
  anchor: Anchor;
  /** How many comparisons one value takes, where it is not one. */
  effort?: number;
  accepts(value: Scalar): boolean;
}

/** What reading one alternative yields: tests of which one must accept, or that the field may be absent. */
export type Alternative = readonly ValueTest[] | 'absent';

/** A refusal: where below the alternative (as the rest of a JSON pointer), and a sentence. */
export interface Refusal {
  at: string;
  detail: string;
}

/** Tells whether reading was refused. */
export function isRefusal(read: Alternative | Refusal): read is Refusal {
  return typeof read === 'object' && 'detail' in read;
}

type Reader = (operand: JsonValue) => Alternative | Refusal;

const presence: Anchor = { by: 'presence' };
const comparators = new Set(['=', '<', '<=', '>', '>=']);

/** Names of the operators, as they stand in `{operator: operand}`. */
export const operatorNames: ReadonlySet<string> = new Set([
  'exactly',
  'prefix',
  'suffix',
  'equals-ignore-case',
  'anything-but',
  'numeric',
  'exists',
  'cidr',
  'wildcard',
]);

/** Names that may not be used for fields inside `$or`, where they would hide a misplaced operator. */
export const reservedInOr: ReadonlySet<string> = new Set([...operatorNames, ...comparators]);

function test(anchor: Anchor, accepts: (value: Scalar) => boolean): readonly ValueTest[] {
  return [{ anchor, accepts }];
}

function textTest(anchor: Anchor, accepts: (value: string) => boolean): ValueTest {
  return { anchor, accepts: (value) => typeof value === 'string' && accepts(value) };
}

function refuse(detail: string, at = ''): Refusal {
  return { at, detail };
}

function tooLong(text: string): boolean {
  return text.length > patternBounds.textChars;
}

const tooLongDetail = `is longer than ${patternBounds.textChars.toLocaleString('en')} characters, the most that a text in a pattern may have`;

/** Reads a plain value. A text that is an IP address accepts every spelling of that address, as in Event Ruler. */
export function readExact(value: Scalar): Alternative | Refusal {
  if (typeof value === 'number') return test({ by: 'value', key: value }, (actual) => actual === value);
  if (typeof value !== 'string') return test({ by: 'value', key: value }, (actual) => actual === value);
  if (tooLong(value)) return refuse(tooLongDetail);
  const address = ipHex(value);
  if (address === undefined) return test({ by: 'value', key: value }, (actual) => actual === value);
  return [textTest({ by: 'ip', key: address }, (actual) => ipHex(actual) === address)];
}

/** A text operator that may stand alone or, without regard to case, as `{operator: {"equals-ignore-case": text}}`. */
function affix(by: 'prefix' | 'suffix'): Reader {
  const bare = (text: string): ValueTest =>
    textTest({ by, key: text }, by === 'prefix' ? (value) => value.startsWith(text) : (value) => value.endsWith(text));
  const anyCase = (text: string): ValueTest => {
    const prepared = caseless(text);
    return textTest(presence, (value) =>
      by === 'prefix' ? startsCaseless(prepared, value) : endsCaseless(prepared, value),
    );
  };
  return (operand) => {
    if (typeof operand === 'string') return tooLong(operand) ? refuse(tooLongDetail) : [bare(operand)];
    const inner = onlyEntry(operand);
    if (inner?.[0] !== 'equals-ignore-case' || typeof inner[1] !== 'string')
      return refuse(`must be a text, or {"equals-ignore-case": "a text"}`);
    return tooLong(inner[1]) ? refuse(tooLongDetail, '/equals-ignore-case') : [anyCase(inner[1])];
  };
}

function caselessTest(text: string): ValueTest {
  const prepared = caseless(text);
  const anchor: Anchor = prepared.key === undefined ? presence : { by: 'caseless', key: prepared.key };
  return textTest(anchor, (value) => equalsCaseless(prepared, value));
}

function readCaseless(operand: JsonValue): Alternative | Refusal {
  const texts = textsOf(operand, false);
  return Array.isArray(texts) ? texts.map(caselessTest) : texts;
}

function readWildcardTest(operand: JsonValue): Alternative | Refusal {
  if (typeof operand !== 'string') return refuse('must be a text in which * stands for any number of characters');
  const parts = wildcardOf(operand);
  if (typeof parts === 'string') return refuse(parts);
  return [textTest(wildcardAnchor(parts), (value) => fitsWildcard(parts, value))];
}

function wildcardOf(text: string): Wildcard | string {
  if (tooLong(text)) return tooLongDetail;
  const parts = readWildcard(text);
  if (typeof parts === 'string' || parts.length - 1 <= patternBounds.wildcardStars) return parts;
  return `has more than ${patternBounds.wildcardStars} asterisks, the most that one wildcard may have; split it into several rules`;
}

function wildcardAnchor(parts: Wildcard): Anchor {
  const [head, tail] = [parts[0] ?? '', parts[parts.length - 1] ?? ''];
  if (parts.length === 1) return { by: 'value', key: head };
  if (head !== '') return { by: 'prefix', key: head };
  return tail === '' ? presence : { by: 'suffix', key: tail };
}

function readExists(operand: JsonValue): Alternative | Refusal {
  if (operand === true) return test(presence, () => true);
  return operand === false ? 'absent' : refuse('must be true or false');
}

function readCidrTest(operand: JsonValue): Alternative | Refusal {
  if (typeof operand !== 'string') return refuse('must be a text such as 10.0.0.0/8');
  const range = readCidr(operand);
  if (typeof range === 'string') return refuse(range);
  return [
    textTest(presence, (value) => {
      const hex = ipHex(value);
      return hex !== undefined && inRange(hex, range);
    }),
  ];
}

const numericForm = 'must be a list such as ["<", 10] or [">=", 0, "<", 10]';

function readNumeric(operand: JsonValue): Alternative | Refusal {
  if (!Array.isArray(operand)) return refuse(numericForm);
  const [operator, bound, second, top] = operand;
  if (typeof operator !== 'string' || !comparators.has(operator))
    return refuse('must be one of =, <, <=, > and >=; a range begins with its lower bound', '/0');
  if (typeof bound !== 'number') return refuse('must be a number', '/1');
  if (operand.length === 2) return comparison(operator, bound);
  if (operand.length !== 4 || !operator.startsWith('>'))
    return refuse(`${numericForm}; a range begins with its lower bound`);
  if (second !== '<' && second !== '<=') return refuse('must be < or <=, the upper bound of the range', '/2');
  if (typeof top !== 'number') return refuse('must be a number', '/3');
  if (top <= bound) return refuse(`must be greater than the lower bound ${bound}`, '/3');
  return range(operator === '>=', bound, second === '<=', top);
}

function comparison(operator: string, bound: number): Alternative {
  if (operator === '=') return test({ by: 'value', key: bound }, (value) => value === bound);
  if (operator.startsWith('<')) return range(true, -Infinity, operator === '<=', bound);
  return range(operator === '>=', bound, true, Infinity);
}

function range(lowIn: boolean, low: number, highIn: boolean, high: number): Alternative {
  return test(
    { by: 'range', low, high, lowIn, highIn },
    (value) =>
      typeof value === 'number' && (lowIn ? value >= low : value > low) && (highIn ? value <= high : value < high),
  );
}

/** Answers the one entry of an object that has exactly one. */
function onlyEntry(value: JsonValue): [string, JsonValue] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  return entries.length === 1 ? entries[0] : undefined;
}

/** Reads a text or a list of texts. */
function textsOf(operand: JsonValue, refuseEmpty: boolean): string[] | Refusal {
  const list = Array.isArray(operand) ? operand : [operand];
  if (list.length === 0) return refuse('must name at least one text');
  const wrong = list.findIndex((text) => typeof text !== 'string' || tooLong(text) || (refuseEmpty && text === ''));
  if (wrong < 0) return list as string[];
  const at = Array.isArray(operand) ? `/${wrong}` : '';
  const text = list[wrong];
  if (typeof text !== 'string') return refuse('must be a text', at);
  return text === '' ? refuse('must not be empty, or nothing would ever match', at) : refuse(tooLongDetail, at);
}

const anythingButForm =
  'must be a text, a number, a list of only texts or only numbers, or one of ' +
  '{"prefix": …}, {"suffix": …}, {"equals-ignore-case": …}, {"wildcard": …}';

function readAnythingBut(operand: JsonValue): Alternative | Refusal {
  const inner = onlyEntry(operand);
  if (inner) return readAnythingButTexts(inner[0], inner[1]);
  const list = Array.isArray(operand) ? operand : [operand];
  const kind = typeof list[0];
  if ((kind !== 'string' && kind !== 'number') || !list.every((value) => typeof value === kind))
    return refuse(anythingButForm);
  if (list.some((value) => typeof value === 'string' && tooLong(value))) return refuse(tooLongDetail);
  const excluded = new Set<JsonValue>(list);
  return test(presence, (value) => !excluded.has(value));
}

function readAnythingButTexts(operator: string, operand: JsonValue): Alternative | Refusal {
  const build = excluders.get(operator);
  if (!build) return refuse(anythingButForm, `/${operator}`);
  const texts = textsOf(operand, operator === 'prefix' || operator === 'suffix');
  if (!Array.isArray(texts)) return refuse(texts.detail, `/${operator}${texts.at}`);
  const excluded: ((value: string) => boolean)[] = [];
  for (const [index, text] of texts.entries()) {
    const built = build(text);
    if (typeof built === 'string') return refuse(built, `/${operator}${Array.isArray(operand) ? `/${index}` : ''}`);
    excluded.push(built);
  }
  const accepts = (value: Scalar): boolean => typeof value !== 'string' || !excluded.some((one) => one(value));
  return [{ anchor: presence, effort: excluded.length, accepts }];
}

type Excluder = (text: string) => ((value: string) => boolean) | string;

const excluders: ReadonlyMap<string, Excluder> = new Map<string, Excluder>([
  ['prefix', (text) => (value) => value.startsWith(text)],
  ['suffix', (text) => (value) => value.endsWith(text)],
  [
    'equals-ignore-case',
    (text) => {
      const prepared = caseless(text);
      return (value) => equalsCaseless(prepared, value);
    },
  ],
  [
    'wildcard',
    (text) => {
      const parts = wildcardOf(text);
      return typeof parts === 'string' ? parts : (value) => fitsWildcard(parts, value);
    },
  ],
]);

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [
    'exactly',
    (operand) =>
      typeof operand === 'string'
        ? test({ by: 'value', key: operand }, (value) => value === operand)
        : refuse('must be a text'),
  ],
  ['prefix', affix('prefix')],
  ['suffix', affix('suffix')],
  ['equals-ignore-case', readCaseless],
  ['anything-but', readAnythingBut],
  ['numeric', readNumeric],
  ['exists', readExists],
  ['cidr', readCidrTest],
  ['wildcard', readWildcardTest],
]);

/** Reads one member of a field's list: a plain value or `{operator: operand}`. */
export function readAlternative(member: JsonValue): Alternative | Refusal {
  if (member === null || typeof member !== 'object') return readExact(member);
  const entry = onlyEntry(member);
  if (!entry) return refuse('must be a value, or an object with exactly one operator such as {"prefix": "MSK"}');
  const reader = readers.get(entry[0]);
  if (!reader) return refuse(`is not an operator; the operators are ${[...operatorNames].join(', ')}`, `/${entry[0]}`);
  const read = reader(entry[1]);
  return isRefusal(read) ? refuse(read.detail, `/${entry[0]}${read.at}`) : read;
}

/** Every key under which a value may be found by an anchor of the kind `caseless` or `ip`. */
export const anchorKeys = { caseless: caselessKey, ip: ipHex } as const;
