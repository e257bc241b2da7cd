/** One hop: claimed deliveries through their backend, in batches on both sides. */
import type { EventFacts, Outcome } from '#contract';
import { isAway } from '#platform/http';
import type { Logger } from '#platform/log';
import type { Queues } from '#platform/queue';
import {
  claimDeliveries,
  createBatcher,
  firstInLine,
  loadFacts,
  outOfTurn,
  releaseDeliveries,
  settleDeliveries,
  type Batcher,
  type ClaimedDelivery,
  type Database,
  type Settlement,
} from '#platform/store';
import { setTimeout as pause } from 'node:timers/promises';
import { makeAttempt, type AttemptParts, type AttemptResult } from './attempt.ts';
import type { BackendState } from './backend-state.ts';
import type { Gate } from './gate.ts';
import type { HealthKeeper } from './health-keeper.ts';
import type { Lease, Leases } from './leases.ts';
import type { PresenceAsker } from './presence-asker.ts';
import { reportAttempt, reportWithoutAttempt } from './report.ts';
import {
  isExpired,
  settlementOf,
  settlementWhileOffline,
  settlementWithoutAttempt,
  type SettlingTerms,
} from './settling.ts';

/** Longer waits are left to the sweep, which is exact to seconds, instead of sitting in the queue, in milliseconds. */
const longestRungWaitMs = 600_000;
/** The ring comes a little after the delivery is due, so that the claim does not find it too early, in milliseconds. */
const ringAfterDueMs = 25;
/** Wait for the routing of an event whose deliveries may have to go first, in milliseconds. */
const routingWaitMs = 150;
/** Wait before an outcome is stored again when PostgreSQL was away, in milliseconds; doubles with each failure. */
const storeAgainMs = 100;
/**
 * Longest such wait, in milliseconds: shorter than the sweep takes to find a lease that ended meanwhile, so that whoever sent a
 * message says so before somebody else sends it again.
 */
const longestStoreAgainMs = 400;

/** What delivering needs. */
export interface DeliveringParts extends Omit<AttemptParts, 'underWay'> {
  database: Database;
  queues: Queues;
  log: Logger;
  leases: Leases;
  health: HealthKeeper;
  presence: PresenceAsker;
  /** Whether a backend of this name exists now. */
  exists(backend: string): boolean;
  /** Resolves once the backends are those of this version of the book or a newer one. */
  bookAtLeast(version: bigint): Promise<void>;
}

/** A backend that may change while its consumer runs; absent once it is paused or gone. */
export type CurrentBackend = () => BackendState | undefined;

/** Which deliveries to attempt, and through what. */
export interface Order {
  slug: string;
  current: CurrentBackend;
  gate: Gate;
  ids: readonly string[];
  /** Whether this is the one attempt that finds out if a backend is back. */
  isProbe?: boolean;
}

/** The delivering side of a process, shared by all its backends. */
export interface Delivering {
  /**
   * Attempts those of the given deliveries that are due and nobody's; resolves when all are settled. Answers whether the
   * backend was asked anything.
   */
  deliver(order: Order): Promise<boolean>;
  /** Begins no more attempts; what was claimed for them is given back at once. */
  drain(): void;
  /** Cuts short what is under way, so that it can be settled and tried again elsewhere. */
  abort(): void;
  close(): Promise<void>;
}

/** Makes the delivering side. */
export function createDelivering(parts: DeliveringParts): Delivering {
  return new DeliveringSide(parts);
}

/** One claim while it is worked off. */
interface Work {
  order: Order;
  lease: Lease;
  facts: ReadonlyMap<string, EventFacts>;
  /** Deliveries that were not begun, to be given back. */
  leftOver: string[];
  /** Whether the backend was asked anything. */
  asked: boolean;
}

class DeliveringSide implements Delivering {
  readonly #parts: DeliveringParts;
  readonly #underWay = new Set<AbortController>();
  readonly #settler: Batcher<Settlement, boolean>;
  readonly #liner: Batcher<string, void>;
  #draining = false;
  #stopping = false;

  constructor(parts: DeliveringParts) {
    this.#parts = parts;
    this.#settler = createBatcher({
      maxWeight: 250,
      // Nobody waits for this but the record itself, so it may gather longer than the door does.
      maxWaitMs: 10,
      maxConcurrent: 2,
      run: (settlements) => this.#store(settlements),
    });
    this.#liner = createBatcher({
      maxWeight: 250,
      maxWaitMs: 5,
      maxConcurrent: 2,
      run: (orderKeys) => this.#ringFirstInLine(orderKeys),
    });
  }

  async deliver(order: Order): Promise<boolean> {
    const known = order.current();
    if (!known) return false;
    const { database, leases } = this.#parts;
    const lease = leases.open();
    const { deliveries, bookVersion } = await claimDeliveries(database, order.ids, {
      backend: order.slug,
      lease: lease.token,
      leaseMs: lease.ms,
      pastDeadline: !this.#maySend(order),
    });
    if (deliveries.length === 0) return false;
    // Oldest first: the gate lets them through in this order.
    deliveries.sort((one, other) => (one.eventId < other.eventId ? -1 : 1));
    lease.hold(deliveries.map(({ id }) => id));
    try {
      const eventIds = [...new Set(deliveries.map((delivery) => delivery.eventId))];
      const [{ facts }] = await Promise.all([loadFacts(database, eventIds), this.#parts.bookAtLeast(bookVersion)]);
      const work: Work = { order, lease, facts, leftOver: [], asked: false };
      await this.#workOff(work, known, deliveries);
      return work.asked;
    } finally {
      for (const { id } of deliveries) lease.drop(id);
    }
  }

  drain(): void {
    this.#draining = true;
  }

  abort(): void {
    this.#stopping = true;
    for (const controller of this.#underWay) controller.abort(new DOMException('the courier stops', 'AbortError'));
  }

  async close(): Promise<void> {
    await this.#settler.close();
    await this.#liner.close();
  }

  #maySend({ slug, isProbe }: Order): boolean {
    return isProbe === true || this.#parts.health.isOpen(slug);
  }

  async #workOff(work: Work, backend: BackendState, deliveries: ClaimedDelivery[]): Promise<void> {
    const hopeless = this.#maySend(work.order) ? deliveries.filter(isExpired) : deliveries;
    const rest = deliveries.filter((delivery) => !hopeless.includes(delivery));
    const inTurn = await this.#inTurn(work, rest);
    const offline = await this.#askPresence(work, backend, inTurn);
    // All are waited for whatever happens to one of them: their leases must not end before they do.
    const done = await Promise.allSettled([
      ...hopeless.map((delivery) => this.#settleHopeless(work, backend, delivery)),
      ...inTurn.map((delivery) => {
        const outcome = offline.get(delivery.id);
        return outcome ? this.#settleUnreached(work, backend, delivery, outcome) : this.#turn(work, delivery);
      }),
    ]);
    await this.#giveBack(work);
    for (const end of done) if (end.status === 'rejected') throw end.reason;
  }

  /** Leaves out those that may have to stand behind deliveries of an event that is not routed yet, or was a moment ago. */
  async #inTurn(work: Work, deliveries: ClaimedDelivery[]): Promise<ClaimedDelivery[]> {
    const ordered = deliveries.filter(({ orderKey }) => orderKey !== null);
    if (ordered.length === 0) return deliveries;
    const tooEarly = await outOfTurn(this.#parts.database, ordered);
    if (tooEarly.size === 0) return deliveries;
    await this.#release(work, [...tooEarly]);
    await this.#parts.queues.ringDeliver(work.order.slug, [...tooEarly], { delayMs: routingWaitMs });
    return deliveries.filter(({ id }) => !tooEarly.has(id));
  }

  async #askPresence(
    work: Work,
    backend: BackendState,
    deliveries: readonly ClaimedDelivery[],
  ): Promise<ReadonlyMap<string, Outcome>> {
    const { presence } = this.#parts;
    const asked = deliveries.filter((delivery) => presence.isToBeAsked(backend, delivery));
    if (asked.length === 0) return new Map();
    work.asked = true;
    return work.order.gate.run(() => presence.whoIsNotReached(backend, asked));
  }

  async #turn(work: Work, delivery: ClaimedDelivery): Promise<void> {
    // The gate bounds what the backend sees; storing the outcome must not keep the next message waiting.
    const tried = await work.order.gate.run(() => this.#attempt(work, delivery));
    if (!tried) return void work.leftOver.push(delivery.id);
    const { backend, result } = tried;
    await this.#heard(work, backend, delivery, result.outcome);
    const stopped = this.#stopping && result.outcome.kind !== 'delivered';
    const settlement = settlementOf(delivery, result, { ...this.#terms(work, backend), stopped });
    const held = await this.#settle(work, settlement);
    reportAttempt(this.#parts.log, backend, delivery, { result, settlement, held });
    if (held) await this.#ringNext(work, delivery, settlement);
  }

  async #attempt(work: Work, delivery: ClaimedDelivery): Promise<Tried | undefined> {
    const backend = work.order.current();
    // Nothing new is begun while draining, on a backend that is paused or down, nor on a lease that others may have by now.
    if (!backend || this.#draining || !this.#maySend(work.order) || !work.lease.isFirm()) return undefined;
    work.asked = true;
    const event = work.facts.get(delivery.eventId);
    const result = await makeAttempt({ ...this.#parts, underWay: this.#underWay }, backend, delivery, event);
    return { backend, result };
  }

  /** What the backend said of somebody's presence, or why it said nothing. */
  async #settleUnreached(
    work: Work,
    backend: BackendState,
    delivery: ClaimedDelivery,
    outcome: Outcome,
  ): Promise<void> {
    await this.#heard(work, backend, delivery, outcome);
    const terms = this.#terms(work, backend);
    const settlement =
      outcome.kind === 'recipientOffline'
        ? settlementWhileOffline(delivery, outcome, terms)
        : settlementOf(
            delivery,
            { outcome, startedAt: new Date(), durationMs: 0, partsSent: delivery.partsSent },
            terms,
          );
    await this.#settleWithoutAttempt(work, delivery, settlement);
  }

  async #settleHopeless(work: Work, backend: BackendState, delivery: ClaimedDelivery): Promise<void> {
    const detail = `The backend ${work.order.slug} cannot be sent to; another address takes over.`;
    const outcome: Outcome = { kind: 'backendDown', reason: 'patience_over', detail };
    const settlement = settlementWithoutAttempt(delivery, outcome, this.#terms(work, backend));
    await this.#settleWithoutAttempt(work, delivery, settlement);
  }

  async #settleWithoutAttempt(work: Work, delivery: ClaimedDelivery, settlement: Settlement): Promise<void> {
    const held = await this.#settle(work, settlement);
    reportWithoutAttempt(this.#parts.log, delivery, settlement, held);
    if (held) await this.#ringNext(work, delivery, settlement);
  }

  /** Answers whether the lease still held. What is being settled is not renewed any more, see `#store`. */
  #settle({ lease }: Work, settlement: Settlement): Promise<boolean> {
    lease.drop(settlement.deliveryId);
    return this.#settler.add(settlement);
  }

  #heard(work: Work, backend: BackendState, delivery: ClaimedDelivery, outcome: Outcome): Promise<void> {
    const { slug, isProbe = false } = work.order;
    // An attempt that our own stop cut short says nothing of the backend.
    if (this.#stopping && outcome.kind !== 'delivered') return Promise.resolve();
    const from = { slug, type: backend.adapter.manifest.type, deliveryId: delivery.id, isProbe };
    return this.#parts.health.heard(from, outcome);
  }

  #terms({ lease, order }: Work, backend: BackendState): SettlingTerms {
    const { exists } = this.#parts;
    return { lease: lease.token, backend, exists, stopped: false, isProbe: order.isProbe ?? false };
  }

  async #giveBack(work: Work): Promise<void> {
    const { leftOver, order } = work;
    if (leftOver.length === 0) return;
    await this.#release(work, leftOver);
    // While the backend is down nobody could send them; they are rung for when it is back.
    if (this.#parts.health.isOpen(order.slug)) await this.#parts.queues.ringDeliver(order.slug, leftOver);
  }

  async #release({ lease }: Work, ids: readonly string[]): Promise<void> {
    for (const id of ids) lease.drop(id);
    await this.#parts.leases.quiet();
    await releaseDeliveries(this.#parts.database, ids, lease.token);
  }

  async #ringNext({ order }: Work, delivery: ClaimedDelivery, settlement: Settlement): Promise<void> {
    const { queues } = this.#parts;
    const { waitMs, successor, deliveryId, state } = settlement;
    if (successor) await queues.ringDeliver(successor.backend, [successor.id]);
    if (waitMs !== undefined && waitMs <= longestRungWaitMs)
      await queues.ringDeliver(order.slug, [deliveryId], { delayMs: waitMs + ringAfterDueMs });
    const isDone = state === 'delivered' || state === 'dead' || state === 'suppressed';
    if (isDone && delivery.orderKey !== null) await this.#liner.add(delivery.orderKey);
  }

  async #ringFirstInLine(orderKeys: readonly string[]): Promise<void[]> {
    const { database, queues, log } = this.#parts;
    try {
      for (const { id, backend } of await firstInLine(database, orderKeys)) await queues.ringDeliver(backend, [id]);
    } catch (error) {
      // The sweep rings for them a little later.
      log.warn({ error }, 'line.ring_failed');
    }
    return orderKeys.map(() => undefined);
  }

  /** What was sent was sent: its record is kept until PostgreSQL takes it, or the process has to end. */
  async #store(settlements: readonly Settlement[]): Promise<boolean[]> {
    for (let wait = storeAgainMs; ; wait = Math.min(wait * 2, longestStoreAgainMs)) {
      try {
        // A renewal that has the rows locked would make PostgreSQL look at them anew, and with some plans over partitions it
        // then takes them for changed (seen with 18.4: the settlement was lost, and the message sent again).
        await this.#parts.leases.quiet();
        return await settleDeliveries(this.#parts.database, settlements);
      } catch (error) {
        if (!isAway(error) || this.#stopping) throw error;
        this.#parts.log.warn({ error, settlements: settlements.length }, 'settling.delayed');
        await pause(wait);
      }
    }
  }
}

/** An attempt, and the backend as it was then. */
interface Tried {
  backend: BackendState;
  result: AttemptResult;
}
