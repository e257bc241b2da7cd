/** Turns an event into the deliveries that its matched rules ask for. Nothing in here throws for what an event or a rule says. */
import type { EventFacts, ExplainAnswer, Priority, RetryPolicy, TrailEntry, WhenOffline } from '#contract';
import type { CompiledBook } from './book.ts';
import type { Circumstances } from './find.ts';
import { inOrderOfPriority, matchEvent, type MatchedEvent } from './match.ts';
import { Plan } from './planner.ts';

/** A delivery as explanations show it. */
export type PlannedDelivery = ExplainAnswer['deliveries'][number];

/** A delivery that is to be made, with all that the courier needs to know of the rule. */
export interface PlannedRoute extends PlannedDelivery {
  /** The policy of the rule over that of the backend; absent when neither has one. */
  retry?: RetryPolicy;
  /** Rendered from the rule's `correlate`, else the event's own. */
  correlationKey?: string;
  /** With fallbacks: how long this address is tried before the next one, in seconds. */
  giveUpSeconds?: number;
  /** What the step says about a person who is offline; absent when it says nothing, and for rooms. */
  whenOffline?: WhenOffline;
  /** How long after its acceptance the event is worth delivering, in seconds; absent when the rule sets no bound. */
  validForSeconds?: number;
  /** Of the rule; absent when it is `normal`. */
  priority?: Priority;
}

/** What is to be done about an event. */
export interface RoutePlan {
  /** Slugs of the rules that matched, sorted. */
  rules: string[];
  deliveries: PlannedRoute[];
  /** What could not be done, and why, in plain English. */
  notes: string[];
  /** Whom the rules meant, by which way, and what became of them. */
  trail: TrailEntry[];
}

/** Plans an event by the stored rules. */
export function planEvent(book: CompiledBook, event: EventFacts, circumstances: Circumstances): RoutePlan {
  return planMatched(book, matchEvent(book, event), circumstances);
}

/** Plans an event by rules that are known to match. */
export function planMatched(book: CompiledBook, matched: MatchedEvent, circumstances: Circumstances): RoutePlan {
  const plan = new Plan(book, matched.event, circumstances);
  for (const note of matched.notes) plan.notes.add(note);
  for (const { slug, rule } of inOrderOfPriority(matched.rules)) plan.addRule(slug, rule);
  const { entries, dropped } = plan.trail;
  if (dropped > 0)
    plan.notes.insist(`The list of recipients ends after ${entries.length}; ${dropped} more are not in it.`);
  return {
    rules: matched.rules.map(({ slug }) => slug),
    deliveries: plan.deliveries,
    notes: plan.notes.all(),
    trail: entries,
  };
}
