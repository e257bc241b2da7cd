/** One hop: events in, deliveries out. */
import { uuidTimeMs, type EventFacts } from '#contract';
import { planEvent, type CompiledBook, type RoutePlan } from '#domain/routing';
import type { Logger } from '#platform/log';
import { eventsRouted } from '#platform/metrics';
import type { Queues } from '#platform/queue';
import {
  bisect,
  loadFacts,
  newId,
  storeRouted,
  type Circuits,
  type Database,
  type NewDelivery,
  type RoutedEvent,
} from '#platform/store';

/** What routing needs. */
export interface RoutingParts {
  database: Database;
  queues: Queues;
  log: Logger;
  circuits: Pick<Circuits, 'of'>;
  /** The book, of this version or newer. */
  book(atLeast: bigint): Promise<CompiledBook>;
}

/** Routes those of the given events that still wait for it: one load, one write, one ring per backend. */
export async function routeEvents(parts: RoutingParts, eventIds: readonly string[]): Promise<void> {
  const { facts, bookVersion } = await loadFacts(parts.database, eventIds);
  if (facts.size === 0) return;
  const book = await parts.book(bookVersion);
  const routed = [...facts.values()].map((event) => routeOne(parts.log, book, event));
  const written = await storeSafely(parts, routed);
  const matched = routed.filter((event) => event.rules.length > 0).length;
  eventsRouted('routed', matched);
  eventsRouted('unmatched', routed.length - matched);
  // Where a backlog waits, what is new must not overtake it: there the sweep alone rings, oldest first.
  const atOnce = [...byBackend(written)].filter(([backend]) => parts.circuits.of(backend) === undefined);
  await Promise.all(atOnce.map(([backend, ids]) => parts.queues.ringDeliver(backend, ids)));
}

/** Deliveries that PostgreSQL refuses harm only their own event: it is kept as unmatched, with the reason in its notes. */
async function storeSafely(parts: RoutingParts, routed: readonly RoutedEvent[]): Promise<Written[]> {
  const refused: RoutedEvent[] = [];
  const written = await bisect<RoutedEvent, Written[]>(
    routed,
    async (some) => [await storeRouted(parts.database, some)],
    ({ id }, error) => {
      parts.log.error({ error, eventId: id }, 'event.routing_failed');
      refused.push({ id, rules: [], deliveries: [], notes: [`Routing failed: ${error.message}.`] });
      return [];
    },
  );
  if (refused.length > 0) await storeRouted(parts.database, refused);
  return written.flat();
}

interface Written {
  id: string;
  backend: string;
}

/** Groups ids by the backend that they go to. */
export function byBackend(deliveries: readonly { id: string; backend: string }[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { id, backend } of deliveries) {
    const group = groups.get(backend);
    if (group) group.push(id);
    else groups.set(backend, [id]);
  }
  return groups;
}

function routeOne(log: Logger, book: CompiledBook, event: EventFacts): RoutedEvent {
  const plan = planSafely(log, book, event);
  return {
    id: event.id,
    rules: plan.rules,
    notes: plan.notes,
    deliveries: plan.deliveries.map((planned) => toDelivery(event.id, planned)),
  };
}

/** An event that makes the code throw harms only itself: it is kept as unmatched, with the fault in its notes. */
function planSafely(log: Logger, book: CompiledBook, event: EventFacts): RoutePlan {
  try {
    return planEvent(book, event);
  } catch (error) {
    log.error({ error, eventId: event.id }, 'event.routing_failed');
    return {
      rules: [],
      deliveries: [],
      notes: [
        `Routing failed by a fault of ours: ${error instanceof Error ? error.message : 'unknown'}. Replay the event once it is mended.`,
      ],
    };
  }
}

function toDelivery(eventId: string, planned: RoutePlan['deliveries'][number]): NewDelivery {
  const { rule, recipient, backend, to, toKind, message, fallbacks, retry, correlationKey, giveUpSeconds } = planned;
  const { whenOffline, validForSeconds } = planned;
  return {
    id: newId(),
    eventId,
    rule,
    recipient,
    backend,
    to,
    toKind,
    message,
    correlationKey,
    fallbacks: giveUpSeconds === undefined ? undefined : { next: fallbacks, giveUpSeconds },
    retry,
    whenOffline,
    validUntil:
      validForSeconds === undefined ? undefined : new Date(uuidTimeMs(eventId) + Math.round(validForSeconds * 1000)),
  };
}
