/** One hop: events in, deliveries out. */
import { uuidTimeMs, type EventFacts } from '#contract';
import {
  followedSubjects,
  matchEvent,
  planMatched,
  type Circumstances,
  type CompiledBook,
  type MatchedEvent,
  type RoutePlan,
} from '#domain/routing';
import type { Logger } from '#platform/log';
import { eventsRouted } from '#platform/metrics';
import type { Queues } from '#platform/queue';
import {
  bisect,
  followersOf,
  loadFacts,
  newId,
  storeRouted,
  type Circuits,
  type Database,
  type NewDelivery,
  type RoutedEvent,
} from '#platform/store';
import type { TroubleBook } from './rule-trouble.ts';

/** What routing needs. */
export interface RoutingParts {
  database: Database;
  queues: Queues;
  log: Logger;
  circuits: Pick<Circuits, 'of'>;
  troubles: Pick<TroubleBook, 'add'>;
  /** The book, of this version or newer. */
  book(atLeast: bigint): Promise<CompiledBook>;
  /** The clock by which schedules and hours are asked. Absent: that of the machine. */
  now?(): Date;
}

/** Routes those of the given events that still wait for it: one load, one write, one ring per backend. */
export async function routeEvents(parts: RoutingParts, eventIds: readonly string[]): Promise<void> {
  const { facts, bookVersion } = await loadFacts(parts.database, eventIds);
  if (facts.size === 0) return;
  const book = await parts.book(bookVersion);
  const now = parts.now?.() ?? new Date();
  const matched = [...facts.values()].map((event) => matchSafely(parts.log, book, event));
  for (const { event, failures } of matched.filter(isMatched)) parts.troubles.add(event.id, failures);
  const followers = await followersOf(parts.database, followedSubjects(book, matched.filter(isMatched)), now);
  const routed = matched.map((event) => routeOne(parts.log, book, event, { now, followers }));
  const written = await storeSafely(parts, routed);
  const wanted = routed.filter((event) => event.rules.length > 0).length;
  eventsRouted('routed', wanted);
  eventsRouted('unmatched', routed.length - wanted);
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
    ({ id, bookVersion }, error) => {
      parts.log.error({ error, eventId: id }, 'event.routing_failed');
      refused.push({ id, rules: [], deliveries: [], notes: [`Routing failed: ${error.message}.`], bookVersion });
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

/** An event that made the code throw. */
interface FailedEvent {
  event: EventFacts;
  fault: string;
}

function isMatched(event: MatchedEvent | FailedEvent): event is MatchedEvent {
  return !('fault' in event);
}

/** An event that makes the code throw harms only itself: it is kept as unmatched, with the fault in its notes. */
function matchSafely(log: Logger, book: CompiledBook, event: EventFacts): MatchedEvent | FailedEvent {
  return safely(log, event, () => matchEvent(book, event));
}

function routeOne(
  log: Logger,
  book: CompiledBook,
  matched: MatchedEvent | FailedEvent,
  circumstances: Circumstances,
): RoutedEvent {
  const { id } = matched.event;
  const plan = isMatched(matched)
    ? safely(log, matched.event, () => planMatched(book, matched, circumstances))
    : matched;
  const bookVersion = book.version;
  if ('fault' in plan) return { id, rules: [], notes: [plan.fault], deliveries: [], bookVersion };
  const { rules, notes, trail } = plan;
  return {
    id,
    rules,
    notes,
    trail,
    bookVersion,
    deliveries: plan.deliveries.map((planned) => toDelivery(id, planned)),
  };
}

function safely<T>(log: Logger, event: EventFacts, work: () => T): T | FailedEvent {
  try {
    return work();
  } catch (error) {
    log.error({ error, eventId: event.id }, 'event.routing_failed');
    const words = error instanceof Error ? error.message : 'unknown';
    return { event, fault: `Routing failed by a fault of ours: ${words}. Replay the event once it is mended.` };
  }
}

function toDelivery(eventId: string, planned: RoutePlan['deliveries'][number]): NewDelivery {
  const { rule, recipient, backend, to, toKind, message, fallbacks, retry, correlationKey, giveUpSeconds } = planned;
  const { whenOffline, validForSeconds, priority, notBefore } = planned;
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
    priority,
    notBefore: notBefore === undefined ? undefined : new Date(notBefore),
  };
}
