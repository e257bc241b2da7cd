/**
 * While the queues are away nobody rings, so the courier itself looks into PostgreSQL for what is due. Slower than a bell, and
 * without the limit of a rate over all couriers, but nothing waits for the bell to be mended.
 */
import type { Logger } from '#platform/log';
import type { Queues } from '#platform/queue';
import { deliveriesPastDeadline, overdueDeliveries, type Database } from '#platform/store';

/** How often to look, in milliseconds. The rate of a backend is what it gets in one look. */
const usualEveryMs = 1000;
/** Most deliveries of one backend in one look. */
const perLook = 500;

/** What knocking needs. */
export interface KnockingParts {
  database: Pick<Database, 'pool'>;
  queues: Pick<Queues, 'isAway'>;
  log: Logger;
  /** Backends that this process sends to, each with how many messages it takes in a second; absent: as many as there are. */
  backends(): Iterable<{ slug: string; perSecond: number | undefined; isOpen: boolean }>;
  deliver(backend: string, ids: readonly string[]): Promise<unknown>;
}

/** Starts to look whenever the queues are away. Answers how to stop. */
export function startKnocking(parts: KnockingParts, everyMs = usualEveryMs): { close(): Promise<void> } {
  const busy = new Map<string, Promise<void>>();

  async function knock(slug: string, perSecond: number | undefined, isOpen: boolean): Promise<void> {
    const most = Math.max(1, Math.min(perLook, Math.floor(perSecond ?? perLook)));
    const found = isOpen
      ? await overdueDeliveries(parts.database, 0, [slug], most)
      : await deliveriesPastDeadline(parts.database, [slug], most);
    if (found.length > 0)
      await parts.deliver(
        slug,
        found.map(({ id }) => id),
      );
  }

  function look(): void {
    if (!parts.queues.isAway()) return;
    for (const { slug, perSecond, isOpen } of parts.backends()) {
      if (busy.has(slug)) continue;
      const done = knock(slug, perSecond, isOpen)
        .catch((error: unknown) => parts.log.warn({ error, backend: slug }, 'courier.knock_failed'))
        .finally(() => busy.delete(slug));
      busy.set(slug, done);
    }
  }

  const timer = setInterval(look, everyMs);
  return {
    close: async () => {
      clearInterval(timer);
      await Promise.all(busy.values());
    },
  };
}
