/** From what came of a claimed delivery to what follows: the settlement that is stored. */
import type { Outcome, RetryPolicy } from '#contract';
import { decide, resolveRetry, type Step } from '#domain/delivery';
import { newId, orderKeyOf, type ClaimedDelivery, type Settlement, type Successor } from '#platform/store';
import type { AttemptResult } from './attempt.ts';
import type { BackendState } from './backend-state.ts';

/** What the decision needs besides the attempt. */
export interface SettlingTerms {
  lease: string;
  backend: BackendState;
  /** Whether a backend of this name exists now: only such an address can take over. */
  exists(backend: string): boolean;
  /** Whether the attempt was cut short by our own stop; then the next one need not wait. */
  stopped: boolean;
  /** Whether it was a probe of a backend that is down; then only a clear answer counts as an attempt. */
  isProbe: boolean;
}

type Ending = Pick<Settlement, 'state' | 'waitMs' | 'counted' | 'dropPatience'>;

/** Decides what follows an attempt. */
export function settlementOf(delivery: ClaimedDelivery, result: AttemptResult, terms: SettlingTerms): Settlement {
  const { outcome } = result;
  const candidates = candidatesOf(delivery, terms);
  const step = decide({
    outcome,
    attempt: delivery.attempts - delivery.attemptsBefore,
    openedAtMs: delivery.openedAt.getTime(),
    nowMs: Date.now(),
    patienceEndsAtMs: patienceEndsAt(delivery, candidates.length > 0, outcome),
    retry: policyOf(delivery, terms.backend),
    random: Math.random(),
  });
  const ending = endingOf(step, delivery, terms);
  return { ...settled(delivery, result, terms, ending), successor: successorFor(ending, delivery, candidates) };
}

function endingOf(step: Step, delivery: ClaimedDelivery, terms: SettlingTerms): Ending {
  if (step.state === 'held') return { ...untouched(delivery), counted: false };
  const waitMs = 'waitMs' in step ? (terms.stopped ? 0 : step.waitMs) : undefined;
  const unclear = terms.isProbe && step.state === 'retrying';
  return { state: step.state, waitMs, counted: !unclear };
}

/** A delivery that is given back as if nothing had been tried. */
function untouched({ attempts }: ClaimedDelivery): Pick<Settlement, 'state' | 'waitMs'> {
  return { state: attempts > 1 ? 'retrying' : 'pending', waitMs: undefined };
}

/** Decides on a delivery that cannot or need not be attempted: its news is stale, or another address is to take over. */
export function settlementWithoutAttempt(
  delivery: ClaimedDelivery,
  outcome: Outcome,
  terms: SettlingTerms,
): Settlement {
  const candidates = candidatesOf(delivery, terms);
  const expired = isExpired(delivery);
  const takesOver = !expired && candidates.length > 0 && isPatienceOver(delivery);
  const ending: Ending = expired
    ? { state: 'suppressed', waitMs: undefined, counted: false }
    : takesOver
      ? { state: 'dead', waitMs: undefined, counted: false }
      : { ...untouched(delivery), counted: false, dropPatience: isPatienceOver(delivery) };
  const said = expired ? expiredOutcome(delivery) : outcome;
  return {
    ...settled(delivery, notAttempted(delivery, said), terms, ending),
    successor: successorFor(ending, delivery, candidates),
  };
}

/** Decides on a delivery to somebody who is offline: wait until seen, or until patience, age or worth is over. */
export function settlementWhileOffline(delivery: ClaimedDelivery, outcome: Outcome, terms: SettlingTerms): Settlement {
  const candidates = candidatesOf(delivery, terms);
  const holds = delivery.whenOffline !== 'fallback' || candidates.length === 0;
  const maxAgeMs = resolveRetry(policyOf(delivery, terms.backend)).maxAgeSeconds * 1000;
  const ends = [delivery.openedAt.getTime() + maxAgeMs, delivery.validUntil?.getTime() ?? Infinity];
  if (!holds) ends.push(delivery.giveUpAt?.getTime() ?? Infinity);
  const waitMs = Math.min(...ends) - Date.now();
  if (isExpired(delivery)) return settlementWithoutAttempt(delivery, outcome, terms);
  const ending: Ending =
    waitMs > 0
      ? { state: 'waiting', waitMs, counted: false, dropPatience: holds }
      : { state: 'dead', waitMs: undefined, counted: false };
  return {
    ...settled(delivery, notAttempted(delivery, outcome), terms, ending),
    successor: successorFor(ending, delivery, holds ? [] : candidates),
  };
}

/** Whether the news is no longer worth delivering. */
export function isExpired({ validUntil }: ClaimedDelivery): boolean {
  return validUntil !== null && validUntil.getTime() <= Date.now();
}

/** Whether this address was tried for as long as it may while another is left. */
export function isPatienceOver({ giveUpAt }: ClaimedDelivery): boolean {
  return giveUpAt !== null && giveUpAt.getTime() <= Date.now();
}

function expiredOutcome({ validUntil }: ClaimedDelivery): Outcome {
  const detail = `It was worth delivering until ${validUntil?.toISOString() ?? 'now'} (validForSeconds of the rule).`;
  return { kind: 'permanent', reason: 'expired', detail };
}

function notAttempted({ partsSent }: ClaimedDelivery, outcome: Outcome): AttemptResult {
  return { outcome, startedAt: new Date(), durationMs: 0, partsSent };
}

function settled(
  delivery: ClaimedDelivery,
  { outcome, startedAt, durationMs, partsSent }: AttemptResult,
  { lease }: SettlingTerms,
  ending: Ending,
): Omit<Settlement, 'successor'> {
  const attempt = { id: newId(), number: delivery.attempts, startedAt, durationMs };
  return { deliveryId: delivery.id, lease, ...ending, partsSent, attempt, outcome };
}

/** The rule's policy goes over the backend's. */
function policyOf(delivery: ClaimedDelivery, backend: BackendState): RetryPolicy {
  return { ...backend.retry, ...delivery.retry };
}

/** While another address is left, patience may be shorter than the policy; somebody who is held for is waited for regardless. */
function patienceEndsAt(delivery: ClaimedDelivery, hasFallback: boolean, outcome: Outcome): number | undefined {
  if (!hasFallback || !delivery.giveUpAt) return undefined;
  if (outcome.kind === 'recipientOffline' && delivery.whenOffline === 'hold') return undefined;
  return delivery.giveUpAt.getTime();
}

type Address = { backend: string; to: string };

function candidatesOf(delivery: ClaimedDelivery, terms: SettlingTerms): Address[] {
  return delivery.fallbacks?.next.filter((address) => terms.exists(address.backend)) ?? [];
}

function successorFor(
  ending: Ending,
  delivery: ClaimedDelivery,
  candidates: readonly Address[],
): Successor | undefined {
  const [next, ...rest] = candidates;
  if (ending.state !== 'dead' || !next || !delivery.fallbacks) return undefined;
  const fallbacks = rest.length > 0 ? { next: rest, giveUpSeconds: delivery.fallbacks.giveUpSeconds } : undefined;
  const { toKind, correlationKey } = delivery;
  return { id: newId(), ...next, fallbacks, orderKey: orderKeyOf({ ...next, toKind, correlationKey }) };
}
