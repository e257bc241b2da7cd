/**
 * Finds the combinations that an event could satisfy without running their conditions. Each combination hangs on one of
 * its conditions, the one that the fewest others share, under the values that satisfy it.
 */
import type { Fields } from './fields.ts';
import { anchorKeys, type Anchor, type Scalar } from './operators.ts';
import type { Condition } from './pattern.ts';

/** A condition with the number of its path. */
export interface PlacedCondition {
  condition: Condition;
  pathId: number;
}

/** Something that can be found by its conditions. */
export interface Anchored {
  conditions: readonly PlacedCondition[];
}

/** Texts by length, so that a value is cut once per length and not compared with every text. */
class Affixes<Item> {
  private readonly lengths: number[] = [];
  private readonly byText = new Map<string, Item[]>();

  add(text: string, item: Item): void {
    if (!this.lengths.includes(text.length)) this.lengths.push(text.length);
    push(this.byText, text, item);
  }

  visit(value: string, cut: (value: string, length: number) => string, visit: (item: Item) => void): void {
    for (const length of this.lengths) {
      if (length <= value.length) this.byText.get(cut(value, length))?.forEach(visit);
    }
  }
}

/** What hangs on one path. */
class PathAnchors<Item> {
  private readonly values = new Map<Scalar, Item[]>();
  private ips: Map<string, Item[]> | undefined;
  private caseless: Map<string, Item[]> | undefined;
  private prefixes: Affixes<Item> | undefined;
  private suffixes: Affixes<Item> | undefined;
  private readonly always: Item[] = [];

  add(anchor: Anchor, item: Item): void {
    if (anchor.by === 'value') push(this.values, anchor.key, item);
    else if (anchor.by === 'ip') push((this.ips ??= new Map()), anchor.key, item);
    else if (anchor.by === 'caseless') push((this.caseless ??= new Map()), anchor.key, item);
    else if (anchor.by === 'prefix') (this.prefixes ??= new Affixes()).add(anchor.key, item);
    else if (anchor.by === 'suffix') (this.suffixes ??= new Affixes()).add(anchor.key, item);
    else this.always.push(item);
  }

  /** Visits what any value of the path is enough for. */
  visitAlways(visit: (item: Item) => void): void {
    this.always.forEach(visit);
  }

  /** Visits what hangs on this value. */
  visitValue(value: Scalar, visit: (item: Item) => void): void {
    this.values.get(value)?.forEach(visit);
    if (typeof value !== 'string') return;
    this.prefixes?.visit(value, head, visit);
    this.suffixes?.visit(value, tail, visit);
    this.caseless?.get(anchorKeys.caseless(value))?.forEach(visit);
    if (!this.ips) return;
    const address = anchorKeys.ip(value);
    if (address !== undefined) this.ips.get(address)?.forEach(visit);
  }
}

function head(value: string, length: number): string {
  return value.slice(0, length);
}

function tail(value: string, length: number): string {
  return value.slice(value.length - length);
}

function push<Key, Item>(map: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}

/** How much dearer a candidate of this kind of anchor is, because it will more often be looked at in vain. */
const weights: Record<Anchor['by'], number> = { value: 1, ip: 1, caseless: 1, prefix: 2, suffix: 2, presence: 4 };

function anchorName(pathId: number, anchor: Anchor): string {
  if (anchor.by === 'presence') return `${pathId}`;
  return `${pathId} ${anchor.by} ${typeof anchor.key} ${String(anchor.key)}`;
}

/** The index of a set of combinations. */
export class AnchorIndex<Item extends Anchored> {
  private readonly paths: (PathAnchors<Item> | undefined)[] = [];
  private readonly unanchored: Item[] = [];

  constructor(items: readonly Item[]) {
    const shared = new Map<string, number>();
    for (const { condition, pathId } of items.flatMap((item) => item.conditions)) {
      for (const { anchor } of condition.tests) {
        const name = anchorName(pathId, anchor);
        shared.set(name, (shared.get(name) ?? 0) + 1);
      }
    }
    for (const item of items) this.place(item, shared);
  }

  private place(item: Item, shared: ReadonlyMap<string, number>): void {
    let best: PlacedCondition | undefined;
    let bestCost = Infinity;
    for (const placed of item.conditions) {
      if (placed.condition.absent) continue;
      let cost = 0;
      for (const { anchor } of placed.condition.tests) {
        cost += (shared.get(anchorName(placed.pathId, anchor)) ?? 0) * weights[anchor.by];
      }
      if (cost < bestCost) [best, bestCost] = [placed, cost];
    }
    if (!best) this.unanchored.push(item);
    else {
      const anchors = (this.paths[best.pathId] ??= new PathAnchors());
      for (const { anchor } of best.condition.tests) anchors.add(anchor, item);
    }
  }

  /** Visits every combination that the event might satisfy; some of them more than once. */
  visit(fields: Fields, visit: (item: Item) => void): void {
    this.unanchored.forEach(visit);
    for (const pathId of fields.present) {
      const anchors = this.paths[pathId];
      if (!anchors) continue;
      anchors.visitAlways(visit);
      for (const leaf of fields.at(pathId)) anchors.visitValue(leaf.value, visit);
    }
  }
}
