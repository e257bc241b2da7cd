/** The rules that are being matched: their index, changed one by one, and the values of the event at hand. */
import type { EventFacts, Fault, Rule } from '#contract';
import { matchBounds } from './bounds.ts';
import type { Patience } from './consistency.ts';
import { readExpression, type Expression } from './expression.ts';
import { ConditionTable, grown, verdicts } from './condition-table.ts';
import { Fields, PathTable } from './fields.ts';
import { IndexTree } from './index-tree.ts';
import { fits, type PlacedCondition } from './judge.ts';
import { readPattern, type Combination, type Condition } from './pattern.ts';
import { askWhen, checkWhen } from './when.ts';

/** What matching needs of a rule; one that is only tried out may lack the rest. */
export type RuleCondition = Pick<Rule, 'match'> & Partial<Pick<Rule, 'enabled' | 'when'>>;

/** A rule that matched. Treat it as closed: every event that the rule matches is answered with the same object. */
export interface MatchedRule<R = Rule> {
  slug: string;
  rule: R;
}

/** A rule whose pattern matched and whose `when` could not be evaluated, or whose pattern took too many steps. */
export interface WhenFailure {
  slug: string;
  reason: string;
}

/** Why a rule counts as not matched when its patience has run out. */
export const outOfPatience =
  `match took more than ${matchBounds.steps.toLocaleString('en')} steps through the lists of the event; ` +
  'name fewer fields that lie in lists within lists';

/** A rule, read. Never changes, so several sets may share it. */
export interface ReadRule<R> {
  readonly matched: MatchedRule<R>;
  readonly combinations: readonly Combination[];
  readonly when: Expression | undefined;
  readonly faults: readonly Fault[];
}

/**
 * Reads a rule. Tolerant: what does not compile has faults, and never matches. `known` saves reading what many rules ask
 * alike once more for each.
 */
export function readRule<R extends RuleCondition>(
  slug: string,
  rule: R,
  known = new Map<string, Condition>(),
): ReadRule<R> {
  const read = readPattern(rule.match, '/match', { repeatedPaths: 'last-wins', known });
  const expression = rule.when === undefined ? undefined : readExpression(rule.when);
  const faults = typeof expression === 'string' ? [...read.faults, ...checkWhen(rule.when as string)] : read.faults;
  const when = typeof expression === 'string' ? undefined : expression;
  return { matched: { slug, rule }, combinations: read.combinations, when, faults };
}

/** A combination of a rule: how it is known to the index, and its conditions as they are known to the table. */
export interface LiveCombination<R> {
  readonly id: number;
  readonly owner: LiveRule<R>;
  readonly conditionIds: readonly number[];
  readonly conditions: readonly PlacedCondition[];
}

/** A rule among others. */
export interface LiveRule<R> {
  readonly read: ReadRule<R>;
  combinations: readonly LiveCombination<R>[];
  /** Sorts like the slug. */
  order: number;
  /** Number of the event that this rule was last decided for. */
  decidedFor: number;
  /** Number of the event that its patience is meant for. */
  patientFor: number;
  readonly patience: Patience;
}

/** A combination as eight whole numbers: the event it was last seen for, how many conditions it has, and the first six. */
const wholes = 8;
const countAt = 1;
const headAt = 2;
const headed = wholes - headAt;
/** Numbers of events begin anew after this one, the largest that the typed arrays hold. */
const lastEvent = 2 ** 32 - 1;

/** Rules in slug order, with everything that matching needs. */
export class LiveRules<R extends RuleCondition> {
  /** All rules, in slug order. */
  readonly sorted: LiveRule<R>[];
  /** The values of the event that was read last. */
  readonly fields = new Fields();
  private readonly paths = new PathTable();
  private readonly table = new ConditionTable((steps) => this.charge(steps));
  private readonly combinations: (LiveCombination<R> | undefined)[] = [];
  private readonly free: number[] = [];
  private readonly index = new IndexTree((id) => (this.combinations[id] as LiveCombination<R>).conditions);
  private records = new Uint32Array(64 * wholes);
  private eventNumber = 0;
  /** The combination that is being judged. */
  private judging = 0;

  constructor(rules: readonly ReadRule<R>[]) {
    this.sorted = [...rules].sort(bySlug).map((read, order) => this.live(read, order));
    const active = this.sorted.filter(isActive);
    this.index.fill(active.flatMap(({ combinations }) => combinations.map(({ id }) => id)));
  }

  /** Answers a rule by its slug. */
  find(slug: string): LiveRule<R> | undefined {
    const rule = this.sorted[this.placeOf(slug)];
    return rule?.read.matched.slug === slug ? rule : undefined;
  }

  /** Puts another rule, or none, in the place of a slug. Answers what stood there. */
  put(slug: string, read: ReadRule<R> | undefined): ReadRule<R> | undefined {
    const place = this.placeOf(slug);
    const old = this.sorted[place]?.read.matched.slug === slug ? this.sorted[place] : undefined;
    if (old) this.forget(old);
    if (read) {
      const rule = this.live(read, old ? old.order : this.orderAt(place));
      this.sorted.splice(place, old ? 1 : 0, rule);
      // Neighbours so close that no number fits between them: number everything anew.
      if (Number.isNaN(rule.order)) for (const [order, one] of this.sorted.entries()) one.order = order;
      if (isActive(rule)) for (const { id } of rule.combinations) this.index.add(id);
    } else if (old) this.sorted.splice(place, 1);
    return old?.read;
  }

  /** Reads the values of an event for `fields`. */
  look(event: EventFacts): void {
    this.paths.read(event, this.fields);
  }

  /** Answers the rules that match, in slug order. */
  match(event: EventFacts, failures?: WhenFailure[]): MatchedRule<R>[] {
    this.look(event);
    if (this.eventNumber === lastEvent) this.rewind();
    const number = ++this.eventNumber;
    const { ids, count } = this.index.visit(this.fields);
    const matched: LiveRule<R>[] = [];
    for (let index = 0; index < count; index++) {
      const id = ids[index] as number;
      if (this.records[id * wholes] === number) continue;
      this.records[id * wholes] = number;
      const verdict = this.judge(id);
      if (verdict === verdicts.no) continue;
      const combination = this.combinations[id] as LiveCombination<R>;
      const { owner } = combination;
      if (owner.decidedFor === number) continue;
      if (verdict > verdicts.listed && !this.judgeLists(combination, verdict, failures)) continue;
      owner.decidedFor = number;
      if (whenHolds(owner.read, event, failures)) matched.push(owner);
    }
    return inOrder(matched).map(matchedOf);
  }

  /** How many combinations an event has to be judged against; for measuring. */
  candidates(event: EventFacts): number {
    this.look(event);
    return this.index.visit(this.fields).count;
  }

  /** Judges the conditions one by one, as far as that decides it. */
  private judge(id: number): number {
    const { records, table, fields, eventNumber } = this;
    this.judging = id;
    const start = id * wholes + headAt;
    const count = records[id * wholes + countAt] as number;
    if (count > headed) return this.judgeMany((this.combinations[id] as LiveCombination<R>).conditionIds);
    let verdict: number = verdicts.yes;
    for (let at = start; at < start + count; at++) {
      const outcome = table.judge(records[at] as number, fields, eventNumber);
      if (outcome === verdicts.no || outcome === verdicts.exhausted) return outcome;
      // A second condition in lists has to agree with the first.
      if (outcome !== verdicts.yes) verdict = verdict === verdicts.yes ? outcome : verdicts.depends;
    }
    return verdict;
  }

  private judgeMany(conditionIds: readonly number[]): number {
    for (const condition of conditionIds) {
      const outcome = this.table.judge(condition, this.fields, this.eventNumber);
      if (outcome === verdicts.no || outcome === verdicts.exhausted) return outcome;
    }
    return verdicts.depends;
  }

  /** Judges what lies in lists, and says so when that takes too long. */
  private judgeLists(
    { conditions, owner }: LiveCombination<R>,
    verdict: number,
    failures: WhenFailure[] | undefined,
  ): boolean {
    const patience = this.patienceOf(owner);
    if (verdict === verdicts.depends && fits(conditions, this.fields, patience)) return true;
    if (patience.steps < 0) {
      owner.decidedFor = this.eventNumber;
      failures?.push({ slug: owner.read.matched.slug, reason: `${outOfPatience}.` });
    }
    return false;
  }

  private charge(steps: number): boolean {
    const patience = this.patienceOf((this.combinations[this.judging] as LiveCombination<R>).owner);
    patience.steps -= steps;
    return patience.steps >= 0;
  }

  private patienceOf(owner: LiveRule<R>): Patience {
    if (owner.patientFor !== this.eventNumber) {
      owner.patientFor = this.eventNumber;
      owner.patience.steps = matchBounds.steps;
    }
    return owner.patience;
  }

  private live(read: ReadRule<R>, order: number): LiveRule<R> {
    const patience = { steps: matchBounds.steps };
    const owner: LiveRule<R> = { read, combinations: [], order, decidedFor: 0, patientFor: 0, patience };
    owner.combinations = read.combinations.map((conditions) => this.combine(conditions, owner));
    return owner;
  }

  private combine(conditions: Combination, owner: LiveRule<R>): LiveCombination<R> {
    const id = this.free.pop() ?? this.combinations.length;
    if (id * wholes >= this.records.length) this.records = grown(this.records);
    const conditionIds = conditions.map((condition) => this.table.idOf(condition, (path) => this.paths.idOf(path)));
    const start = id * wholes;
    this.records[start] = 0;
    this.records[start + countAt] = conditionIds.length;
    for (let at = 0; at < Math.min(headed, conditionIds.length); at++)
      this.records[start + headAt + at] = conditionIds[at] as number;
    const placed = conditionIds.map((conditionId) => this.table.placed[conditionId] as PlacedCondition);
    const combination: LiveCombination<R> = { id, owner, conditionIds, conditions: placed };
    this.combinations[id] = combination;
    return combination;
  }

  private forget(rule: LiveRule<R>): void {
    for (const { id, conditionIds } of rule.combinations) {
      if (isActive(rule)) this.index.remove(id);
      for (const conditionId of conditionIds) this.table.release(conditionId, (path) => this.paths.release(path));
      this.combinations[id] = undefined;
      this.free.push(id);
    }
  }

  /** Begins counting events anew, as if none had been seen. */
  private rewind(): void {
    this.eventNumber = 0;
    for (let start = 0; start < this.records.length; start += wholes) this.records[start] = 0;
    this.table.rewind();
    for (const rule of this.sorted) rule.decidedFor = rule.patientFor = 0;
  }

  /** Answers where a slug stands, or would stand. */
  private placeOf(slug: string): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.sorted[middle] as LiveRule<R>).read.matched.slug < slug) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Answers a number between those of the neighbours; NaN when there is none left. */
  private orderAt(place: number): number {
    const before = this.sorted[place - 1]?.order;
    const after = this.sorted[place]?.order;
    if (before === undefined) return after === undefined ? 0 : after - 1;
    if (after === undefined) return before + 1;
    const middle = (before + after) / 2;
    return before < middle && middle < after ? middle : NaN;
  }
}

function bySlug(one: ReadRule<unknown>, other: ReadRule<unknown>): number {
  return one.matched.slug < other.matched.slug ? -1 : 1;
}

/** Sorts rules. For the few that usually match, this is quicker than the general way. */
function inOrder<R>(rules: LiveRule<R>[]): LiveRule<R>[] {
  if (rules.length > 24) return rules.sort((one, other) => one.order - other.order);
  for (let next = 1; next < rules.length; next++) {
    const rule = rules[next] as LiveRule<R>;
    let at = next;
    for (; at > 0 && (rules[at - 1] as LiveRule<R>).order > rule.order; at--) rules[at] = rules[at - 1] as LiveRule<R>;
    rules[at] = rule;
  }
  return rules;
}

function matchedOf<R>(rule: LiveRule<R>): MatchedRule<R> {
  return rule.read.matched;
}

function isActive({ read }: LiveRule<RuleCondition>): boolean {
  return read.matched.rule.enabled !== false && read.faults.length === 0;
}

function whenHolds(read: ReadRule<unknown>, event: EventFacts, failures: WhenFailure[] | undefined): boolean {
  if (!read.when) return true;
  const answer = askWhen(read.when, event);
  if ('holds' in answer) return answer.holds;
  failures?.push({ slug: read.matched.slug, reason: `when could not be evaluated: ${answer.error}.` });
  return false;
}
