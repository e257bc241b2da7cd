/**
 * All differing conditions of a set of rules, each once, however many rules have it. For an event each is judged at most once.
 * What the usual ones need lies side by side in one record of 32 bytes: with thousands of rules the time goes into fetching
 * memory, not into comparing.
 */
import type { Fields, Trail } from './fields.ts';
import { holding, priceOf, type PlacedCondition } from './judge.ts';
import type { Anchor, Scalar } from './operators.ts';
import type { Condition } from './pattern.ts';

/**
 * How a condition stands: it fails, it holds, it holds in some elements of a list (which is enough as long as no other condition
 * has a say in the choice), it may hold by absence in some of them, or finding out would take too long.
 */
export const verdicts = { no: 0, yes: 1, listed: 2, depends: 3, exhausted: 4 } as const;

/** How a record is judged: as written by `accepts`, by one equal value, or by a range, both ends of which are in or out. */
const kinds = { any: 0, equal: 1, range: 2, lowOut: 4, highOut: 8 } as const;

/** A record as eight whole numbers: what stands where. The last four are the two bounds of a range, as doubles. */
const at = { judgedFor: 0, outcome: 1, path: 2, kind: 3 } as const;
const wholes = 8;
const doubles = 4;
const lowAt = 2;
const highAt = 3;

/** The conditions by number. */
export class ConditionTable {
  /** The condition of each number, with the number of its path. */
  readonly placed: (PlacedCondition | undefined)[] = [];
  private readonly ids = new Map<string, number>();
  private readonly uses: number[] = [];
  private readonly free: number[] = [];
  private readonly equals: Scalar[] = [];
  private records = new Uint32Array(64 * wholes);
  private bounds = new Float64Array(this.records.buffer);

  private readonly charge: (steps: number) => boolean;

  /** `charge` is told of work that takes many steps, and answers whether they may be taken. */
  constructor(charge: (steps: number) => boolean) {
    this.charge = charge;
  }

  /** Answers the number of a condition, giving it one when it is new. Each call counts as a use, until `release`. */
  idOf(condition: Condition, pathOf: (path: string) => number): number {
    const known = this.ids.get(condition.key);
    if (known !== undefined) {
      this.uses[known] = (this.uses[known] as number) + 1;
      return known;
    }
    const id = this.free.pop() ?? this.uses.length;
    if (id * wholes >= this.records.length) this.grow();
    this.ids.set(condition.key, id);
    this.uses[id] = 1;
    const pathId = pathOf(condition.path);
    this.placed[id] = { condition, pathId };
    this.records[id * wholes + at.judgedFor] = 0;
    this.records[id * wholes + at.path] = pathId;
    this.describe(id, condition.tests.length === 1 ? condition.tests[0]?.anchor : undefined);
    return id;
  }

  /** Gives up one use of a condition; tells the path when it was the last. */
  release(id: number, forget: (path: string) => void): void {
    this.uses[id] = (this.uses[id] as number) - 1;
    if (this.uses[id] > 0) return;
    const { condition } = this.placed[id] as PlacedCondition;
    this.ids.delete(condition.key);
    this.placed[id] = undefined;
    this.equals[id] = null;
    this.free.push(id);
    forget(condition.path);
  }

  /** Judges a condition for the event of this number, above 0 and other than those before it. */
  judge(id: number, fields: Fields, event: number): number {
    const { records } = this;
    const start = id * wholes;
    if (records[start + at.judgedFor] === event) return records[start + at.outcome] as number;
    const outcome = this.work(id, fields);
    // Another rule with the same condition may have steps left.
    if (outcome === verdicts.exhausted) return outcome;
    records[start + at.judgedFor] = event;
    records[start + at.outcome] = outcome;
    return outcome;
  }

  /** Forgets which events conditions were judged for, so that numbers of events may begin anew. */
  rewind(): void {
    for (let start = 0; start < this.records.length; start += wholes) this.records[start + at.judgedFor] = 0;
  }

  private work(id: number, fields: Fields): number {
    const pathId = this.records[id * wholes + at.path] as number;
    if (fields.counts[pathId] !== 1 || (fields.trails[pathId] as Trail).length !== 0) return this.weigh(id, fields);
    const value = fields.values[pathId] as Scalar;
    const kind = this.records[id * wholes + at.kind] as number;
    if (kind === kinds.equal) return value === this.equals[id] ? verdicts.yes : verdicts.no;
    if (kind === kinds.any) return this.placed[id]?.condition.accepts(value) ? verdicts.yes : verdicts.no;
    return typeof value === 'number' && this.inRange(id, kind, value) ? verdicts.yes : verdicts.no;
  }

  private inRange(id: number, kind: number, value: number): boolean {
    const low = this.bounds[id * doubles + lowAt] as number;
    const high = this.bounds[id * doubles + highAt] as number;
    if (value <= low && (value < low || kind & kinds.lowOut)) return false;
    return !(value >= high && (value > high || kind & kinds.highOut));
  }

  /** Judges a condition on a field that is absent, or lies in lists. */
  private weigh(id: number, fields: Fields): number {
    const placed = this.placed[id] as PlacedCondition;
    const price = priceOf(placed, fields);
    if (price > 0 && !this.charge(price)) return verdicts.exhausted;
    const how = holding(placed, fields);
    if (how === 'no' || how === 'yes') return verdicts[how];
    return placed.condition.absent ? verdicts.depends : verdicts.listed;
  }

  private describe(id: number, anchor: Anchor | undefined): void {
    let kind: number = kinds.any;
    this.equals[id] = null;
    if (anchor?.by === 'value') {
      kind = kinds.equal;
      this.equals[id] = anchor.key;
    } else if (anchor?.by === 'range') {
      kind = kinds.range | (anchor.lowIn ? 0 : kinds.lowOut) | (anchor.highIn ? 0 : kinds.highOut);
      this.bounds[id * doubles + lowAt] = anchor.low;
      this.bounds[id * doubles + highAt] = anchor.high;
    }
    this.records[id * wholes + at.kind] = kind;
  }

  private grow(): void {
    this.records = grown(this.records);
    this.bounds = new Float64Array(this.records.buffer);
  }
}

/** Copies numbers into an array of twice the length. */
export function grown(from: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const into = new Uint32Array(from.length * 2);
  into.set(from);
  return into;
}
