/** Says of an event what the router would do with it, by the very code that the router runs. */
import type { EventFacts, ExplainAnswer, Rule, RuleVerdict } from '#contract';
import { checkPattern, inlineSlug } from '#domain/rules';
import type { CompiledBook } from './book.ts';
import { planEvent, planRules, type PlannedDelivery, type PlannedRoute, type RoutePlan } from './plan.ts';

/** A rule that is tried out without being stored; it may tell nobody. */
export type TriedRule = Omit<Rule, 'notify'> & { notify?: Rule['notify'] | undefined };

/** Answers the verdict of every stored rule, and the deliveries that would be made. */
export function explainEvent(book: CompiledBook, event: EventFacts): ExplainAnswer {
  return answer(book.rules.explain(event), planEvent(book, event));
}

/** Answers the verdict of one rule that is not stored, under the name `(inline)`, and the deliveries it would make. */
export function explainRule(book: CompiledBook, rule: TriedRule, event: EventFacts): ExplainAnswer {
  const verdict = book.rules.explainOne(rule, event);
  const matched = verdict.matched ? [{ slug: inlineSlug, rule }] : [];
  const refused = checkPattern(rule.match).map(
    ({ pointer, detail }) => `This rule would be refused when saved: ${pointer} ${detail}.`,
  );
  return answer([verdict], planRules(book, event, matched, refused));
}

function answer(rules: RuleVerdict[], plan: RoutePlan): ExplainAnswer {
  return { rules, deliveries: plan.deliveries.map(shown), notes: plan.notes };
}

function shown({ rule, recipient, backend, to, toKind, message, fallbacks }: PlannedRoute): PlannedDelivery {
  return { rule, ...(recipient === undefined ? {} : { recipient }), backend, to, toKind, message, fallbacks };
}
