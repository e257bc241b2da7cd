/** One hop: claimed deliveries through their backend, in batches on both sides. */
import type { Logger } from '#platform/log';
import { attemptMade } from '#platform/metrics';
import type { Queues } from '#platform/queue';
import {
  claimDeliveries,
  createBatcher,
  loadFacts,
  newId,
  releaseDeliveries,
  settleDeliveries,
  type Batcher,
  type ClaimedDelivery,
  type Database,
  type Settlement,
} from '#platform/store';
import { makeAttempt, type AttemptParts, type AttemptResult } from './attempt.ts';
import type { BackendState } from './backend-state.ts';
import type { Gate } from './gate.ts';
import { settlementOf } from './settling.ts';

/** How long a claim holds, beyond the time of one attempt, in milliseconds. */
const leaseSlackMs = 60_000;
/** Longer waits are left to the sweep, which is exact to seconds, instead of sitting in the queue, in milliseconds. */
const longestRungWaitMs = 600_000;
/** The ring comes a little after the delivery is due, so that the claim does not find it too early, in milliseconds. */
const ringAfterDueMs = 25;

/** What delivering needs. */
export interface DeliveringParts extends Omit<AttemptParts, 'underWay'> {
  database: Database;
  queues: Queues;
  log: Logger;
  /** Whether a backend of this name exists now. */
  exists(backend: string): boolean;
  /** Resolves once the backends are those of this version of the book or a newer one. */
  bookAtLeast(version: bigint): Promise<void>;
}

/** A backend that may change while its consumer runs; absent once it is paused or gone. */
export type CurrentBackend = () => BackendState | undefined;

/** The delivering side of a process, shared by all its backends. */
export interface Delivering {
  /** Attempts those of the given deliveries that are due and nobody's; resolves when all are settled. */
  deliver(slug: string, current: CurrentBackend, gate: Gate, deliveryIds: readonly string[]): Promise<void>;
  /** Begins no more attempts; what was claimed for them is given back at once. */
  drain(): void;
  /** Cuts short what is under way, so that it can be settled and tried again elsewhere. */
  abort(): void;
  close(): Promise<void>;
}

/** Makes the delivering side. */
export function createDelivering(parts: DeliveringParts): Delivering {
  const underWay = new Set<AbortController>();
  let draining = false;
  let stopping = false;
  const settler: Batcher<Settlement, boolean> = createBatcher({
    maxWeight: 250,
    // Nobody waits for this but the record itself, so it may gather longer than the door does.
    maxWaitMs: 10,
    maxConcurrent: 2,
    run: (settlements) => settleDeliveries(parts.database, settlements),
  });

  async function settle(tried: Tried, delivery: ClaimedDelivery, lease: string): Promise<void> {
    const { backend, result } = tried;
    const stopped = stopping && result.outcome.kind !== 'delivered';
    const settlement = settlementOf(delivery, result, { lease, backend, exists: parts.exists, stopped });
    const held = await settler.add(settlement);
    report(parts.log, backend, delivery, { result, settlement, held });
    if (held) await ringNext(parts.queues, backend.slug, settlement);
  }

  return {
    deliver: async (slug, current, gate, deliveryIds) => {
      const known = current();
      if (!known) return;
      const { timeoutMs } = known.adapter.manifest.limits;
      const claim = { backend: slug, lease: newId(), leaseMs: timeoutMs + leaseSlackMs };
      const lastStart = Date.now() + leaseSlackMs;
      const { deliveries, bookVersion } = await claimDeliveries(parts.database, deliveryIds, claim);
      if (deliveries.length === 0) return;
      const eventIds = [...new Set(deliveries.map((delivery) => delivery.eventId))];
      const [{ facts }] = await Promise.all([loadFacts(parts.database, eventIds), parts.bookAtLeast(bookVersion)]);
      const leftOver: string[] = [];
      const attempt = async (delivery: ClaimedDelivery): Promise<Tried | undefined> => {
        const backend = current();
        // Nothing new is begun while draining or on a paused backend, nor an attempt that could outlive its lease.
        if (!backend || draining || Date.now() > lastStart) return undefined;
        const event = facts.get(delivery.eventId);
        return { backend, result: await makeAttempt({ ...parts, underWay }, backend, delivery, event) };
      };
      const turn = async (delivery: ClaimedDelivery): Promise<void> => {
        // The gate bounds what the backend sees; storing the outcome must not keep the next message waiting.
        const tried = await gate.run(() => attempt(delivery));
        if (tried) await settle(tried, delivery, claim.lease);
        else leftOver.push(delivery.id);
      };
      await Promise.all(deliveries.map(turn));
      if (leftOver.length === 0) return;
      await releaseDeliveries(parts.database, leftOver, claim.lease);
      await parts.queues.ringDeliver(slug, leftOver);
    },
    drain: () => {
      draining = true;
    },
    abort: () => {
      stopping = true;
      for (const controller of underWay) controller.abort(new DOMException('the courier stops', 'AbortError'));
    },
    close: () => settler.close(),
  };
}

async function ringNext(queues: Queues, backend: string, settlement: Settlement): Promise<void> {
  const { waitMs, successor, deliveryId } = settlement;
  if (successor) await queues.ringDeliver(successor.backend, [successor.id]);
  if (waitMs !== undefined && waitMs <= longestRungWaitMs)
    await queues.ringDeliver(backend, [deliveryId], { delayMs: waitMs + ringAfterDueMs });
}

/** An attempt, and the backend as it was then. */
interface Tried {
  backend: BackendState;
  result: AttemptResult;
}

interface Report {
  result: AttemptResult;
  settlement: Settlement;
  held: boolean;
}

/** The one wide line of an attempt. */
function report(
  log: Logger,
  backend: BackendState,
  delivery: ClaimedDelivery,
  { result, settlement, held }: Report,
): void {
  const { outcome, durationMs } = result;
  const type = backend.adapter.manifest.type;
  attemptMade(type, outcome.kind, durationMs);
  const level = settlement.state === 'dead' ? 'warn' : 'info';
  log[level](
    {
      eventId: delivery.eventId,
      deliveryId: delivery.id,
      rule: delivery.rule,
      recipient: delivery.recipient ?? undefined,
      backend: backend.slug,
      backendType: type,
      attempt: delivery.attempts,
      outcome: outcome.kind,
      reason: outcome.reason,
      statusCode: outcome.statusCode,
      detail: outcome.kind === 'delivered' ? undefined : outcome.detail,
      durationMs: Math.round(durationMs),
      state: settlement.state,
      backoffMs: settlement.waitMs,
      fallbackTo: settlement.successor?.id,
      leaseLost: held ? undefined : true,
    },
    'delivery.attempted',
  );
}
