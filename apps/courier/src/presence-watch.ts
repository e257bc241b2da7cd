/** Looks out for the people that something is held for, and rings as soon as they are seen. */
import { mostPresenceAddresses } from '#backends/kit';
import type { Logger } from '#platform/log';
import type { Queues } from '#platform/queue';
import { startRounds, type Rounds } from '#platform/runtime';
import { heldAddresses, releaseHeld, takePresenceLook, type Database } from '#platform/store';
import type { BackendState } from './backend-state.ts';
import type { PresenceAsker } from './presence-asker.ts';

/** How often one of the couriers asks a backend, in milliseconds. */
const usualEveryMs = 10_000;
/** A look counts for a little less than the time between two, or one that comes a moment early would be left out. */
const lookShare = 0.9;

/** What the watch needs. */
export interface PresenceWatchParts {
  database: Database;
  queues: Queues;
  log: Logger;
  presence: PresenceAsker;
  /** Backends that this process sends to now and that are well. */
  backends(): Iterable<BackendState>;
}

/** Starts the watch. */
export function watchPresence(parts: PresenceWatchParts, everyMs = usualEveryMs): Rounds {
  async function once(): Promise<void> {
    for (const backend of parts.backends()) {
      if (!backend.adapter.presence || !backend.settings) continue;
      if (await takePresenceLook(parts.database, backend.slug, everyMs * lookShare)) await look(parts, backend);
    }
  }

  const failed = (error: unknown) => parts.log.warn({ error }, 'presence.watch_failed');
  return startRounds({ everyMs, work: once, failed });
}

async function look({ database, queues, log, presence }: PresenceWatchParts, backend: BackendState): Promise<void> {
  const { slug } = backend;
  for (let after = ''; ;) {
    const addresses = await heldAddresses(database, slug, mostPresenceAddresses, after);
    if (addresses.length === 0) return;
    const online = await presence.online(backend, addresses);
    if (online.length > 0) {
      const ids = await releaseHeld(database, slug, online);
      log.info({ backend: slug, addresses: online.length, deliveries: ids.length }, 'presence.seen');
      await queues.ringDeliver(slug, ids);
    }
    if (addresses.length < mostPresenceAddresses) return;
    after = addresses.at(-1)!;
  }
}
