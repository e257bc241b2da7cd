/** Says of an event what the router would do with it, by the very code that the router runs. */
import type { EventFacts, ExplainAnswer, Rule, RuleVerdict } from '#contract';
import { checkPattern, inlineSlug } from '#domain/rules';
import type { CompiledBook } from './book.ts';
import type { Circumstances } from './find.ts';
import { matchEvent, type MatchedEvent } from './match.ts';
import { planMatched, type PlannedDelivery, type PlannedRoute, type RoutePlan } from './plan.ts';

/** A rule that is tried out without being stored; it may tell nobody. */
export type TriedRule = Omit<Rule, 'notify'> & { notify?: Rule['notify'] | undefined };

/** An event with the verdicts on it; `followedSubjects` says whose followers its plan needs. */
export interface JudgedEvent extends MatchedEvent {
  verdicts: RuleVerdict[];
}

/** Judges an event by every stored rule. */
export function judgeEvent(book: CompiledBook, event: EventFacts): JudgedEvent {
  return { ...matchEvent(book, event), verdicts: book.rules.explain(event) };
}

/** Judges an event by one rule that is not stored, under the name `(inline)`. */
export function judgeByRule(book: CompiledBook, rule: TriedRule, event: EventFacts): JudgedEvent {
  const verdict = book.rules.explainOne(rule, event);
  const notes = checkPattern(rule.match).map(
    ({ pointer, detail }) => `This rule would be refused when saved: ${pointer} ${detail}.`,
  );
  const rules = verdict.matched ? [{ slug: inlineSlug, rule }] : [];
  return { event, rules, notes, failures: [], verdicts: [verdict] };
}

/** Answers the verdicts on an event, `misses` of them against it at most, and the deliveries that would be made. */
export function explainJudged(
  book: CompiledBook,
  judged: JudgedEvent,
  circumstances: Circumstances,
  misses = Infinity,
): ExplainAnswer {
  const rules = closest(judged.verdicts, misses);
  const left = judged.verdicts.length - rules.length;
  return { ...answer(rules, planMatched(book, judged, circumstances)), ...(left > 0 ? { moreRules: left } : {}) };
}

/**
 * All rules that matched, and of the others those that came closest: by how many fields failed, disabled ones last. In the
 * order in which they were given.
 */
export function closest(verdicts: readonly RuleVerdict[], misses: number): RuleVerdict[] {
  const missed = verdicts.filter(({ matched }) => !matched);
  if (missed.length <= misses) return [...verdicts];
  const distances = new Map(missed.map((verdict) => [verdict, distanceOf(verdict)]));
  const ranked = missed.toSorted((one, other) => distances.get(one)! - distances.get(other)!);
  const shown = new Set(ranked.slice(0, misses));
  return verdicts.filter((verdict) => verdict.matched || shown.has(verdict));
}

/** What kept a rule from matching, as a number; rules that never match are farther than any that could. */
function distanceOf({ failures, reason }: RuleVerdict): number {
  const isOut = reason?.startsWith('The rule ') === true;
  return failures.length + (isOut ? 1_000_000 : 0);
}

/** Answers the verdict of every stored rule, and the deliveries that would be made. */
export function explainEvent(book: CompiledBook, event: EventFacts, circumstances: Circumstances): ExplainAnswer {
  return explainJudged(book, judgeEvent(book, event), circumstances);
}

/** Answers the verdict of one rule that is not stored, under the name `(inline)`, and the deliveries it would make. */
export function explainRule(
  book: CompiledBook,
  rule: TriedRule,
  event: EventFacts,
  circumstances: Circumstances,
): ExplainAnswer {
  return explainJudged(book, judgeByRule(book, rule, event), circumstances);
}

function answer(rules: RuleVerdict[], plan: RoutePlan): ExplainAnswer {
  return { rules, deliveries: plan.deliveries.map(shown), recipients: plan.trail, notes: plan.notes };
}

function shown(planned: PlannedRoute): PlannedDelivery {
  const { rule, recipient, backend, to, toKind, message, fallbacks, notBefore } = planned;
  return {
    rule,
    ...(recipient === undefined ? {} : { recipient }),
    backend,
    to,
    toKind,
    message,
    fallbacks,
    ...(notBefore === undefined ? {} : { notBefore }),
  };
}
