/** Values, names and texts that nobody should send, and JSON that no `JSON.stringify` would write. */
import fc from 'fast-check';

const rawMark = '\u0001RAW:';
const rawTexts: string[] = [];

/** A value that is written into JSON as it stands, whether that is JSON or not. */
function raw(text: string): string {
  const known = rawTexts.indexOf(text);
  return rawMark + String(known < 0 ? rawTexts.push(text) - 1 : known);
}

/** Writes JSON, with raw texts where they were put. */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.replace(/"\\u0001RAW:(\d+)"/g, (_all, index: string) => rawTexts[Number(index)] ?? '');
}

/** Names that mean something to a language or a library. */
export const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  '',
  ' ',
  '0',
  '-1',
  'length',
  '\u0000',
  '\ud800',
  'ключ',
  '../..',
  '/',
  '~1',
  '$where',
  'a'.repeat(70_000),
];

const texts = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  '\u202e\ufeff',
  '🙂'.repeat(300),
  'x'.repeat(513),
  'x'.repeat(70_000),
  "'; DROP TABLE event; --",
  '%s%n%x',
  '../../etc/passwd',
  '{{ 7 | divided_by: 0 }}',
  '{% for i in (1..100000000) %}x{% endfor %}',
  '{{ constructor.constructor("return process")() }}',
  '{% include "/etc/passwd" %}',
  '{{ x',
  'true || '.repeat(2_000) + 'true',
  '('.repeat(5_000),
  'data.a.b.c > 1',
  'a'.repeat(40) + '!',
  '*'.repeat(200),
  'group:',
  'group:__proto__',
  'recipient:{{ data.x }}',
  'room:a/b',
  '0000-00-00T00:00:00Z',
  '9999-12-31T23:59:60Z',
  '2026-11-20T08:00:00+99:99',
  'http://169.254.169.254/latest/meta-data',
  'http://[::ffff:127.0.0.1]:1/',
  'http://user:pass@127.0.0.1:1/x',
  'file:///etc/passwd',
  'http://127.0.0.1:99999/',
  'evt_00000000-0000-7000-8000-000000000000',
  'dlv_ffffffff-ffff-ffff-ffff-ffffffffffff',
];

const raws = [
  '1e400',
  '-0',
  '1E5000000000',
  '123456789012345678901234567890',
  '0.'.padEnd(400, '1'),
  '"\\ud800"',
  '"\\u0000"',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"a":1,"a":2}',
  '['.repeat(40) + ']'.repeat(40),
  '['.repeat(20_000) + ']'.repeat(20_000),
  '{"a":'.repeat(3_000) + '1' + '}'.repeat(3_000),
  `[${'0,'.repeat(20_000)}0]`,
  'NaN',
  'undefined',
  "'single'",
  '/* comment */ 1',
  '01',
  '"\t"',
  '"\\x41"',
  '1,',
];

const plain = [null, true, false, 0, -1, 1, 0.1, 1e308, -1e308, 2 ** 53, 2 ** 31, -(2 ** 31), 5e-324];

/** A text that is no good. */
export const weirdText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...texts) },
  { weight: 1, arbitrary: fc.constantFrom(...names) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
);

/** A value that is no good. */
export const weirdValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...plain, [], {}, [[]], [null], { '': null }) },
  { weight: 4, arbitrary: weirdText },
  { weight: 2, arbitrary: fc.constantFrom(...raws).map(raw) },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

/** What is done to a value: at the n-th place of it. */
type Mutation = (value: unknown, at: number) => unknown;

const put: (name: string, inner: unknown) => Mutation = (name, inner) => (value) => {
  if (typeof value !== 'object' || value === null) return inner;
  if (Array.isArray(value)) return [...(value as unknown[]), inner];
  const copy = { ...value };
  // An assignment to `__proto__` would set the prototype.
  Object.defineProperty(copy, name, { value: inner, enumerable: true, configurable: true, writable: true });
  return copy;
};

const drop: Mutation = (value, at) => {
  if (Array.isArray(value)) return (value as unknown[]).filter((_, index) => index !== at % value.length);
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.filter((_, index) => index !== at % entries.length));
};

const repeat: (times: number) => Mutation = (times) => (value) => {
  if (typeof value === 'string') return value.repeat(times);
  return Array.from({ length: times }, () => (Array.isArray(value) ? (value as unknown[])[0] : value));
};

const twice: Mutation = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [value, value];
  const entries = Object.entries(value).map(([name, inner]) => `${toJson(name)}:${toJson(inner)}`);
  return raw(`{${[...entries, ...entries].join(',').slice(0, 100_000)}}`);
};

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 6,
    arbitrary: weirdValue.map(
      (value): Mutation =>
        () =>
          value,
    ),
  },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...names), weirdValue).map(([name, value]) => put(name, value)) },
  { weight: 2, arbitrary: fc.constant(drop) },
  { weight: 1, arbitrary: fc.constant(twice) },
  { weight: 1, arbitrary: fc.constantFrom(2, 30, 600).map(repeat) },
);

/** The example with one to four things wrong somewhere in it. */
export function mutated(example: unknown): fc.Arbitrary<unknown> {
  const steps = fc.array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 10 }), mutation), { minLength: 1, maxLength: 4 });
  return steps.map((done) => done.reduce((value, [where, at, change]) => changedAt(value, where, at, change), example));
}

/** Counts through all places of a value, depth first, and changes the one that was asked for. */
function changedAt(value: unknown, where: number, at: number, change: Mutation): unknown {
  const walk = (node: unknown, left: number): [node: unknown, left: number] => {
    if (left === 0) return [change(node, at), -1];
    let rest = left - 1;
    if (typeof node !== 'object' || node === null) return [node, rest];
    const entries = Object.entries(node).map(([name, inner]) => {
      if (rest < 0) return [name, inner] as const;
      const [next, after] = walk(inner, rest);
      rest = after;
      return [name, next] as const;
    });
    if (Array.isArray(node)) return [entries.map(([, inner]) => inner), rest];
    const copy = {};
    for (const [name, inner] of entries)
      Object.defineProperty(copy, name, { value: inner, enumerable: true, configurable: true, writable: true });
    return [copy, rest];
  };
  const places = placesOf(value);
  return walk(value, where % places)[0];
}

function placesOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + placesOf(inner), 1);
}

/** A text with bytes lost, added or changed. One character per byte comes in and goes out. */
export function bruised(text: string): fc.Arbitrary<string> {
  const bytes = fc.constantFrom(
    '\xff',
    '\xc0\xaf',
    '\xed\xa0\x80',
    '\0',
    '"',
    '{',
    ']',
    ',',
    '\\',
    '\xef\xbb\xbf',
    '\n',
    '9',
  );
  const wound = fc.tuple(fc.nat({ max: Math.max(text.length, 1) }), fc.constantFrom(0, 1, 5), bytes);
  return fc.oneof(
    fc.nat({ max: text.length }).map((length) => text.slice(0, length)),
    fc
      .array(wound, { minLength: 1, maxLength: 3 })
      .map((wounds) =>
        wounds.reduce((hurt, [at, lost, put_]) => hurt.slice(0, at) + put_ + hurt.slice(at + lost), text),
      ),
  );
}
