/**
 * An event, reduced to the values at the paths that rules ask for. Only those paths are walked, once per event; all
 * rules then look values up by the number of the path.
 */
import type { EventFacts, JsonValue } from '#contract';
import type { Scalar } from './operators.ts';

/** Nested lists deeper than this are not looked into; events are refused at the door long before (see `limits.dataDepth`). */
const deepestList = 100;

/** From this many values on, a path gets a table of them, so that rules need not go through all of them one by one. */
const manyLeaves = 16;

/** The list elements that a value lies in, outermost first, as pairs: number of the list, index in it. */
export type Trail = readonly number[];

/**
 * A value at a path, with the list elements it lies in. A scalar that is itself an element of a list lies in no element
 * of that list. Values directly in the same element share one and the same trail object.
 */
export interface Leaf {
  value: Scalar;
  trail: Trail;
}

/** The trail of what lies in no list. */
const noTrail: Trail = [];
const noLeaves: readonly Leaf[] = [];

interface Step {
  pathId: number;
  steps: Map<string, Step> | undefined;
}

/** Numbers the paths that rules name, and finds their values in events. */
export class PathTable {
  private readonly root: Step = { pathId: -1, steps: undefined };
  private readonly ids = new Map<string, number>();
  private readonly uses: number[] = [];
  private readonly free: number[] = [];

  /** How many numbers have been given out so far; all of them are below it. */
  get size(): number {
    return this.uses.length;
  }

  /** Answers the number of a path, giving it one when it is new. Each call counts as a use, until `release`. */
  idOf(path: string): number {
    const known = this.ids.get(path);
    if (known !== undefined) {
      this.uses[known] = (this.uses[known] as number) + 1;
      return known;
    }
    const id = this.free.pop() ?? this.uses.length;
    this.uses[id] = 1;
    this.ids.set(path, id);
    const steps = this.stepsTo(path.split('.'));
    (steps[steps.length - 1] as Step).pathId = id;
    return id;
  }

  /** Gives up one use of a path. A path that nobody uses is no longer walked, and its number may be given out anew. */
  release(path: string): void {
    const id = this.ids.get(path);
    if (id === undefined) return;
    this.uses[id] = (this.uses[id] as number) - 1;
    if (this.uses[id] > 0) return;
    this.ids.delete(path);
    this.free.push(id);
    const names = path.split('.');
    const steps = this.stepsTo(names);
    (steps[steps.length - 1] as Step).pathId = -1;
    for (let level = names.length; level > 0; level--) {
      const { pathId, steps: below } = steps[level] as Step;
      if (pathId >= 0 || (below && below.size > 0)) return;
      (steps[level - 1] as Step).steps?.delete(names[level - 1] as string);
    }
  }

  /** Answers the step for each name, the root first; makes what is missing. */
  private stepsTo(names: readonly string[]): Step[] {
    let at = this.root;
    const steps = [at];
    for (const name of names) {
      at.steps ??= new Map();
      let next = at.steps.get(name);
      if (!next) at.steps.set(name, (next = { pathId: -1, steps: undefined }));
      steps.push((at = next));
    }
    return steps;
  }

  /** Finds the values of all numbered paths in an event and puts them into `fields`, which is emptied first. */
  read(event: EventFacts, fields: Fields): void {
    fields.clear(this.size);
    const steps = this.root.steps;
    if (!steps) return;
    top(steps.get('type'), event.type, fields);
    top(steps.get('source'), event.source, fields);
    top(steps.get('subject'), event.subject, fields);
    top(steps.get('time'), event.time, fields);
    top(steps.get('correlationKey'), event.correlationKey, fields);
    top(steps.get('extensions'), event.extensions, fields);
    top(steps.get('data'), event.data, fields);
  }
}

/** The many values of one path, arranged for looking up. */
export interface Crowd {
  byValue: ReadonlyMap<Scalar, readonly Leaf[]>;
  byTrail: ReadonlyMap<Trail, readonly Leaf[]>;
  /** The numbers among them, sorted. */
  numbers: Float64Array;
  /** Whether one of them lies in no list. */
  free: boolean;
  /** The number of the list in whose elements all of them lie directly, or -1. */
  list: number;
}

/** The values of one event by number of path. Reused from event to event. */
export class Fields {
  /** The numbers of the paths that the event has, each once. */
  readonly present: number[] = [];
  /** How many values each path has. */
  readonly counts: number[] = [];
  /** The first value of each path that has one. */
  readonly values: Scalar[] = [];
  /** Where the first value of each path lies. */
  readonly trails: Trail[] = [];
  /** Counts the lists of the event, to number them. */
  lists = 0;
  private readonly leaves: (Leaf[] | undefined)[] = [];
  private readonly crowds: (Crowd | undefined)[] = [];

  /** Forgets the previous event, and makes room for paths with numbers below `size`. */
  clear(size: number): void {
    for (const pathId of this.present) {
      if ((this.counts[pathId] as number) > 1) this.leaves[pathId] = this.crowds[pathId] = undefined;
      this.counts[pathId] = 0;
    }
    this.present.length = 0;
    this.lists = 0;
    while (this.counts.length < size) {
      this.counts.push(0);
      this.values.push(null);
      this.trails.push(noTrail);
      this.leaves.push(undefined);
      this.crowds.push(undefined);
    }
  }

  /** Adds a value of a path. */
  add(pathId: number, value: Scalar, trail: Trail): void {
    const count = this.counts[pathId] as number;
    this.counts[pathId] = count + 1;
    if (count === 0) {
      this.values[pathId] = value;
      this.trails[pathId] = trail;
      this.present.push(pathId);
    } else if (count === 1) {
      const first = { value: this.values[pathId] as Scalar, trail: this.trails[pathId] as Trail };
      this.leaves[pathId] = [first, { value, trail }];
    } else (this.leaves[pathId] as Leaf[]).push({ value, trail });
  }

  /** Answers the values of a path; none when the event has no such leaf. */
  at(pathId: number): readonly Leaf[] {
    const count = this.counts[pathId];
    if (!count) return noLeaves;
    if (count > 1) return this.leaves[pathId] as Leaf[];
    return [{ value: this.values[pathId] as Scalar, trail: this.trails[pathId] as Trail }];
  }

  /** Answers the number of the list in whose elements all values of a path lie directly, or -1. */
  listOf(pathId: number): number {
    const trail = this.trails[pathId] as Trail;
    if (trail.length !== 2) return -1;
    if (this.counts[pathId] === 1) return trail[0] as number;
    return this.crowd(pathId)?.list ?? commonList(this.at(pathId));
  }

  /** Answers the table of the values of a path, when there are so many that it pays. */
  crowd(pathId: number): Crowd | undefined {
    return (this.counts[pathId] as number) > manyLeaves
      ? (this.crowds[pathId] ??= crowdOf(this.leaves[pathId] as Leaf[]))
      : undefined;
  }
}

function crowdOf(leaves: readonly Leaf[]): Crowd {
  const byValue = new Map<Scalar, Leaf[]>();
  const byTrail = new Map<Trail, Leaf[]>();
  for (const leaf of leaves) {
    push(byValue, leaf.value, leaf);
    push(byTrail, leaf.trail, leaf);
  }
  const numbers = Float64Array.from([...byValue.keys()].filter((value) => typeof value === 'number')).sort();
  return { byValue, byTrail, numbers, free: byTrail.has(noTrail), list: commonList(leaves) };
}

function commonList(leaves: readonly Leaf[]): number {
  const list = leaves[0]?.trail[0] ?? -1;
  for (const { trail } of leaves) if (trail.length !== 2 || trail[0] !== list) return -1;
  return list;
}

function push<Key>(map: Map<Key, Leaf[]>, key: Key, leaf: Leaf): void {
  const list = map.get(key);
  if (list) list.push(leaf);
  else map.set(key, [leaf]);
}

/** Walks one top-level attribute, which may be missing from the event or from all rules. */
function top(step: Step | undefined, value: JsonValue | undefined, fields: Fields): void {
  if (step && value !== undefined) walk(step, value, noTrail, fields);
}

function walk(step: Step, value: JsonValue, trail: Trail, fields: Fields): void {
  if (value === null || typeof value !== 'object') {
    if (step.pathId >= 0) fields.add(step.pathId, value, trail);
  } else if (Array.isArray(value)) walkList(step, value, trail, fields);
  else if (step.steps) walkObject(step.steps, value, trail, fields);
}

function walkList(step: Step, list: readonly JsonValue[], trail: Trail, fields: Fields): void {
  const id = fields.lists++;
  if (trail.length >= 2 * deepestList) return;
  for (let index = 0; index < list.length; index++) {
    const element = list[index] as JsonValue;
    if (element === null || typeof element !== 'object') walk(step, element, trail, fields);
    else walk(step, element, trail === noTrail ? [id, index] : [...trail, id, index], fields);
  }
}

function walkObject(steps: Map<string, Step>, object: Record<string, JsonValue>, trail: Trail, fields: Fields): void {
  for (const name in object) {
    const next = steps.get(name) ?? (name.includes('.') ? descend(steps, name) : undefined);
    if (next) walk(next, object[name] as JsonValue, trail, fields);
  }
}

/** Follows a name that has dots in it: as in Event Ruler `a.b` is the same path as `b` inside `a`. */
function descend(steps: Map<string, Step>, name: string): Step | undefined {
  let at: Step | undefined = { pathId: -1, steps };
  for (const part of name.split('.')) at = at?.steps?.get(part);
  return at;
}
