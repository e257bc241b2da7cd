/**
 * Array consistency: values that lie in different elements of the same list must not combine to a match. Works from the
 * outermost list inwards, so the cost follows the number of values, not the number of ways to combine them.
 */
import type { Leaf } from './fields.ts';

/** What one condition found in the event: all values at its path, and those that it accepts. */
export interface Finding {
  /** Whether the condition also holds where the field is absent. */
  absent: boolean;
  all: readonly Leaf[];
  good: readonly Leaf[];
}

/** The steps that one event may still take, each about one value looked at. Below zero everything answers no. */
export interface Patience {
  steps: number;
}

/**
 * Tells whether one choice of list elements satisfies every finding. Findings come sorted by path: an absence is judged
 * within the elements that earlier paths have chosen, and over all elements where none has, as in Event Ruler.
 */
export function consistent(findings: readonly Finding[], patience: Patience): boolean {
  return agree(findings, 0, patience);
}

/** The findings that meet in one list; an optional one is satisfied already, but may still choose an element. */
interface Meeting {
  required: Finding[];
  /** The required findings and the optional one, in the order of their paths. */
  all: Finding[];
}

/** `depth` counts numbers of the trail that are settled already: two for each list. */
function agree(findings: readonly Finding[], depth: number, patience: Patience): boolean {
  const meetings = new Map<number, Meeting>();
  for (const finding of findings) {
    patience.steps -= 1 + finding.all.length + finding.good.length;
    const deeper = finding.good.filter((leaf) => leaf.trail.length > depth);
    const settled = deeper.length < finding.good.length;
    const nearest = deeper[0] ?? finding.all[0];
    if (settled && deeper.length === 0) continue;
    if (!nearest) {
      if (finding.absent) continue;
      return false;
    }
    if (deeper.length === 0 && !couldBeAbsent(finding, depth)) return false;
    const list = nearest.trail[depth] as number;
    let meeting = meetings.get(list);
    if (!meeting) meetings.set(list, (meeting = { required: [], all: [] }));
    if (!settled) meeting.required.push(finding);
    meeting.all.push(settled ? { absent: false, all: deeper, good: deeper } : finding);
  }
  for (const meeting of meetings.values()) if (!meets(meeting, depth, patience)) return false;
  return true;
}

function meets({ required, all }: Meeting, depth: number, patience: Patience): boolean {
  if (required.length === 0 || agreeOnElement(required, depth, patience)) return true;
  // Choosing an element narrows where other fields may be sought, which can only help those that may be absent.
  if (required.length === all.length || !required.some((finding) => finding.absent)) return false;
  return agreeOnElement(all, depth, patience);
}

function couldBeAbsent(finding: Finding, depth: number): boolean {
  return finding.absent && finding.all.every((leaf) => leaf.trail.length > depth);
}

/** The findings of one list: some element of it has to satisfy all of them. */
function agreeOnElement(group: readonly Finding[], depth: number, patience: Patience): boolean {
  const [first, ...rest] = group as [Finding, ...Finding[]];
  // Nothing earlier has chosen an element, so the first field exists and cannot count as absent.
  if (first.good.length === 0) return false;
  if (rest.length === 0) return true;
  const heads = byElement(first.good, depth);
  const tails = rest.map((finding) => ({
    absent: finding.absent,
    all: byElement(finding.all, depth),
    good: byElement(finding.good, depth),
  }));
  for (const [index, good] of heads) {
    if (patience.steps < 0) return false;
    const inside: Finding[] = [{ absent: false, all: good, good }];
    for (const tail of tails) {
      inside.push({ absent: tail.absent, all: tail.all.get(index) ?? [], good: tail.good.get(index) ?? [] });
    }
    if (agree(inside, depth + 2, patience)) return true;
  }
  return false;
}

function byElement(leaves: readonly Leaf[], depth: number): Map<number, Leaf[]> {
  const elements = new Map<number, Leaf[]>();
  for (const leaf of leaves) {
    const index = leaf.trail[depth + 1];
    if (index === undefined) continue;
    const list = elements.get(index);
    if (list) list.push(leaf);
    else elements.set(index, [leaf]);
  }
  return elements;
}
