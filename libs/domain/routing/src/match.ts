/** The first half of routing: which rules an event matches, and whose followers they ask for. */
import type { EventFacts, Priority, Rule } from '#contract';
import { renderText } from '#domain/message';
import { hasLiquid, readTarget, type MatchedRule, type WhenFailure } from '#domain/rules';
import type { CompiledBook } from './book.ts';
import { isFollowers, readyRule, tellsFollowers, type ReadyStep } from './ready.ts';
import { viewFor } from './texts.ts';

/** What planning needs of a rule; one that is only tried out need not tell anybody. */
export type PlanningRule = Pick<
  Rule,
  'retry' | 'correlate' | 'validForSeconds' | 'otherwise' | 'priority' | 'workingHours' | 'quietHours'
> & { notify?: Rule['notify'] | undefined };

/** An event, and the rules that it matches. */
export interface MatchedEvent {
  event: EventFacts;
  /** In order of their slugs. */
  rules: readonly MatchedRule<PlanningRule>[];
  /** What was found out about rules on the way, in plain English. */
  notes: readonly string[];
  /** Rules that could not be decided, so that they count as not matched. */
  failures: readonly WhenFailure[];
}

/** Matches an event with the stored rules. */
export function matchEvent(book: CompiledBook, event: EventFacts): MatchedEvent {
  const failures: WhenFailure[] = [];
  const rules = book.rules.match(event, failures);
  const notes = failures.map(({ slug, reason }) => `Rule ${slug} did not match: ${reason}`);
  return { event, rules, notes, failures };
}

/** Subjects whose followers the matched rules may tell: what to look up before planning. */
export function followedSubjects(book: CompiledBook, matched: Iterable<MatchedEvent>): string[] {
  const subjects = new Set<string>();
  const catchAll = book.catchAll.filter(tellsFollowers);
  for (const { event, rules } of matched) {
    for (const { slug, rule } of rules) {
      const ready = readyRule(rule);
      if (ready.hasFollowers) addSubjects(subjects, [...ready.notify, ...ready.otherwise], event, slug);
      if (catchAll.length > 0) addSubjects(subjects, catchAll, event, slug);
    }
  }
  return [...subjects];
}

function addSubjects(subjects: Set<string>, steps: readonly ReadyStep[], event: EventFacts, rule: string): void {
  for (const text of steps.flatMap(({ step }) => step.to).filter(isFollowers)) {
    const target = readTarget(rendered(text, event, rule));
    if (typeof target === 'object' && target.kind === 'followers') subjects.add(target.subject);
  }
}

function rendered(text: string, event: EventFacts, rule: string): string {
  if (!hasLiquid(text)) return text;
  try {
    return renderText(text, viewFor(event, rule));
  } catch {
    // The plan will say so.
    return '';
  }
}

const ranks: Record<Priority, number> = { critical: 0, high: 1, normal: 2, low: 3 };

/** The order in which rules tell people: the most urgent first, then by slug. */
export function inOrderOfPriority(rules: MatchedEvent['rules']): MatchedEvent['rules'] {
  if (rules.every(({ rule }) => rule.priority === undefined)) return rules;
  return rules.toSorted((one, other) => ranks[one.rule.priority ?? 'normal'] - ranks[other.rule.priority ?? 'normal']);
}
