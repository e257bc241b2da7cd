/** All rules, compiled: which of them match an event, and why the others do not. */
import type { EventFacts, Fault, JsonValue, NearMiss, Rule, RuleVerdict } from '#contract';
import { AnchorIndex, type PlacedCondition } from './anchors.ts';
import { consistent, type Finding } from './consistency.ts';
import { readExpression, type Expression } from './expression.ts';
import { Fields, PathTable } from './fields.ts';
import { readPattern } from './pattern.ts';
import { askWhen, checkWhen } from './when.ts';

/** What matching needs of a rule; one that is only tried out may lack the rest. */
export type RuleCondition = Pick<Rule, 'match'> & Partial<Pick<Rule, 'enabled' | 'when'>>;

/** A rule that matched. */
export interface MatchedRule<R = Rule> {
  slug: string;
  rule: R;
}

/** A rule whose pattern matched and whose `when` could not be evaluated. */
export interface WhenFailure {
  slug: string;
  reason: string;
}

/** The name under which a rule is judged that is not stored. */
export const inlineSlug = '(inline)';

interface CompiledRule<R> extends MatchedRule<R> {
  order: number;
  combinations: readonly CompiledCombination[];
  when: Expression | undefined;
  faults: readonly Fault[];
  /** Number of the event that this rule was last judged for; saves judging it twice. */
  judgedFor: number;
}

interface CompiledCombination {
  conditions: readonly PlacedCondition[];
  owner: CompiledRule<unknown>;
  seenFor: number;
}

/** A compiled set of rules. */
export interface RuleSet<R extends RuleCondition = Rule> {
  /** Rules that do not compile, by slug. They never match, and harm no other rule. */
  readonly faults: ReadonlyMap<string, readonly Fault[]>;
  /**
   * Answers the rules that match, in slug order; disabled ones never do. Where `when` fails at run time the rule does
   * not match, and the reason is added to `failures`.
   */
  match(event: EventFacts, failures?: WhenFailure[]): MatchedRule<R>[];
  /** Says of every rule, in slug order and disabled ones too, whether it matches and what keeps it from matching. */
  explain(event: EventFacts): RuleVerdict[];
  /** Says it of one rule: a stored one by its slug, or one that is not stored. `undefined` for an unknown slug. */
  explainOne(rule: string, event: EventFacts): RuleVerdict | undefined;
  explainOne(rule: RuleCondition, event: EventFacts): RuleVerdict;
}

/** Most values that a verdict quotes for one field. */
const quotedValues = 20;

class CompiledRuleSet<R extends RuleCondition> implements RuleSet<R> {
  readonly faults = new Map<string, readonly Fault[]>();
  private readonly paths = new PathTable();
  private readonly fields = new Fields();
  private readonly rules: readonly CompiledRule<R>[];
  private readonly bySlug: ReadonlyMap<string, CompiledRule<R>>;
  private readonly index: AnchorIndex<CompiledCombination>;
  private eventNumber = 0;

  constructor(entries: Iterable<readonly [string, R]>) {
    const sorted = [...entries].sort(([one], [other]) => (one < other ? -1 : 1));
    this.rules = sorted.map(([slug, rule], order) => this.compile(slug, rule, order));
    this.bySlug = new Map(this.rules.map((rule) => [rule.slug, rule]));
    const live = this.rules.filter((rule) => rule.rule.enabled !== false && rule.faults.length === 0);
    this.index = new AnchorIndex(live.flatMap((rule) => rule.combinations));
  }

  private compile(slug: string, rule: R, order: number): CompiledRule<R> {
    const read = readPattern(rule.match, '/match', { repeatedPaths: 'last-wins' });
    const expression = rule.when === undefined ? undefined : readExpression(rule.when);
    const faults = typeof expression === 'string' ? [...read.faults, ...checkWhen(rule.when as string)] : read.faults;
    if (faults.length > 0) this.faults.set(slug, faults);
    const when = typeof expression === 'string' ? undefined : expression;
    const owner: CompiledRule<R> = { slug, rule, order, combinations: [], when, faults, judgedFor: 0 };
    owner.combinations = read.combinations.map((conditions) => ({
      conditions: conditions.map((condition) => ({ condition, pathId: this.paths.idOf(condition.path) })),
      owner: owner as CompiledRule<unknown>,
      seenFor: 0,
    }));
    return owner;
  }

  match(event: EventFacts, failures?: WhenFailure[]): MatchedRule<R>[] {
    this.paths.read(event, this.fields);
    const number = ++this.eventNumber;
    const matched: CompiledRule<R>[] = [];
    this.index.visit(this.fields, (combination) => {
      if (combination.seenFor === number) return;
      combination.seenFor = number;
      const owner = combination.owner as CompiledRule<R>;
      if (owner.judgedFor === number || !fits(combination.conditions, this.fields)) return;
      owner.judgedFor = number;
      if (whenHolds(owner, event, failures)) matched.push(owner);
    });
    matched.sort((one, other) => one.order - other.order);
    return matched.map(({ slug, rule }) => ({ slug, rule }));
  }

  explain(event: EventFacts): RuleVerdict[] {
    this.paths.read(event, this.fields);
    return this.rules.map((rule) => this.verdict(rule, event));
  }

  explainOne(rule: RuleCondition, event: EventFacts): RuleVerdict;
  explainOne(rule: string, event: EventFacts): RuleVerdict | undefined;
  explainOne(rule: string | RuleCondition, event: EventFacts): RuleVerdict | undefined {
    if (typeof rule !== 'string') return new CompiledRuleSet([[inlineSlug, rule]]).explain(event)[0];
    const known = this.bySlug.get(rule);
    if (!known) return undefined;
    this.paths.read(event, this.fields);
    return this.verdict(known, event);
  }

  private verdict(rule: CompiledRule<R>, event: EventFacts): RuleVerdict {
    const no = { rule: rule.slug, matched: false };
    if (rule.faults.length > 0) {
      const faults = rule.faults.map((fault) => `${fault.pointer} ${fault.detail}`).join('; ');
      return { ...no, failures: [], reason: `The rule cannot work and is left out: ${faults}.` };
    }
    const disabled = rule.rule.enabled === false ? 'The rule is disabled.' : undefined;
    const near = nearest(rule.combinations, this.fields);
    if (near) {
      const reason = disabled ?? near.reason;
      return { ...no, failures: near.failures, ...(reason === undefined ? {} : { reason }) };
    }
    if (disabled) return { ...no, failures: [], reason: `${disabled} Its pattern would match.` };
    const answer = rule.when ? askWhen(rule.when, event) : { holds: true };
    if ('error' in answer) return { ...no, failures: [], reason: `when could not be evaluated: ${answer.error}.` };
    if (!answer.holds) return { ...no, failures: [], reason: `when is false: ${rule.rule.when}` };
    return { rule: rule.slug, matched: true, failures: [] };
  }
}

function whenHolds(rule: CompiledRule<unknown>, event: EventFacts, failures: WhenFailure[] | undefined): boolean {
  if (!rule.when) return true;
  const answer = askWhen(rule.when, event);
  if ('holds' in answer) return answer.holds;
  failures?.push({ slug: rule.slug, reason: `when could not be evaluated: ${answer.error}.` });
  return false;
}

/** Tells whether an event satisfies all conditions of a combination, within the same elements of its lists. */
function fits(conditions: readonly PlacedCondition[], fields: Fields): boolean {
  let inLists = 0;
  let last: Holding = 'yes';
  for (const placed of conditions) {
    const holding = holds(placed, fields);
    if (holding === 'no') return false;
    if (holding === 'yes') continue;
    inLists += 1;
    last = holding;
  }
  // A single condition has nothing to agree with, unless it needs another to choose the element in which its field is absent.
  if (inLists === 0 || (inLists === 1 && last === 'inLists')) return true;
  return consistent(findings(conditions, fields));
}

/** How a condition stands by itself; with `…InLists` it depends on the elements that other conditions choose. */
type Holding = 'yes' | 'no' | 'inLists' | 'absentInLists';

function holds({ condition, pathId }: PlacedCondition, fields: Fields): Holding {
  const leaves = fields.at(pathId);
  if (leaves.length === 0) return condition.absent ? 'yes' : 'no';
  let accepted = false;
  let free = false;
  for (const leaf of leaves) {
    if (leaf.trail.length === 0) free = true;
    else if (accepted) continue;
    if (!condition.accepts(leaf.value)) continue;
    if (leaf.trail.length === 0) return 'yes';
    accepted = true;
  }
  if (accepted) return 'inLists';
  return condition.absent && !free ? 'absentInLists' : 'no';
}

function findings(conditions: readonly PlacedCondition[], fields: Fields): Finding[] {
  return conditions.map(({ condition, pathId }) => {
    const all = fields.at(pathId);
    return { absent: condition.absent, all, good: all.filter((leaf) => condition.accepts(leaf.value)) };
  });
}

interface Nearness {
  failures: NearMiss[];
  reason?: string;
}

/** Answers what keeps the closest combination from fitting; `undefined` when one fits. */
function nearest(combinations: readonly CompiledCombination[], fields: Fields): Nearness | undefined {
  let best: Nearness | undefined;
  for (const { conditions } of combinations) {
    if (fits(conditions, fields)) return undefined;
    const failing = conditions.filter((placed) => holds(placed, fields) === 'no');
    const near: Nearness =
      failing.length > 0
        ? { failures: failing.map((placed) => nearMiss(placed, fields)) }
        : scattered(
            conditions.filter((placed) => holds(placed, fields) !== 'yes'),
            fields,
          );
    if (!best || near.failures.length < best.failures.length) best = near;
  }
  return best;
}

function scattered(conditions: readonly PlacedCondition[], fields: Fields): Nearness {
  return {
    failures: conditions.map((placed) => nearMiss(placed, fields)),
    reason: 'Each of these fields fits, but not within one and the same element of the list.',
  };
}

function nearMiss({ condition, pathId }: PlacedCondition, fields: Fields): NearMiss {
  const values: JsonValue[] = fields.at(pathId).map((leaf) => leaf.value);
  const miss = { path: condition.path, expected: condition.expected };
  if (values.length === 0) return miss;
  return { ...miss, actual: values.length === 1 ? (values[0] as JsonValue) : values.slice(0, quotedValues) };
}

/** Compiles rules. Tolerant: a rule that does not compile is listed in `faults` and harms only itself. */
export function compileRules<R extends RuleCondition>(rules: Iterable<readonly [slug: string, rule: R]>): RuleSet<R> {
  return new CompiledRuleSet(rules);
}
