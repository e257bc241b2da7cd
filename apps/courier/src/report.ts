/** The one wide line of the log that tells of a claimed delivery. */
import type { Logger } from '#platform/log';
import { attemptMade } from '#platform/metrics';
import type { ClaimedDelivery, Settlement } from '#platform/store';
import type { AttemptResult } from './attempt.ts';
import type { BackendState } from './backend-state.ts';

/** What came of an attempt. */
export interface Attempted {
  result: AttemptResult;
  settlement: Settlement;
  /** Whether the lease still held when it was stored. */
  held: boolean;
}

/** Counts an attempt and tells of it. */
export function reportAttempt(
  log: Logger,
  backend: BackendState,
  delivery: ClaimedDelivery,
  { result, settlement, held }: Attempted,
): void {
  const { outcome, durationMs } = result;
  const type = backend.adapter.manifest.type;
  attemptMade(type, outcome.kind, durationMs);
  const level = settlement.state === 'dead' ? 'warn' : 'info';
  log[level](
    {
      ...namesOf(delivery),
      backendType: type,
      attempt: delivery.attempts,
      outcome: outcome.kind,
      reason: outcome.reason,
      statusCode: outcome.statusCode,
      detail: outcome.kind === 'delivered' ? undefined : outcome.detail,
      durationMs: Math.round(durationMs),
      ...whatFollows(settlement, held),
    },
    'delivery.attempted',
  );
}

/** Tells of a delivery that was decided on without an attempt. */
export function reportWithoutAttempt(
  log: Logger,
  delivery: ClaimedDelivery,
  settlement: Settlement,
  held: boolean,
): void {
  const { kind, reason, detail } = settlement.outcome;
  log.info(
    { ...namesOf(delivery), outcome: kind, reason, detail, ...whatFollows(settlement, held) },
    'delivery.not_attempted',
  );
}

function namesOf({ eventId, id, rule, recipient, backend }: ClaimedDelivery): object {
  return { eventId, deliveryId: id, rule, recipient: recipient ?? undefined, backend };
}

function whatFollows({ state, waitMs, successor, counted }: Settlement, held: boolean): object {
  return {
    state,
    backoffMs: waitMs,
    fallbackTo: successor?.id,
    uncounted: counted ? undefined : true,
    leaseLost: held ? undefined : true,
  };
}
