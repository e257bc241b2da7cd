/** In which places two states of a definition differ. */
import { toPointer, type Difference, type JsonValue } from '#contract';

/** Most differences that are told of one definition; beyond them the whole of it is told as one. */
const mostDifferences = 500;

/**
 * Compares two JSON values; absent stands for nothing at all. Lists are compared place by place, so what was put in front
 * shows as a change of every place behind it. Empty when the values are the same.
 */
export function differencesOf(before: JsonValue | undefined, after: JsonValue | undefined): Difference[] {
  const found: Difference[] = [];
  compare(before, after, [], found);
  return found.length > mostDifferences ? [difference([], before, after)] : found;
}

function compare(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path: readonly string[],
  found: Difference[],
): void {
  if (before === after || found.length > mostDifferences) return;
  if (!isTree(before) || !isTree(after) || Array.isArray(before) !== Array.isArray(after)) {
    found.push(difference(path, before, after));
    return;
  }
  const [old, now] = [before as Record<string, JsonValue>, after as Record<string, JsonValue>];
  for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
    compare(ownOf(old, key), ownOf(now, key), [...path, key], found);
  }
}

function ownOf(tree: Record<string, JsonValue>, key: string): JsonValue | undefined {
  return Object.hasOwn(tree, key) ? tree[key] : undefined;
}

function isTree(value: JsonValue | undefined): value is JsonValue[] | Record<string, JsonValue> {
  return typeof value === 'object' && value !== null;
}

function difference(path: readonly string[], before: JsonValue | undefined, after: JsonValue | undefined): Difference {
  return {
    pointer: toPointer(path),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}
