/** One hop: events in, deliveries out. */
import type { EventFacts } from '#contract';
import { planEvent, type CompiledBook, type RoutePlan } from '#domain/routing';
import type { Logger } from '#platform/log';
import { eventsRouted } from '#platform/metrics';
import type { Queues } from '#platform/queue';
import {
  loadUnrouted,
  storeRouted,
  type Database,
  type NewDelivery,
  type RoutedEvent,
  type UnroutedEvent,
} from '#platform/store';
import { uuidv7 } from 'uuidv7';

/** What routing needs. */
export interface RoutingParts {
  database: Database;
  queues: Queues;
  log: Logger;
  /** The book, of this version or newer. */
  book(atLeast: bigint): Promise<CompiledBook>;
}

/** Routes those of the given events that still wait for it: one load, one write, one ring per backend. */
export async function routeEvents(parts: RoutingParts, eventIds: readonly string[]): Promise<void> {
  const { events, bookVersion } = await loadUnrouted(parts.database, eventIds);
  if (events.length === 0) return;
  const book = await parts.book(bookVersion);
  const routed = events.map((event) => routeOne(parts.log, book, event));
  const written = await storeRouted(parts.database, routed);
  const matched = routed.filter((event) => event.rules.length > 0).length;
  eventsRouted('routed', matched);
  eventsRouted('unmatched', routed.length - matched);
  await Promise.all([...byBackend(written)].map(([backend, ids]) => parts.queues.ringDeliver(backend, ids)));
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

function routeOne(log: Logger, book: CompiledBook, row: UnroutedEvent): RoutedEvent {
  const plan = planSafely(log, book, row);
  return {
    id: row.id,
    rules: plan.rules,
    notes: plan.notes,
    deliveries: plan.deliveries.map((planned) => toDelivery(row.id, planned)),
  };
}

/** An event that makes the code throw harms only itself: it is kept as unmatched, with the fault in its notes. */
function planSafely(log: Logger, book: CompiledBook, row: UnroutedEvent): RoutePlan {
  try {
    return planEvent(book, factsOf(row));
  } catch (error) {
    log.error({ error, eventId: row.id }, 'event.routing_failed');
    return {
      rules: [],
      deliveries: [],
      notes: [
        `Routing failed by a fault of ours: ${error instanceof Error ? error.message : 'unknown'}. Replay the event once it is mended.`,
      ],
    };
  }
}

function factsOf(row: UnroutedEvent): EventFacts {
  return {
    id: row.id,
    source: row.source,
    type: row.type,
    subject: row.subject ?? undefined,
    time: row.time.toISOString(),
    correlationKey: row.correlation_key ?? undefined,
    data: row.data,
    extensions: row.extensions ?? undefined,
  };
}

function toDelivery(eventId: string, planned: RoutePlan['deliveries'][number]): NewDelivery {
  const { rule, recipient, backend, to, toKind, message, fallbacks, retry, correlationKey, giveUpSeconds } = planned;
  return {
    id: uuidv7(),
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
  };
}
