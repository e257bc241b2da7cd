/** Rules made ready to plan with: what does not depend on the event is read once. */
import type { NotifyStep, Rule } from '#contract';
import { hasLiquid, readTarget, type Target } from '#domain/rules';

/** One `to` of a rule: read already, or to be rendered for each event. */
export type ReadyTarget = { text: string; target: Target | string; way: readonly string[] } | { text: string };

/** One notify step of a rule. */
export interface ReadyStep {
  step: NotifyStep;
  targets: readonly ReadyTarget[];
}

/** Whom a rule tells, and whom instead. */
export interface ReadyRule {
  notify: readonly ReadyStep[];
  otherwise: readonly ReadyStep[];
  /** Whether any of it tells the followers of a subject, which take a look into the database. */
  hasFollowers: boolean;
}

/** Whom a rule tells, as it is stored. */
export type Telling = { [Part in 'notify' | 'otherwise']?: Rule['notify'] | undefined };

const known = new WeakMap<Telling, ReadyRule>();

/** A rule made ready: when it first matches, and then for as long as it stays as it is. It must not be changed in place. */
export function readyRule(rule: Telling): ReadyRule {
  const found = known.get(rule);
  if (found) return found;
  const [notify, otherwise] = [readySteps(rule.notify), readySteps(rule.otherwise)];
  const ready = { notify, otherwise, hasFollowers: [...notify, ...otherwise].some(tellsFollowers) };
  known.set(rule, ready);
  return ready;
}

/** Prepares notify steps. */
export function readySteps(steps: readonly NotifyStep[] = []): ReadyStep[] {
  return steps.map((step) => ({ step, targets: step.to.map(readyTarget) }));
}

/** Whether a step tells the followers of a subject. */
export function tellsFollowers({ step }: ReadyStep): boolean {
  return step.to.some(isFollowers);
}

/** Whether a target is `followers:…`; Liquid never stands before the colon. */
export function isFollowers(text: string): boolean {
  return /^\s*followers\s*:/.test(text);
}

/** How a trail names a target. */
export function nameOf(target: Exclude<Target, { kind: 'room' }>): string {
  switch (target.kind) {
    case 'role':
      return `role:${target.role}`;
    case 'attribute':
      return `attr:${target.name}=${target.value}`;
    case 'followers':
      return `followers:${target.subject}`;
    default:
      return `${target.kind}:${target.slug}`;
  }
}

/** The way that begins with a target. */
export function wayOf(target: Target | string): readonly string[] {
  if (typeof target === 'string') return [];
  return [target.kind === 'room' ? `room:${target.backend}/${target.to}` : nameOf(target)];
}

function readyTarget(text: string): ReadyTarget {
  if (hasLiquid(text)) return { text };
  const target = readTarget(text);
  return { text, target, way: wayOf(target) };
}
