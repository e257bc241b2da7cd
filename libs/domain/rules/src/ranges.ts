/**
 * Closed ranges of numbers, of which those that hold a value are found without asking the others: a search tree by lower
 * bound that knows the highest upper bound below each node, balanced by random priorities (a treap).
 */

interface RangeNode<Item> {
  readonly low: number;
  readonly high: number;
  readonly item: Item;
  readonly priority: number;
  /** Highest upper bound of this node and those below it. */
  top: number;
  left: RangeNode<Item> | undefined;
  right: RangeNode<Item> | undefined;
}

/** A map from ranges to items, asked by value. */
export class Ranges<Item> {
  private root: RangeNode<Item> | undefined;
  /** State of a xorshift generator. A fixed seed makes every run alike; no input can choose its own priorities. */
  private random = 0x9e3779b9;

  /** Tells whether nothing is left. */
  get empty(): boolean {
    return this.root === undefined;
  }

  /** Answers the item of exactly this range. */
  get(low: number, high: number): Item | undefined {
    let at = this.root;
    while (at) {
      const order = compare(low, high, at);
      if (order === 0) return at.item;
      at = order < 0 ? at.left : at.right;
    }
    return undefined;
  }

  /** Adds a range that is not there yet. */
  add(low: number, high: number, item: Item): void {
    this.random ^= this.random << 13;
    this.random ^= this.random >>> 17;
    this.random ^= this.random << 5;
    const node = { low, high, item, priority: this.random, top: high, left: undefined, right: undefined };
    this.root = insert(this.root, node);
  }

  /** Takes a range out. */
  delete(low: number, high: number): void {
    this.root = remove(this.root, low, high);
  }

  /** Appends the items of all ranges that hold one of many values, which come sorted. */
  findAny(sorted: Float64Array, found: Item[]): void {
    searchAny(this.root, sorted, found);
  }

  /** Appends the items of all ranges that hold the value. */
  find(value: number, found: Item[]): void {
    search(this.root, value, found);
  }
}

function compare<Item>(low: number, high: number, node: RangeNode<Item>): number {
  if (low !== node.low) return low < node.low ? -1 : 1;
  return high === node.high ? 0 : high < node.high ? -1 : 1;
}

function insert<Item>(at: RangeNode<Item> | undefined, node: RangeNode<Item>): RangeNode<Item> {
  if (!at) return node;
  if (node.priority > at.priority) {
    [node.left, node.right] = split(at, node);
    return settle(node);
  }
  if (compare(node.low, node.high, at) < 0) at.left = insert(at.left, node);
  else at.right = insert(at.right, node);
  return settle(at);
}

type Pair<Item> = [RangeNode<Item> | undefined, RangeNode<Item> | undefined];

/** Cuts a tree into what comes before a node and what comes after it. */
function split<Item>(at: RangeNode<Item> | undefined, by: RangeNode<Item>): Pair<Item> {
  if (!at) return [undefined, undefined];
  if (compare(by.low, by.high, at) < 0) {
    const [before, after] = split(at.left, by);
    at.left = after;
    return [before, settle(at)];
  }
  const [before, after] = split(at.right, by);
  at.right = before;
  return [settle(at), after];
}

function remove<Item>(at: RangeNode<Item> | undefined, low: number, high: number): RangeNode<Item> | undefined {
  if (!at) return undefined;
  const order = compare(low, high, at);
  if (order === 0) return join(at.left, at.right);
  if (order < 0) at.left = remove(at.left, low, high);
  else at.right = remove(at.right, low, high);
  return settle(at);
}

function join<Item>(
  left: RangeNode<Item> | undefined,
  right: RangeNode<Item> | undefined,
): RangeNode<Item> | undefined {
  if (!left || !right) return left ?? right;
  if (left.priority > right.priority) {
    left.right = join(left.right, right);
    return settle(left);
  }
  right.left = join(left, right.left);
  return settle(right);
}

/** Works out `top` anew from the nodes right below. */
function settle<Item>(node: RangeNode<Item>): RangeNode<Item> {
  let top = node.high;
  if (node.left && node.left.top > top) top = node.left.top;
  if (node.right && node.right.top > top) top = node.right.top;
  node.top = top;
  return node;
}

function search<Item>(at: RangeNode<Item> | undefined, value: number, found: Item[]): void {
  let node = at;
  while (node && node.top >= value) {
    search(node.left, value, found);
    if (node.low > value) return;
    if (value <= node.high) found.push(node.item);
    node = node.right;
  }
}

function searchAny<Item>(at: RangeNode<Item> | undefined, sorted: Float64Array, found: Item[]): void {
  if (!at) return;
  searchAny(at.left, sorted, found);
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < at.low) low = middle + 1;
    else high = middle;
  }
  if (low < sorted.length && (sorted[low] as number) <= at.high) found.push(at.item);
  searchAny(at.right, sorted, found);
}
