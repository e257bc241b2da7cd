/** What hangs on one path in one node of the index: items by the anchors under which they are found. */
import type { Fields } from './fields.ts';
import { anchorKeys, type Anchor, type Scalar } from './operators.ts';
import { Ranges } from './ranges.ts';

/** The numbers of the items that a visit has found. Reused from event to event, so it has a count of its own. */
export class Found {
  readonly ids: number[] = [];
  count = 0;
  /** Number of the visit. */
  visit = 0;

  /** Begins the next visit. */
  begin(): void {
    this.count = 0;
    this.visit += 1;
  }

  /** Adds items. */
  addAll(ids: readonly number[]): void {
    for (let index = 0; index < ids.length; index++) this.ids[this.count++] = ids[index] as number;
  }
}

/** The items of one anchor, by number: a few in a list, or more of them told apart by a node of their own. */
export interface Bucket {
  ids: number[];
  below: Below | undefined;
  /** Number of the visit that saw it last; a list in the event must not make it be seen once per element. */
  seenIn: number;
}

/** What tells the items of a large bucket apart. */
export interface Below {
  readonly size: number;
  collect(fields: Fields, found: Found): void;
  add(id: number): void;
  remove(id: number): boolean;
}

/** How many items a bucket holds. */
export function sizeOf(bucket: Bucket | undefined): number {
  return bucket ? bucket.ids.length + (bucket.below?.size ?? 0) : 0;
}

function gather(bucket: Bucket, fields: Fields, found: Found): void {
  if (bucket.seenIn === found.visit) return;
  bucket.seenIn = found.visit;
  if (bucket.below) bucket.below.collect(fields, found);
  else found.addAll(bucket.ids);
}

/** Texts by length, so that a value is cut once per length and not compared with every text. */
class Affixes {
  readonly byText = new Map<string, Bucket>();
  private readonly lengths: number[] = [];
  private readonly perLength = new Map<number, number>();

  set(text: string, bucket: Bucket): void {
    const count = this.perLength.get(text.length) ?? 0;
    if (count === 0) this.lengths.push(text.length);
    this.perLength.set(text.length, count + 1);
    this.byText.set(text, bucket);
  }

  delete(text: string): void {
    if (!this.byText.delete(text)) return;
    const count = (this.perLength.get(text.length) as number) - 1;
    this.perLength.set(text.length, count);
    if (count === 0) this.lengths.splice(this.lengths.indexOf(text.length), 1);
  }

  collect(value: string, fromEnd: boolean, fields: Fields, found: Found): void {
    for (const length of this.lengths) {
      if (length > value.length) continue;
      const text = fromEnd ? value.slice(value.length - length) : value.slice(0, length);
      const bucket = this.byText.get(text);
      if (bucket) gather(bucket, fields, found);
    }
  }
}

/** What hangs on one path. */
export class PathAnchors {
  readonly pathId: number;
  private values: Map<Scalar, Bucket> | undefined;
  private ips: Map<string, Bucket> | undefined;
  private caseless: Map<string, Bucket> | undefined;
  private prefixes: Affixes | undefined;
  private suffixes: Affixes | undefined;
  private ranges: Ranges<Bucket> | undefined;
  private always: Bucket | undefined;
  private readonly hit: Bucket[] = [];
  private buckets = 0;
  /** Whether more than values hang here, so that finding the bucket of a value is not all. */
  private mixed = false;

  constructor(pathId: number) {
    this.pathId = pathId;
  }

  /** Whether nothing hangs here any more. */
  get empty(): boolean {
    return this.buckets === 0;
  }

  /** Answers the bucket of an anchor. */
  find(anchor: Anchor): Bucket | undefined {
    if (anchor.by === 'value') return this.values?.get(anchor.key);
    if (anchor.by === 'range') return this.ranges?.get(anchor.low, anchor.high);
    if (anchor.by === 'presence') return this.always;
    if (anchor.by === 'ip') return this.ips?.get(anchor.key);
    if (anchor.by === 'caseless') return this.caseless?.get(anchor.key);
    return (anchor.by === 'prefix' ? this.prefixes : this.suffixes)?.byText.get(anchor.key);
  }

  /** Answers the bucket of an anchor, made when it is missing. */
  make(anchor: Anchor): Bucket {
    const known = this.find(anchor);
    if (known) return known;
    const bucket: Bucket = { ids: [], below: undefined, seenIn: 0 };
    this.buckets += 1;
    if (anchor.by !== 'value') this.mixed = true;
    this.put(anchor, bucket);
    return bucket;
  }

  private put(anchor: Anchor, bucket: Bucket): void {
    if (anchor.by === 'value') (this.values ??= new Map()).set(anchor.key, bucket);
    else if (anchor.by === 'range') (this.ranges ??= new Ranges()).add(anchor.low, anchor.high, bucket);
    else if (anchor.by === 'presence') this.always = bucket;
    else if (anchor.by === 'ip') (this.ips ??= new Map()).set(anchor.key, bucket);
    else if (anchor.by === 'caseless') (this.caseless ??= new Map()).set(anchor.key, bucket);
    else if (anchor.by === 'prefix') (this.prefixes ??= new Affixes()).set(anchor.key, bucket);
    else (this.suffixes ??= new Affixes()).set(anchor.key, bucket);
  }

  /** Forgets the bucket of an anchor, which must be there. */
  drop(anchor: Anchor): void {
    this.buckets -= 1;
    if (anchor.by === 'value') this.values?.delete(anchor.key);
    else if (anchor.by === 'range') this.ranges?.delete(anchor.low, anchor.high);
    else if (anchor.by === 'presence') this.always = undefined;
    else if (anchor.by === 'ip') this.ips?.delete(anchor.key);
    else if (anchor.by === 'caseless') this.caseless?.delete(anchor.key);
    else (anchor.by === 'prefix' ? this.prefixes : this.suffixes)?.delete(anchor.key);
  }

  /** Collects what the values that the event has at this path are enough for. */
  collect(fields: Fields, found: Found): void {
    if (this.always) gather(this.always, fields, found);
    if (fields.counts[this.pathId] === 1) return this.collectValue(fields.values[this.pathId] as Scalar, fields, found);
    const crowd = fields.crowd(this.pathId);
    if (!crowd) {
      for (const leaf of fields.at(this.pathId)) this.collectValue(leaf.value, fields, found);
      return;
    }
    for (const value of crowd.byValue.keys()) if (typeof value !== 'number') this.collectValue(value, fields, found);
    this.collectNumbers(crowd.numbers, fields, found);
  }

  private collectValue(value: Scalar, fields: Fields, found: Found): void {
    const equal = this.values?.get(value);
    if (equal) gather(equal, fields, found);
    if (!this.mixed) return;
    if (typeof value === 'string') this.collectText(value, fields, found);
    else if (typeof value === 'number' && this.ranges) {
      this.hit.length = 0;
      this.ranges.find(value, this.hit);
      for (const bucket of this.hit) gather(bucket, fields, found);
    }
  }

  /** Asks each range once for all numbers, instead of each number for its ranges, which would multiply. */
  private collectNumbers(numbers: Float64Array, fields: Fields, found: Found): void {
    if (this.values)
      for (const number of numbers) {
        const equal = this.values.get(number);
        if (equal) gather(equal, fields, found);
      }
    if (!this.ranges || numbers.length === 0) return;
    this.hit.length = 0;
    this.ranges.findAny(numbers, this.hit);
    for (const bucket of this.hit) gather(bucket, fields, found);
  }

  private collectText(value: string, fields: Fields, found: Found): void {
    this.prefixes?.collect(value, false, fields, found);
    this.suffixes?.collect(value, true, fields, found);
    const sameLetters = this.caseless?.get(anchorKeys.caseless(value));
    if (sameLetters) gather(sameLetters, fields, found);
    const address = this.ips && anchorKeys.ip(value);
    const sameAddress = address === undefined ? undefined : this.ips?.get(address);
    if (sameAddress) gather(sameAddress, fields, found);
  }
}
