import type { Outcome, RetryPolicy } from '#contract';
import { nextWaitMs, resolveRetry } from './backoff.ts';

/**
 * What becomes of a delivery after an attempt. `waitMs` is the time until the next one, in milliseconds. `held`: nothing was
 * wrong with the delivery, but with its backend; it waits until that is well again, and the attempt does not count.
 */
export type Step =
  { state: 'delivered' } | { state: 'retrying' | 'waiting'; waitMs: number } | { state: 'held' } | { state: 'dead' };

/** All that the decision depends on. */
export interface Situation {
  outcome: Outcome;
  /** Number of the attempt that had this outcome, counted from 1. */
  attempt: number;
  /** When the delivery was made or last redriven, in milliseconds since 1970; its age counts from here. */
  openedAtMs: number;
  /** Now, in milliseconds since 1970. */
  nowMs: number;
  /** Until when this address is tried while another is left, in milliseconds since 1970. Absent: no other is left. */
  patienceEndsAtMs?: number | undefined;
  retry: RetryPolicy | undefined;
  /** In [0, 1); spreads the waits. */
  random: number;
}

/** Waits for somebody who is offline: with jitter they stay between one and five minutes. */
const offlineSchedule = { scheduleSeconds: [70, 110, 160, 215, 270] };

/**
 * Decides what follows from an outcome.
 *
 * - `delivered` and `permanent` end the delivery.
 * - `backendDown` and `authBroken` hold it, however old it is, unless another address is left and patience is over.
 * - `recipientOffline` waits one to five minutes, growing; everything else waits by the schedule.
 * - A wait that the backend asked for replaces both, to the millisecond. A wait of nothing counts as not asked for.
 * - When the next attempt would come after the maximum age or the end of patience, the delivery is dead now. A wait that the
 *   backend asked for is kept even then, since the backend promised to be back: one attempt is made after it, and is the last,
 *   because a delivery that is past its age gets no further wait.
 */
export function decide(situation: Situation): Step {
  const { outcome, attempt, openedAtMs, nowMs, patienceEndsAtMs = Infinity, retry, random } = situation;
  if (outcome.kind === 'delivered') return { state: 'delivered' };
  if (outcome.kind === 'permanent') return { state: 'dead' };
  if (outcome.kind === 'backendDown' || outcome.kind === 'authBroken')
    return nowMs < patienceEndsAtMs ? { state: 'held' } : { state: 'dead' };
  const diesAtMs = Math.min(openedAtMs + resolveRetry(retry).maxAgeSeconds * 1000, patienceEndsAtMs);
  const state = outcome.kind === 'recipientOffline' ? 'waiting' : 'retrying';
  const asked = outcome.retryAfterMs ?? 0;
  if (asked > 0) return nowMs < diesAtMs ? { state, waitMs: asked } : { state: 'dead' };
  const waitMs = nextWaitMs(state === 'waiting' ? offlineSchedule : retry, attempt, random);
  return nowMs + waitMs <= diesAtMs ? { state, waitMs } : { state: 'dead' };
}
