/** From what came of an attempt to what follows: the settlement that is stored. */
import type { RetryPolicy } from '#contract';
import { decide } from '#domain/delivery';
import { newId, type ClaimedDelivery, type Settlement } from '#platform/store';
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
}

/** Decides what follows an attempt. */
export function settlementOf(delivery: ClaimedDelivery, result: AttemptResult, terms: SettlingTerms): Settlement {
  const candidates = delivery.fallbacks?.next.filter((address) => terms.exists(address.backend)) ?? [];
  const step = decide({
    outcome: result.outcome,
    attempt: delivery.attempts - delivery.attemptsBefore,
    openedAtMs: delivery.openedAt.getTime(),
    nowMs: Date.now(),
    retry: policyOf(delivery, terms.backend, candidates.length > 0),
    random: Math.random(),
  });
  const waitMs = 'waitMs' in step ? (terms.stopped ? 0 : step.waitMs) : undefined;
  return {
    deliveryId: delivery.id,
    lease: terms.lease,
    state: step.state,
    waitMs,
    partsSent: result.partsSent,
    attempt: { id: newId(), number: delivery.attempts, startedAt: result.startedAt, durationMs: result.durationMs },
    outcome: result.outcome,
    successor: step.state === 'dead' ? successorOf(delivery, candidates) : undefined,
  };
}

/** The rule's policy goes over the backend's; while another address is left, patience is shorter. */
function policyOf(delivery: ClaimedDelivery, backend: BackendState, hasFallback: boolean): RetryPolicy {
  const policy = { ...backend.retry, ...delivery.retry };
  if (!hasFallback || !delivery.fallbacks) return policy;
  return { ...policy, maxAgeSeconds: Math.min(policy.maxAgeSeconds ?? Infinity, delivery.fallbacks.giveUpSeconds) };
}

function successorOf(
  delivery: ClaimedDelivery,
  candidates: readonly { backend: string; to: string }[],
): Settlement['successor'] {
  const [next, ...rest] = candidates;
  if (!next || !delivery.fallbacks) return undefined;
  const fallbacks = rest.length > 0 ? { next: rest, giveUpSeconds: delivery.fallbacks.giveUpSeconds } : undefined;
  return { id: newId(), backend: next.backend, to: next.to, fallbacks };
}
