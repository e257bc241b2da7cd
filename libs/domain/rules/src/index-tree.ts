/**
 * Finds the combinations that an event could satisfy, without running their conditions. Each combination hangs on the one
 * of its conditions that the fewest others share, under the anchors of its tests. Where many hang on the same anchor, they
 * are told apart below it by a second condition, then by a third. Built at once or changed one by one, the answer is the same
 * or larger than what matches; only how much larger depends on the order.
 */
import { Found, PathAnchors, sizeOf, type Below, type Bucket } from './anchors.ts';
import type { Fields } from './fields.ts';
import type { PlacedCondition } from './judge.ts';
import type { Anchor } from './operators.ts';
import type { Condition } from './pattern.ts';

/** Answers the conditions of an item by its number. */
export type ConditionsOf = (id: number) => readonly PlacedCondition[];

/** Buckets up to this size are not worth telling apart. */
const smallBucket = 4;

/** In how many buckets of deeper nodes one item may be. Lists of values multiply from node to node. */
const mostCopies = 64;

/** How often items are told apart on the way down. */
const deepestNode = 4;

/** How many tests of a condition are counted. For a long list of values the first ones speak for all. */
const countedTests = 16;

/** How much dearer a candidate of this kind of anchor is, because it will more often be looked at in vain. */
const weights: Record<Anchor['by'], number> = {
  value: 1,
  ip: 1,
  caseless: 1,
  prefix: 2,
  suffix: 2,
  range: 2,
  presence: 4,
};

/** Says how many other items share an anchor. */
type Sharing = (pathId: number, anchor: Anchor) => number;

/** Counts how many conditions share each anchor. */
class Tally {
  private readonly counts = new Map<string, number>();
  readonly sharing: Sharing = (pathId, anchor) => this.counts.get(nameOf(pathId, anchor)) ?? 0;

  count({ condition, pathId }: PlacedCondition, by: 1 | -1): void {
    for (const { anchor } of counted(condition)) {
      const name = nameOf(pathId, anchor);
      const count = (this.counts.get(name) ?? 0) + by;
      if (count > 0) this.counts.set(name, count);
      else this.counts.delete(name);
    }
  }
}

function nameOf(pathId: number, anchor: Anchor): string {
  // All ranges of a path count as one: how many of them hold a value cannot be told beforehand.
  if (anchor.by === 'presence' || anchor.by === 'range') return `${pathId} ${anchor.by}`;
  return `${pathId} ${anchor.by} ${typeof anchor.key} ${String(anchor.key)}`;
}

function counted({ tests }: Condition): Condition['tests'] {
  return tests.length > countedTests ? tests.slice(0, countedTests) : tests;
}

function costOf({ condition, pathId }: PlacedCondition, sharing: Sharing): number {
  let cost = 0;
  for (const { anchor } of counted(condition)) cost += sharing(pathId, anchor) * weights[anchor.by];
  return cost * Math.max(1, condition.tests.length / countedTests);
}

/** One place where items are told apart. */
class Node implements Below {
  size = 0;
  private readonly paths: PathAnchors[] = [];
  private readonly byPath = new Map<number, PathAnchors>();
  /** What cannot be told apart any further. */
  private readonly rest: number[] = [];
  private readonly conditionsOf: ConditionsOf;
  /** The paths by which items were told apart on the way here. */
  private readonly used: readonly number[];

  constructor(conditionsOf: ConditionsOf, used: readonly number[]) {
    this.conditionsOf = conditionsOf;
    this.used = used;
  }

  /** Visits everything here that the event might satisfy. */
  collect(fields: Fields, found: Found): void {
    if (this.rest.length > 0) found.addAll(this.rest);
    const { paths } = this;
    const { present, counts } = fields;
    if (paths.length <= present.length) {
      for (let index = 0; index < paths.length; index++) {
        const anchors = paths[index] as PathAnchors;
        if (counts[anchors.pathId] !== 0) anchors.collect(fields, found);
      }
    } else {
      for (let index = 0; index < present.length; index++)
        this.byPath.get(present[index] as number)?.collect(fields, found);
    }
  }

  /** Adds many items at once, each where the fewest others are. */
  fill(ids: readonly number[], sharing: Sharing): void {
    const touched = new Map<Bucket, number>();
    for (const id of ids) {
      const chosen = this.choose(id, sharing);
      if (!chosen) this.rest.push(id);
      else for (const bucket of this.hang(id, chosen)) touched.set(bucket, chosen.pathId);
    }
    this.size += ids.length;
    for (const [bucket, pathId] of touched) this.divide(bucket, pathId);
  }

  /** Adds one item. Without `sharing`, the sizes of the buckets say where the fewest others are. */
  add(id: number, sharing?: Sharing): void {
    const occupancy: Sharing = (pathId, anchor) => sizeOf(this.byPath.get(pathId)?.find(anchor));
    const chosen = this.choose(id, sharing ?? occupancy);
    this.size += 1;
    if (!chosen) this.rest.push(id);
    else for (const bucket of this.hang(id, chosen)) this.divide(bucket, chosen.pathId);
  }

  /** Takes an item out; answers whether it was here. */
  remove(id: number): boolean {
    const here = take(this.rest, id) || this.conditionsOf(id).some((placed) => this.unhang(id, placed));
    if (here) this.size -= 1;
    return here;
  }

  private choose(id: number, sharing: Sharing): PlacedCondition | undefined {
    const conditions = this.conditionsOf(id);
    let best: PlacedCondition | undefined;
    let bestCost = Infinity;
    const most = this.used.length === 0 ? Infinity : mostCopies / this.copies(conditions);
    for (const placed of conditions) {
      const { condition, pathId } = placed;
      if (condition.absent || condition.tests.length > most || this.used.includes(pathId)) continue;
      const cost = costOf(placed, sharing);
      if (cost < bestCost) [best, bestCost] = [placed, cost];
    }
    return best;
  }

  /** In how many buckets an item is by the time it gets here. */
  private copies(conditions: readonly PlacedCondition[]): number {
    let copies = 1;
    for (const { condition, pathId } of conditions) {
      if (this.used.includes(pathId)) copies *= condition.tests.length;
    }
    return copies;
  }

  /** Puts an item under each anchor of a condition; answers the buckets that took it themselves. */
  private hang(id: number, { condition, pathId }: PlacedCondition): Bucket[] {
    let anchors = this.byPath.get(pathId);
    if (!anchors) {
      this.byPath.set(pathId, (anchors = new PathAnchors(pathId)));
      this.paths.push(anchors);
    }
    const taken = new Set<Bucket>();
    for (const { anchor } of condition.tests) taken.add(anchors.make(anchor));
    const own: Bucket[] = [];
    for (const bucket of taken) {
      if (bucket.below) bucket.below.add(id);
      else {
        bucket.ids.push(id);
        own.push(bucket);
      }
    }
    return own;
  }

  private unhang(id: number, { condition, pathId }: PlacedCondition): boolean {
    const anchors = this.byPath.get(pathId);
    if (!anchors || condition.absent || this.used.includes(pathId)) return false;
    let found = false;
    for (const { anchor } of condition.tests) {
      const bucket = anchors.find(anchor);
      if (!bucket) continue;
      const taken = bucket.below ? bucket.below.remove(id) : take(bucket.ids, id);
      // An item hangs under all anchors of one condition, so a miss under the first says that it hangs on another.
      if (!taken && !found) return false;
      found = true;
      if (sizeOf(bucket) === 0) anchors.drop(anchor);
    }
    if (anchors.empty) {
      this.byPath.delete(pathId);
      this.paths.splice(this.paths.indexOf(anchors), 1);
    }
    return found;
  }

  /** Gives a bucket that has grown too large a node of its own. */
  private divide(bucket: Bucket, pathId: number): void {
    if (bucket.below || bucket.ids.length <= smallBucket || this.used.length === deepestNode) return;
    const node = new Node(this.conditionsOf, [...this.used, pathId]);
    const tally = new Tally();
    for (const id of bucket.ids)
      for (const placed of this.conditionsOf(id))
        if (!placed.condition.absent && !node.used.includes(placed.pathId)) tally.count(placed, 1);
    node.fill(bucket.ids, tally.sharing);
    bucket.below = node;
    bucket.ids = [];
  }
}

function take(list: number[], id: number): boolean {
  const at = list.indexOf(id);
  if (at < 0) return false;
  list[at] = list[list.length - 1] as number;
  list.pop();
  return true;
}

/** The index of a changing set of items, each known by a number. */
export class IndexTree {
  private readonly root: Node;
  private readonly tally = new Tally();
  private readonly found = new Found();
  private readonly conditionsOf: ConditionsOf;

  constructor(conditionsOf: ConditionsOf) {
    this.conditionsOf = conditionsOf;
    this.root = new Node(conditionsOf, []);
  }

  /** Adds items to an index that has none yet. */
  fill(ids: readonly number[]): void {
    for (const id of ids) this.count(id, 1);
    this.root.fill(ids, this.tally.sharing);
  }

  /** Adds an item. */
  add(id: number): void {
    this.count(id, 1);
    this.root.add(id, this.tally.sharing);
  }

  /** Takes an item out that is there, while its conditions are still known. */
  remove(id: number): void {
    this.root.remove(id);
    this.count(id, -1);
  }

  /**
   * Answers every item that the event might satisfy, some of them more than once. The answer holds until the next call; its
   * numbers beyond `count` mean nothing.
   */
  visit(fields: Fields): Found {
    this.found.begin();
    this.root.collect(fields, this.found);
    return this.found;
  }

  private count(id: number, by: 1 | -1): void {
    for (const placed of this.conditionsOf(id)) this.tally.count(placed, by);
  }
}
