/** One probe: the attempt that finds out whether a backend is back. */
import { overdueDeliveries, type Database } from '#platform/store';

/** Oldest deliveries that a probe chooses from: some may have been taken or gone stale meanwhile. */
const choice = 5;

/**
 * Tries the delivery that is due for the longest. `attempt` answers whether the backend was asked anything: as soon as it
 * was, its answer is known, and a backend that is down is not asked the same again.
 */
export async function probeBackend(
  database: Pick<Database, 'pool'>,
  backend: string,
  attempt: (ids: readonly string[]) => Promise<boolean>,
): Promise<void> {
  for (const { id } of await overdueDeliveries(database, 0, [backend], choice)) {
    if (await attempt([id])) return;
  }
}
