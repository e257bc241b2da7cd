/** Judges one combination against the values of an event: all its conditions, within the same elements of lists. */
import { consistent, type Finding, type Patience } from './consistency.ts';
import type { Fields, Leaf, Trail } from './fields.ts';
import type { Condition } from './pattern.ts';

/** A condition with the number of its path. */
export interface PlacedCondition {
  condition: Condition;
  pathId: number;
}

/** Work below this many comparisons is not worth accounting for. */
const smallChange = 10_000;

/** Answers how many steps judging a condition takes, where there are many values and many comparisons for each. */
export function priceOf({ condition, pathId }: PlacedCondition, fields: Fields): number {
  const price = (fields.counts[pathId] as number) * condition.effort;
  return price > smallChange ? price : 0;
}

/** How a condition stands by itself; with `…InLists` it depends on the elements that other conditions choose. */
export type Holding = 'yes' | 'no' | 'inLists' | 'absentInLists';

/** Judges one condition by itself. */
export function holding({ condition, pathId }: PlacedCondition, fields: Fields): Holding {
  const count = fields.counts[pathId];
  if (!count) return condition.absent ? 'yes' : 'no';
  if (count > 1) return holdingOfMany({ condition, pathId }, fields);
  const free = (fields.trails[pathId] as Trail).length === 0;
  if (condition.accepts(fields.values[pathId] as Leaf['value'])) return free ? 'yes' : 'inLists';
  return condition.absent && !free ? 'absentInLists' : 'no';
}

function holdingOfMany(placed: PlacedCondition, fields: Fields): Holding {
  const { condition, pathId } = placed;
  const free = fields.crowd(pathId)?.free ?? fields.at(pathId).some((leaf) => leaf.trail.length === 0);
  const good = goodByValue(placed, fields);
  let accepted = false;
  for (const leaf of good ?? fields.at(pathId)) {
    if (accepted && leaf.trail.length > 0) continue;
    if (!good && !condition.accepts(leaf.value)) continue;
    if (leaf.trail.length === 0) return 'yes';
    accepted = true;
    if (!free) break;
  }
  if (accepted) return 'inLists';
  return condition.absent && !free ? 'absentInLists' : 'no';
}

/** Looks the accepted values up among many, where that is shorter than going through all of them. */
function goodByValue({ condition, pathId }: PlacedCondition, fields: Fields): Leaf[] | undefined {
  if (!condition.onlyValues) return undefined;
  const crowd = fields.crowd(pathId);
  if (!crowd || condition.values.size > crowd.byValue.size) return undefined;
  const good: Leaf[] = [];
  for (const value of condition.values) {
    const leaves = crowd.byValue.get(value);
    if (leaves) for (const leaf of leaves) good.push(leaf);
  }
  return good;
}

function goodLeaves(placed: PlacedCondition, fields: Fields): readonly Leaf[] {
  return goodByValue(placed, fields) ?? fields.at(placed.pathId).filter((leaf) => placed.condition.accepts(leaf.value));
}

/**
 * Tells whether an event satisfies all conditions of a combination. `patience` bounds the steps that lists within lists
 * may take; when it has run out, the answer is no.
 */
export function fits(conditions: readonly PlacedCondition[], fields: Fields, patience: Patience): boolean {
  let inLists = 0;
  let absences = 0;
  for (let index = 0; index < conditions.length; index++) {
    const placed = conditions[index] as PlacedCondition;
    patience.steps -= priceOf(placed, fields);
    if (patience.steps < 0) return false;
    const how = holding(placed, fields);
    if (how === 'no') return false;
    if (how === 'yes') continue;
    inLists += 1;
    if (placed.condition.absent) absences += how === 'absentInLists' ? 2 : 1;
  }
  // A single condition has nothing to agree with, unless it needs another to choose the element in which its field is absent.
  if (inLists === 0 || (inLists === 1 && absences < 2)) return true;
  const flat = absences === 0 ? fitsFlat(conditions, fields, patience) : undefined;
  return flat ?? consistent(findings(conditions, fields, patience), patience);
}

/**
 * The usual case, answered at once: no absences, and all values that lie in lists lie directly in the elements of one
 * list. `undefined` where it is not so simple.
 */
function fitsFlat(conditions: readonly PlacedCondition[], fields: Fields, patience: Patience): boolean | undefined {
  const inside = conditions.filter((placed) => holding(placed, fields) === 'inLists');
  const list = fields.listOf((inside[0] as PlacedCondition).pathId);
  if (list < 0 || inside.some(({ pathId }) => fields.listOf(pathId) !== list)) return undefined;
  // Whoever can be looked up by value goes first: its few elements are all that the others have to be asked for.
  const first = inside.find((placed) => placed.condition.onlyValues) ?? (inside[0] as PlacedCondition);
  const others = inside.filter((placed) => placed !== first);
  const good = goodByValue(first, fields);
  // Values of the same element come one after the other; what the others say of it need not be asked again.
  let refused: Trail | undefined;
  for (const { value, trail } of good ?? fields.at(first.pathId)) {
    if (trail === refused || (!good && !first.condition.accepts(value))) continue;
    if (patience.steps < 0) return false;
    if (others.every((other) => heldAt(other, trail, fields, patience))) return true;
    refused = trail;
  }
  return false;
}

/** Tells whether a condition accepts a value directly in one element. */
function heldAt({ condition, pathId }: PlacedCondition, trail: Trail, fields: Fields, patience: Patience): boolean {
  const crowd = fields.crowd(pathId);
  const leaves = crowd ? (crowd.byTrail.get(trail) ?? []) : fields.at(pathId);
  patience.steps -= leaves.length;
  return leaves.some((leaf) => leaf.trail === trail && condition.accepts(leaf.value));
}

function findings(conditions: readonly PlacedCondition[], fields: Fields, patience: Patience): Finding[] {
  return conditions.map((placed) => {
    const all = fields.at(placed.pathId);
    patience.steps -= all.length;
    return { absent: placed.condition.absent, all, good: goodLeaves(placed, fields) };
  });
}
