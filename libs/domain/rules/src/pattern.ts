/**
 * Reads an event pattern once, for checking and for compiling alike, so that the two can never disagree. `$or` is
 * multiplied out: a pattern becomes a list of combinations, each a set of fields that must all fit.
 */
import { toPointer, type Fault, type JsonValue } from '#contract';
import { patternBounds } from './bounds.ts';
import {
  isRefusal,
  readAlternative,
  reservedInOr,
  type Alternative,
  type Scalar,
  type ValueTest,
} from './operators.ts';

/** The fields of an event that a pattern may name at its top level. */
export const topFields: ReadonlySet<string> = new Set([
  'type',
  'source',
  'subject',
  'time',
  'correlationKey',
  'extensions',
  'data',
]);

const noValues: ReadonlySet<Scalar> = new Set();

/** What a pattern asks of one field. */
export class Condition {
  /** Steps to the field joined by dots, e.g. `data.qty`. */
  readonly path: string;
  readonly tests: readonly ValueTest[];
  /** Whether the field may be absent. */
  readonly absent: boolean;
  /** The list as it was written, for explanations. */
  readonly expected: JsonValue;
  /** The same for conditions that ask the same of the same path. */
  readonly key: string;
  /** How many values its list holds. */
  readonly size: number;
  /** The values that are accepted by being equal. */
  readonly values: ReadonlySet<Scalar>;
  /** How many comparisons one value may take. */
  readonly effort: number;
  /** Whether there is no other way of being accepted. */
  readonly onlyValues: boolean;
  private readonly single: Scalar | undefined;
  private readonly others: readonly ValueTest[];

  constructor(key: string, path: string, alternatives: readonly Alternative[], expected: readonly JsonValue[]) {
    this.key = key;
    this.path = path;
    this.expected = expected as JsonValue[];
    this.size = expected.reduce<number>((sum, member) => sum + countOf(member), 0);
    this.absent = alternatives.includes('absent');
    this.tests = alternatives.flatMap((alternative) => (alternative === 'absent' ? [] : alternative));
    const equal = this.tests.flatMap((one) => (one.anchor.by === 'value' ? [one.anchor.key] : []));
    this.values = equal.length > 0 ? new Set(equal) : noValues;
    this.others = equal.length > 0 ? this.tests.filter((one) => one.anchor.by !== 'value') : this.tests;
    this.effort = this.others.reduce((sum, { effort = 1 }) => sum + effort, 1);
    this.onlyValues = this.others.length === 0;
    this.single = equal.length === 1 ? equal[0] : undefined;
  }

  /** Tells whether one value of the field satisfies the condition. */
  accepts(value: Scalar): boolean {
    if (this.single === undefined ? this.values.has(value) : this.single === value) return true;
    for (const other of this.others) if (other.accepts(value)) return true;
    return false;
  }
}

/** A set of conditions that must all hold, sorted by path. Without any, every event fits. */
export type Combination = readonly Condition[];

/** What reading a pattern yields. With faults, the combinations are not to be used. */
export interface ReadPattern {
  faults: Fault[];
  combinations: readonly Combination[];
}

/** How strictly a pattern is read. */
export interface PatternOptions {
  /**
   * What happens to a path that is named twice in one combination. `refuse` (the default) protects stored rules, whose
   * order of keys is not kept; `last-wins` is what Event Ruler does.
   */
  repeatedPaths?: 'refuse' | 'last-wins';
  /** Conditions that were read already, by key; those that this pattern names anew are added. */
  known?: Map<string, Condition>;
}

type Drafts = Map<string, Condition>[];

const beyondDepth = `is nested deeper than ${patternBounds.depth} levels, the most that a pattern may have`;
const beyondValues = `makes more than ${patternBounds.values.toLocaleString('en')} values in the pattern; split the rule`;
const beyondCombinations =
  `multiplies out to more than ${patternBounds.combinations.toLocaleString('en')} combinations of $or, or more than ` +
  `${patternBounds.conditions.toLocaleString('en')} conditions in them; split the rule`;

const beyondMultiplied =
  `multiplies out to more than ${patternBounds.multipliedValues.toLocaleString('en')} values in all combinations of $or ` +
  'together; split the rule';

/** One reading of one pattern. */
class PatternReader {
  readonly faults: Fault[] = [];
  private values = 0;
  private readonly refuseRepeats: boolean;
  private readonly known: Map<string, Condition> | undefined;

  constructor(options: PatternOptions) {
    this.known = options.known;
    this.refuseRepeats = options.repeatedPaths !== 'last-wins';
  }

  /** Reads the fields of an object into every draft; answers the drafts, multiplied where there is `$or`. */
  object(object: Record<string, JsonValue>, steps: readonly string[], pointer: string, place: Place): Drafts {
    let drafts = place.drafts;
    if (place.depth > patternBounds.depth) return this.refuse(pointer, beyondDepth, drafts);
    for (const [name, value] of Object.entries(object)) {
      if (this.stopped()) return drafts;
      const at = pointer + toPointer([name]);
      const inner = { ...place, drafts, depth: place.depth + 1 };
      drafts = name === '$or' ? this.either(value, steps, at, inner) : this.field(value, [...steps, name], at, inner);
    }
    return drafts;
  }

  private field(value: JsonValue, steps: readonly string[], pointer: string, place: Place): Drafts {
    const name = steps[steps.length - 1] as string;
    const wrong = misplaced(name, value, steps.length, place.inOr);
    if (wrong) return this.refuse(pointer, wrong, place.drafts);
    if (Array.isArray(value)) return this.list(value, steps.join('.'), pointer, place.drafts);
    if (value === null || typeof value !== 'object')
      return this.refuse(pointer, `must be a list of accepted values; write [${JSON.stringify(value)}]`, place.drafts);
    if (Object.keys(value).length === 0)
      return this.refuse(pointer, 'must not be an empty object; name a field in it, or leave it out', place.drafts);
    return this.object(value, steps, pointer, place);
  }

  private list(list: readonly JsonValue[], path: string, pointer: string, drafts: Drafts): Drafts {
    if (list.length === 0)
      return this.refuse(pointer, 'must not be an empty list; name an accepted value, or leave the field out', drafts);
    const condition = this.condition(list, path, pointer);
    if (!condition) return drafts;
    if (this.refuseRepeats && drafts.some((draft) => draft.has(path)))
      return this.refuse(pointer, `names ${path} a second time; put all its values into one list`, drafts);
    for (const draft of drafts) draft.set(path, condition);
    if (drafts.length > 1 && sizeOf(drafts) > patternBounds.conditions)
      return this.refuse(pointer, beyondCombinations, drafts);
    return drafts;
  }

  /** Reads what is asked of one field; `undefined` when that was refused. */
  private condition(list: readonly JsonValue[], path: string, pointer: string): Condition | undefined {
    const key = this.known && keyOf(path, list);
    const known = key === undefined ? undefined : this.known?.get(key);
    if (known && this.values + known.size <= patternBounds.values) {
      this.values += known.size;
      return known;
    }
    const alternatives: Alternative[] = [];
    const faults = this.faults.length;
    for (const [index, member] of list.entries()) {
      if (this.stopped()) return undefined;
      this.values += countOf(member);
      if (this.values > patternBounds.values) {
        this.faults.push({ pointer, detail: beyondValues });
        return undefined;
      }
      const read = readAlternative(member);
      if (isRefusal(read)) this.faults.push({ pointer: `${pointer}/${index}${read.at}`, detail: read.detail });
      else alternatives.push(read);
    }
    if (this.faults.length > faults) return undefined;
    const condition = new Condition(key ?? keyOf(path, list), path, alternatives, list);
    this.known?.set(condition.key, condition);
    return condition;
  }

  private either(value: JsonValue, steps: readonly string[], pointer: string, place: Place): Drafts {
    if (!Array.isArray(value) || value.length < 2)
      return this.refuse(pointer, 'must be a list of at least two objects, of which one has to fit', place.drafts);
    const all: Drafts = [];
    for (const [index, branch] of value.entries()) {
      const at = `${pointer}/${index}`;
      if (branch === null || typeof branch !== 'object' || Array.isArray(branch) || Object.keys(branch).length === 0) {
        this.refuse(at, 'must be an object that names at least one field', place.drafts);
        continue;
      }
      const copies = place.drafts.map((draft) => new Map(draft));
      all.push(...this.object(branch, steps, at, { drafts: copies, depth: place.depth, inOr: true }));
      if (sizeOf(all) > patternBounds.conditions || all.length > patternBounds.combinations)
        return this.refuse(pointer, beyondCombinations, place.drafts);
    }
    return this.faults.length > 0 ? place.drafts : all;
  }

  private refuse(pointer: string, detail: string, drafts: Drafts): Drafts {
    this.faults.push({ pointer, detail });
    return drafts;
  }

  /** A hundred faults are enough to mend; a hostile pattern must not make a long answer. */
  private stopped(): boolean {
    return this.faults.length >= 100;
  }
}

interface Place {
  drafts: Drafts;
  depth: number;
  inOr: boolean;
}

/** Answers what is wrong with a field of this name at this place, judged by its name and the form of its value. */
function misplaced(name: string, value: JsonValue, level: number, inOr: boolean): string | undefined {
  if (level === 1 && !topFields.has(name)) return unknownField(name);
  if (inOr && reservedInOr.has(name))
    return `is an operator and cannot name a field inside $or; write {"some field": [{${JSON.stringify(name)}: …}]}`;
  const looksMisplaced =
    reservedInOr.has(name) &&
    (!isContainer(value) || (name === 'numeric' && Array.isArray(value) && isComparator(value[0])));
  return looksMisplaced ? `is an operator and belongs into a list: [{${JSON.stringify(name)}: …}]` : undefined;
}

function unknownField(name: string): string {
  const known = [...topFields].join(', ');
  const first = name.split('.')[0] as string;
  if (first !== name && topFields.has(first)) {
    return `is not a field of events; write steps as nested objects: {${JSON.stringify(first)}: {${JSON.stringify(name.slice(first.length + 1))}: …}}`;
  }
  return `is not a field of events; at the top level a pattern may name ${known}, so write facts of the event under data`;
}

function isContainer(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null;
}

function isComparator(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && ['=', '<', '<=', '>', '>='].includes(value);
}

let unlike = 0;

/** Names a condition by what it asks. JSON writes what is no finite number as `null`, so lists with `null` are not compared. */
function keyOf(path: string, list: readonly JsonValue[]): string {
  const text = JSON.stringify(list);
  return text.includes('null') ? `${path} ${(unlike += 1)}` : `${path} ${text}`;
}

/** Counts the scalars of one member of a list, as far as operators can nest. */
function countOf(member: JsonValue): number {
  if (typeof member !== 'object' || member === null) return 1;
  let count = 0;
  for (const operand of Object.values(member)) {
    if (Array.isArray(operand)) count += operand.length;
    else if (operand !== null && typeof operand === 'object')
      for (const inner of Object.values(operand)) count += Array.isArray(inner) ? inner.length : 1;
    else count += 1;
  }
  return count;
}

function sizeOf(drafts: Drafts): number {
  let size = 0;
  for (const draft of drafts) size += draft.size;
  return size;
}

function testsIn(drafts: Drafts): number {
  let count = 0;
  for (const draft of drafts) for (const condition of draft.values()) count += condition.tests.length;
  return count;
}

function byPath(one: Condition, other: Condition): number {
  return one.path < other.path ? -1 : 1;
}

/** Reads a pattern into combinations, or into the faults that stand against it. */
export function readPattern(pattern: unknown, pointer = '/match', options: PatternOptions = {}): ReadPattern {
  if (typeof pattern !== 'object' || pattern === null || Array.isArray(pattern))
    return {
      faults: [{ pointer, detail: 'must be an object such as {"type": ["warehouse.stock.low"]}' }],
      combinations: [],
    };
  const reader = new PatternReader(options);
  const place = { drafts: [new Map<string, Condition>()], depth: 1, inOr: false };
  const drafts = reader.object(pattern as Record<string, JsonValue>, [], pointer, place);
  if (reader.faults.length === 0 && testsIn(drafts) > patternBounds.multipliedValues)
    reader.faults.push({ pointer, detail: beyondMultiplied });
  if (reader.faults.length > 0) return { faults: reader.faults, combinations: [] };
  // Sorted by path because Event Ruler judges the absence of a field by the list elements that earlier paths have chosen.
  return { faults: [], combinations: drafts.map((draft) => [...draft.values()].sort(byPath)) };
}

/** Answers what is wrong with a pattern, each fault with its place and a sentence that names the remedy or the bound. */
export function checkPattern(pattern: unknown, pointer = '/match', options: PatternOptions = {}): Fault[] {
  return readPattern(pattern, pointer, options).faults;
}
