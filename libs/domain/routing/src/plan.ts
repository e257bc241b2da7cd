/** Turns an event into the deliveries that its matched rules ask for. Nothing in here throws for what an event or a rule says. */
import type {
  Address,
  EventFacts,
  ExplainAnswer,
  NotifyStep,
  Recipient,
  RetryPolicy,
  Rule,
  WhenOffline,
} from '#contract';
import { renderText } from '#domain/message';
import { readTarget, type MatchedRule, type Target, type WhenFailure } from '#domain/rules';
import { readySteps, type CompiledBook, type ReadyTarget } from './book.ts';
import { Notes, wordsOf } from './notes.ts';
import { Texts, viewFor, type Reader } from './texts.ts';

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
}

/** What is to be done about an event. */
export interface RoutePlan {
  /** Slugs of the rules that matched, sorted. */
  rules: string[];
  deliveries: PlannedRoute[];
  /** What could not be done, and why, in plain English. */
  notes: string[];
}

/** How long one address is tried before the next when the rule does not say, in seconds. */
const defaultGiveUpSeconds = 300;

/** Plans an event by the stored rules. */
export function planEvent(book: CompiledBook, event: EventFacts): RoutePlan {
  const failures: WhenFailure[] = [];
  const matched = book.rules.match(event, failures);
  const notes = failures.map(({ slug, reason }) => `Rule ${slug} did not match: ${reason}`);
  return planRules(book, event, matched, notes);
}

/** Plans an event by rules that are known to match. */
export function planRules(
  book: CompiledBook,
  event: EventFacts,
  matched: readonly MatchedRule<PlanningRule>[],
  firstNotes: readonly string[] = [],
): RoutePlan {
  const plan = new Plan(book, event);
  for (const note of firstNotes) plan.notes.add(note);
  for (const { slug, rule } of matched) plan.addRule(slug, rule);
  return { rules: matched.map(({ slug }) => slug), deliveries: plan.deliveries, notes: plan.notes.all() };
}

/** What planning needs of a rule; one that is only tried out need not tell anybody. */
export type PlanningRule = Pick<Rule, 'retry' | 'correlate' | 'validForSeconds'> & {
  notify?: Rule['notify'] | undefined;
};

/** What all deliveries of one rule share. */
interface RuleContext {
  slug: string;
  rule: PlanningRule;
  correlationKey: string | undefined;
}

interface Addressed {
  backend: string;
  to: string;
  toKind: PlannedDelivery['toKind'];
  reader?: Reader;
  fallbacks: readonly Address[];
}

/** A plan in the making. */
class Plan {
  readonly deliveries: PlannedRoute[] = [];
  readonly notes = new Notes();
  private readonly book: CompiledBook;
  private readonly event: EventFacts;
  private readonly texts: Texts;
  /** Rule by address that it tells: one address hears of an event once. */
  private readonly told = new Map<string, string>();

  constructor(book: CompiledBook, event: EventFacts) {
    this.book = book;
    this.event = event;
    this.texts = new Texts(book, event, this.notes);
  }

  /** Adds the deliveries of a matched rule. */
  addRule(slug: string, rule: PlanningRule): void {
    const context: RuleContext = { slug, rule, correlationKey: this.correlationKey(slug, rule) };
    const steps = this.book.steps.get(slug) ?? readySteps(rule.notify ?? []);
    for (const { step, targets } of steps) {
      for (const ready of targets) {
        const target = this.resolve(context, ready);
        if (target) this.addTarget(context, step, target);
      }
    }
  }

  private correlationKey(slug: string, rule: PlanningRule): string | undefined {
    if (rule.correlate === undefined) return this.event.correlationKey;
    try {
      return renderText(rule.correlate, viewFor(this.event, slug)).trim() || this.event.correlationKey;
    } catch (error) {
      this.notes.add(
        `Rule ${slug}: its correlation key could not be rendered (${wordsOf(error)}); the key of the event was used.`,
      );
      return this.event.correlationKey;
    }
  }

  private resolve({ slug }: RuleContext, ready: ReadyTarget): Target | undefined {
    let target: Target | string;
    let text = ready.text;
    try {
      if ('liquid' in ready) text = renderText(ready.text, viewFor(this.event, slug));
      target = 'liquid' in ready ? readTarget(text) : ready.target;
    } catch (error) {
      this.notes.add(
        `Rule ${slug}: nobody was told by ${ready.text}, which could not be rendered (${wordsOf(error)}).`,
      );
      return undefined;
    }
    if (typeof target !== 'string') return target;
    const shown = text === ready.text ? text : `${ready.text}, which gave ${JSON.stringify(text)}`;
    this.notes.add(`Rule ${slug}: nobody was told by ${shown}: it ${target}.`);
    return undefined;
  }

  private addTarget(context: RuleContext, step: NotifyStep, target: Target): void {
    if (target.kind === 'recipient') this.addRecipient(context, step, target.slug);
    else if (target.kind === 'group') this.addGroup(context, step, target.slug);
    else this.addRoom(context, step, target);
  }

  private addGroup(context: RuleContext, step: NotifyStep, group: string): void {
    const members = this.book.members.get(group);
    if (!members) this.notes.add(`Rule ${context.slug}: there is no group ${group}.`);
    else if (members.length === 0) this.notes.add(`Rule ${context.slug}: the group ${group} has no members.`);
    for (const member of members ?? []) this.addRecipient(context, step, member);
  }

  private addRoom(context: RuleContext, step: NotifyStep, room: { backend: string; to: string }): void {
    if (!this.book.backends.has(room.backend)) {
      this.notes.add(`Rule ${context.slug}: there is no backend ${room.backend} for the room ${room.to}.`);
      return;
    }
    this.add(context, step, { backend: room.backend, to: room.to, toKind: 'room', fallbacks: [] });
  }

  private addRecipient(context: RuleContext, step: NotifyStep, slug: string): void {
    const recipient = this.book.recipients.get(slug);
    if (!recipient) {
      this.notes.add(`Rule ${context.slug}: there is no recipient ${slug}.`);
      return;
    }
    const candidates = this.candidates(recipient, step.via);
    const [first, ...others] = candidates;
    if (!first) {
      this.notes.add(`Rule ${context.slug}: ${slug} ${this.lack(recipient, step.via)}.`);
      return;
    }
    const reader: Reader = { slug, recipient };
    if (step.strategy === 'first') this.add(context, step, { ...first, toKind: 'person', reader, fallbacks: others });
    else
      for (const address of candidates)
        this.add(context, step, { ...address, toKind: 'person', reader, fallbacks: [] });
  }

  private candidates(recipient: Recipient, via: NotifyStep['via']): Address[] {
    const existing = recipient.addresses.filter((address) => this.book.backends.has(address.backend));
    return via ? via.flatMap((backend) => existing.filter((address) => address.backend === backend)) : existing;
  }

  private lack(recipient: Recipient, via: NotifyStep['via']): string {
    if (recipient.addresses.length === 0) return 'has no address';
    if (via) return `has no address on ${via.join(', ')}`;
    return `has only addresses on backends that do not exist (${recipient.addresses.map((address) => address.backend).join(', ')})`;
  }

  private add(context: RuleContext, step: NotifyStep, addressed: Addressed): void {
    const { backend, to, toKind, reader, fallbacks } = addressed;
    const key = JSON.stringify([backend, to, toKind]);
    const earlier = this.told.get(key);
    if (earlier !== undefined) {
      const who = reader ? `${reader.slug} (${to} on ${backend})` : `the room ${to} on ${backend}`;
      this.notes.add(`Rule ${context.slug}: ${who} is already told by rule ${earlier}.`);
      return;
    }
    this.told.set(key, context.slug);
    const retry = { ...this.book.backends.get(backend)?.retry, ...context.rule.retry };
    this.deliveries.push({
      rule: context.slug,
      ...(reader ? { recipient: reader.slug } : {}),
      backend,
      to,
      toKind,
      message: this.texts.message(context.slug, step.template, reader),
      fallbacks: fallbacks.map((address) => ({ backend: address.backend, to: address.to })),
      ...(Object.keys(retry).length > 0 ? { retry } : {}),
      ...(context.correlationKey === undefined ? {} : { correlationKey: context.correlationKey }),
      ...(fallbacks.length > 0 ? { giveUpSeconds: step.fallbackAfterSeconds ?? defaultGiveUpSeconds } : {}),
      ...(reader && step.whenOffline !== undefined ? { whenOffline: step.whenOffline } : {}),
      ...(context.rule.validForSeconds === undefined ? {} : { validForSeconds: context.rule.validForSeconds }),
    });
  }
}
