/** All rules, compiled: which of them match an event, and why the others do not. */
import type { EventFacts, Fault, Rule, RuleVerdict } from '#contract';
import {
  LiveRules,
  readRule,
  type MatchedRule,
  type ReadRule,
  type RuleCondition,
  type WhenFailure,
} from './live-rules.ts';
import type { Condition } from './pattern.ts';
import { verdictOf } from './verdict.ts';

/** The name under which a rule is judged that is not stored. */
export const inlineSlug = '(inline)';

/** One change of a set: a rule that is new or different, or `undefined` for one that is gone. */
export type RuleChange<R extends RuleCondition = Rule> = readonly [slug: string, rule: R | undefined];

/** A compiled set of rules. */
export interface RuleSet<R extends RuleCondition = Rule> {
  /** Rules that do not compile, by slug. They never match, and harm no other rule. */
  readonly faults: ReadonlyMap<string, readonly Fault[]>;
  /**
   * Answers the rules that match, in slug order; disabled ones never do. Where `when` fails at run time, or the pattern
   * takes too many steps, the rule does not match, and the reason is added to `failures`.
   */
  match(event: EventFacts, failures?: WhenFailure[]): MatchedRule<R>[];
  /** Says of every rule, in slug order and disabled ones too, whether it matches and what keeps it from matching. */
  explain(event: EventFacts): RuleVerdict[];
  /** Says it of one rule: a stored one by its slug, or one that is not stored. `undefined` for an unknown slug. */
  explainOne(rule: string, event: EventFacts): RuleVerdict | undefined;
  explainOne(rule: RuleCondition, event: EventFacts): RuleVerdict;
  /**
   * Answers the set with some rules changed, at a cost that follows the changes. This set stays what it was, but hands
   * its index over: the next question to it builds one anew, which costs about as much as compiling. So update the newest set only,
   * and for a second line of changes beside it compile a set of its own.
   */
  update(changes: Iterable<RuleChange<R>>): RuleSet<R>;
  /** How many combinations of conditions are looked at for an event; for measuring the index. */
  candidates(event: EventFacts): number;
}

/** What became of a set that was updated: its successor, and what stood there before. */
interface Successor<R extends RuleCondition> {
  set: CompiledRuleSet<R>;
  before: ReadonlyMap<string, ReadRule<R> | undefined>;
}

class CompiledRuleSet<R extends RuleCondition> implements RuleSet<R> {
  readonly faults: ReadonlyMap<string, readonly Fault[]>;
  private live: LiveRules<R> | undefined;
  private successor: Successor<R> | undefined;

  constructor(live: LiveRules<R>, faults: ReadonlyMap<string, readonly Fault[]>) {
    this.live = live;
    this.faults = faults;
  }

  match(event: EventFacts, failures?: WhenFailure[]): MatchedRule<R>[] {
    return this.own().match(event, failures);
  }

  explain(event: EventFacts): RuleVerdict[] {
    const rules = this.own();
    rules.look(event);
    return rules.sorted.map((rule) => verdictOf(rule, event, rules.fields));
  }

  explainOne(rule: RuleCondition, event: EventFacts): RuleVerdict;
  explainOne(rule: string, event: EventFacts): RuleVerdict | undefined;
  explainOne(rule: string | RuleCondition, event: EventFacts): RuleVerdict | undefined {
    if (typeof rule !== 'string') return compileRules([[inlineSlug, rule]]).explain(event)[0];
    const rules = this.own();
    const known = rules.find(rule);
    if (!known) return undefined;
    rules.look(event);
    return verdictOf(known, event, rules.fields);
  }

  update(changes: Iterable<RuleChange<R>>): RuleSet<R> {
    const live = this.own();
    const before = new Map<string, ReadRule<R> | undefined>();
    const faults = new Map(this.faults);
    // All are read before the first is put in its place, so that nothing is half done should the changes throw.
    const read = Array.from(changes, ([slug, rule]) => [slug, rule && readRule(slug, rule)] as const);
    for (const [slug, rule] of read) {
      const old = live.put(slug, rule);
      if (!before.has(slug)) before.set(slug, old);
      if (rule && rule.faults.length > 0) faults.set(slug, rule.faults);
      else faults.delete(slug);
    }
    const set = new CompiledRuleSet(live, faults);
    this.live = undefined;
    this.successor = { set, before };
    return set;
  }

  candidates(event: EventFacts): number {
    return this.own().candidates(event);
  }

  /** Answers the rules of this very set, built anew where a successor has taken them over. */
  private own(): LiveRules<R> {
    if (!this.live) {
      this.live = new LiveRules(this.recall());
      this.successor = undefined;
    }
    return this.live;
  }

  /** Goes to the newest set, and from there back through what each update has replaced. */
  private recall(): ReadRule<R>[] {
    let step = this.successor as Successor<R>;
    const replaced = [step.before];
    while (step.set.successor) {
      step = step.set.successor;
      replaced.push(step.before);
    }
    const rules = new Map(step.set.own().sorted.map(({ read }) => [read.matched.slug, read]));
    for (const before of replaced.reverse()) {
      for (const [slug, read] of before) {
        if (read) rules.set(slug, read);
        else rules.delete(slug);
      }
    }
    return [...rules.values()];
  }
}

/** Compiles rules. Tolerant: a rule that does not compile is listed in `faults` and harms only itself. */
export function compileRules<R extends RuleCondition>(rules: Iterable<readonly [slug: string, rule: R]>): RuleSet<R> {
  const read = new Map<string, ReadRule<R>>();
  const faults = new Map<string, readonly Fault[]>();
  const known = new Map<string, Condition>();
  for (const [slug, rule] of rules) read.set(slug, readRule(slug, rule, known));
  for (const [slug, rule] of read) if (rule.faults.length > 0) faults.set(slug, rule.faults);
  return new CompiledRuleSet(new LiveRules([...read.values()]), faults);
}
