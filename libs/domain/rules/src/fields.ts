/**
 * An event, reduced to the values at the paths that rules ask for. Only those paths are walked, once per event; all
 * rules then look values up by the number of the path.
 */
import type { EventFacts, JsonValue } from '#contract';
import type { Scalar } from './operators.ts';

/** Nested lists deeper than this are not looked into; events are refused at the door long before (see `limits.dataDepth`). */
const deepestList = 100;

/**
 * A value at a path, with the list elements it lies in, outermost first, as pairs: number of the list, index in it.
 * A scalar that is itself an element of a list lies in no element of that list.
 */
export interface Leaf {
  value: Scalar;
  trail: readonly number[];
}

const noTrail: readonly number[] = [];
const noLeaves: readonly Leaf[] = [];

interface Step {
  pathId: number;
  steps: Map<string, Step> | undefined;
}

/** Numbers the paths that rules name, and finds their values in events. */
export class PathTable {
  private readonly root: Step = { pathId: -1, steps: undefined };
  private readonly ids = new Map<string, number>();

  /** How many paths there are; their numbers are 0 to this minus one. */
  get size(): number {
    return this.ids.size;
  }

  /** Answers the number of a path, giving it one when it is new. */
  idOf(path: string): number {
    const known = this.ids.get(path);
    if (known !== undefined) return known;
    let at = this.root;
    for (const name of path.split('.')) {
      at.steps ??= new Map();
      let next = at.steps.get(name);
      if (!next) at.steps.set(name, (next = { pathId: -1, steps: undefined }));
      at = next;
    }
    at.pathId = this.ids.size;
    this.ids.set(path, at.pathId);
    return at.pathId;
  }

  /** Finds the values of all numbered paths in an event and puts them into `fields`, which is emptied first. */
  read(event: EventFacts, fields: Fields): void {
    fields.clear();
    const steps = this.root.steps;
    if (!steps) return;
    const walk = new Walk(fields);
    walk.top(steps.get('type'), event.type);
    walk.top(steps.get('source'), event.source);
    walk.top(steps.get('subject'), event.subject);
    walk.top(steps.get('time'), event.time);
    walk.top(steps.get('correlationKey'), event.correlationKey);
    walk.top(steps.get('extensions'), event.extensions);
    walk.top(steps.get('data'), event.data);
  }
}

/** The values of one event by number of path. Reused from event to event. */
export class Fields {
  /** The numbers of the paths that the event has, each once. */
  readonly present: number[] = [];
  private readonly leaves: (Leaf[] | undefined)[] = [];

  /** Forgets the previous event. */
  clear(): void {
    for (const pathId of this.present) this.leaves[pathId] = undefined;
    this.present.length = 0;
  }

  /** Adds a value of a path. */
  add(pathId: number, leaf: Leaf): void {
    const list = this.leaves[pathId];
    if (list) list.push(leaf);
    else {
      this.leaves[pathId] = [leaf];
      this.present.push(pathId);
    }
  }

  /** Answers the values of a path; none when the event has no such leaf. */
  at(pathId: number): readonly Leaf[] {
    return this.leaves[pathId] ?? noLeaves;
  }
}

/** One walk through one event, along the steps that rules name. */
class Walk {
  private lists = 0;
  private readonly fields: Fields;

  constructor(fields: Fields) {
    this.fields = fields;
  }

  /** Walks one top-level attribute, which may be missing from the event or from all rules. */
  top(step: Step | undefined, value: JsonValue | undefined): void {
    if (step && value !== undefined) this.value(step, value, noTrail);
  }

  private value(step: Step, value: JsonValue, trail: readonly number[]): void {
    if (value === null || typeof value !== 'object') this.leaf(step, value, trail);
    else if (Array.isArray(value)) this.list(step, value, trail);
    else if (step.steps) this.object(step.steps, value, trail);
  }

  private leaf(step: Step, value: Scalar, trail: readonly number[]): void {
    if (step.pathId >= 0) this.fields.add(step.pathId, { value, trail });
  }

  private list(step: Step, list: readonly JsonValue[], trail: readonly number[]): void {
    const id = this.lists++;
    if (trail.length >= 2 * deepestList) return;
    for (let index = 0; index < list.length; index++) {
      const element = list[index] as JsonValue;
      if (element === null || typeof element !== 'object') this.leaf(step, element, trail);
      else this.value(step, element, [...trail, id, index]);
    }
  }

  private object(steps: Map<string, Step>, object: Record<string, JsonValue>, trail: readonly number[]): void {
    for (const name in object) {
      const next = steps.get(name) ?? (name.includes('.') ? descend(steps, name) : undefined);
      if (next) this.value(next, object[name] as JsonValue, trail);
    }
  }
}

/** Follows a name that has dots in it: as in Event Ruler `a.b` is the same path as `b` inside `a`. */
function descend(steps: Map<string, Step>, name: string): Step | undefined {
  let at: Step | undefined = { pathId: -1, steps };
  for (const part of name.split('.')) at = at?.steps?.get(part);
  return at;
}
