/**
 * Random patterns and events, and a plain evaluator that tries every way of choosing list elements. It shares no code with
 * the engine.
 */
import fc from 'fast-check';
import type { EventFacts, JsonValue } from '#contract';

type Scalar = string | number | boolean | null;
/** An object of JSON values. */
export type Plain = Record<string, JsonValue>;
interface Value {
  value: Scalar;
  elements: Map<number, number>;
}

const names = fc.constantFrom('a', 'b', 'a-c');
const texts = fc.constantFrom('x', 'y', 'xy', 'X');
const scalars: fc.Arbitrary<Scalar> = fc.oneof(texts, fc.constantFrom(1, 2, 3.5), fc.boolean(), fc.constant(null));

function objectOf(depth: number): fc.Arbitrary<Plain> {
  return fc.dictionary(names, valueOf(depth), { maxKeys: 3 });
}

function valueOf(depth: number): fc.Arbitrary<JsonValue> {
  const scalar = scalars as fc.Arbitrary<JsonValue>;
  if (depth === 0) return scalar;
  const list = fc.array(valueOf(depth - 1), { maxLength: 3 }) as fc.Arbitrary<JsonValue>;
  return fc.oneof({ arbitrary: scalar, weight: 2 }, objectOf(depth - 1) as fc.Arbitrary<JsonValue>, list);
}

/** Random data of an event. */
export const object = objectOf(4);

const member: fc.Arbitrary<JsonValue> = fc.oneof(
  { arbitrary: scalars as fc.Arbitrary<JsonValue>, weight: 3 },
  { arbitrary: fc.boolean().map((exists) => ({ exists })), weight: 2 },
  texts.map((prefix) => ({ prefix })),
  texts.map((suffix) => ({ suffix })),
  texts.map((text) => ({ 'equals-ignore-case': text })),
  fc.array(texts, { minLength: 1, maxLength: 2 }).map((list) => ({ 'anything-but': list })),
  fc.constantFrom(1, 2, 3).map((bound) => ({ numeric: ['>=', bound] })),
);

function patternOf(depth: number): fc.Arbitrary<Plain> {
  const list = fc.array(member, { minLength: 1, maxLength: 2 }) as fc.Arbitrary<JsonValue>;
  if (depth === 0) return fc.dictionary(names, list, { minKeys: 1, maxKeys: 2 });
  const inner = patternOf(depth - 1);
  const field = fc.oneof({ arbitrary: list, weight: 2 }, inner as fc.Arbitrary<JsonValue>);
  return fc
    .tuple(
      fc.dictionary(names, field, { minKeys: 1, maxKeys: 3 }),
      fc.option(fc.array(inner, { minLength: 2, maxLength: 2 }), { freq: 3 }),
    )
    .map(([fields, either]): Plain => (either ? { ...fields, $or: either } : fields));
}

/** Random patterns for the data of an event. */
export const pattern = fc.oneof(
  { arbitrary: patternOf(0), weight: 4 },
  { arbitrary: patternOf(1), weight: 3 },
  patternOf(2),
);

function accepts(one: JsonValue, value: Scalar): boolean {
  if (one === null || typeof one !== 'object') return one === value;
  const [[operator, operand]] = Object.entries(one) as [[string, JsonValue]];
  if (operator === 'exists') return operand === true;
  if (operator === 'anything-but') return !(operand as JsonValue[]).includes(value);
  if (operator === 'numeric') return typeof value === 'number' && value >= ((operand as JsonValue[])[1] as number);
  if (typeof value !== 'string') return false;
  const text = operand as string;
  if (operator === 'prefix') return value.slice(0, text.length) === text;
  if (operator === 'suffix') return text === '' || value.slice(-text.length) === text;
  return value.toUpperCase() === text.toUpperCase();
}

/** Multiplies `$or` out, the later mention of a path replacing the earlier one. */
function branches(node: Plain, path: string, drafts: Map<string, JsonValue[]>[]): Map<string, JsonValue[]>[] {
  let all = drafts;
  for (const [name, value] of Object.entries(node)) {
    if (name === '$or')
      all = (value as Plain[]).flatMap((branch) =>
        branches(
          branch,
          path,
          all.map((draft) => new Map(draft)),
        ),
      );
    else if (Array.isArray(value)) for (const draft of all) draft.set(`${path}.${name}`, value);
    else all = branches(value as Plain, `${path}.${name}`, all);
  }
  return all;
}

function flatten(
  value: JsonValue,
  path: string,
  elements: Map<number, number>,
  found: Map<string, Value[]>,
  counter: { lists: number },
): void {
  if (Array.isArray(value)) {
    const list = counter.lists++;
    value.forEach((element, index) => {
      const inside = element !== null && typeof element === 'object' ? new Map(elements).set(list, index) : elements;
      flatten(element, path, inside, found, counter);
    });
  } else if (value !== null && typeof value === 'object') {
    for (const [name, inner] of Object.entries(value)) flatten(inner, `${path}.${name}`, elements, found, counter);
  } else found.set(path, [...(found.get(path) ?? []), { value, elements }]);
}

function agrees(chosen: Map<number, number>, elements: Map<number, number>): boolean {
  return [...elements].every(([list, index]) => (chosen.get(list) ?? index) === index);
}

function search(fields: [string, JsonValue[]][], found: Map<string, Value[]>, chosen: Map<number, number>): boolean {
  const [first, ...rest] = fields;
  if (!first) return true;
  const open = (found.get(first[0]) ?? []).filter((value) => agrees(chosen, value.elements));
  const mayBeAbsent = first[1].some(
    (one) => one !== null && typeof one === 'object' && 'exists' in one && one['exists'] === false,
  );
  if (open.length === 0) return mayBeAbsent && search(rest, found, chosen);
  return open.some(
    (value) =>
      first[1].some((one) => accepts(one, value.value)) && search(rest, found, new Map([...chosen, ...value.elements])),
  );
}

/** Tells whether a pattern fits the data of an event. */
export function plainly(match: Plain, data: JsonValue): boolean {
  const found = new Map<string, Value[]>();
  flatten(data, 'data', new Map(), found, { lists: 0 });
  return branches(match, 'data', [new Map()]).some((branch) =>
    search(
      [...branch].sort(([one], [other]) => (one < other ? -1 : 1)),
      found,
      new Map(),
    ),
  );
}

/** An event with this data. */
export function eventOf(data: JsonValue): EventFacts {
  return { id: '1', source: 's', type: 't', time: '2026-11-20T10:00:00Z', data };
}
