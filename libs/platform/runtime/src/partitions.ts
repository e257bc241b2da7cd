import type { Logger } from '#platform/log';
import { ensurePartitions, type Database } from '#platform/store';

/** How often the partitions of the coming days are looked after, in milliseconds. */
const everyMs = 3_600_000;

/**
 * Makes the partitions of the coming days now, and looks after them every hour: whoever writes makes sure that there is
 * somewhere to write to, whichever other apps run. Stop it with `clearInterval`.
 */
export async function keepPartitions(database: Pick<Database, 'pool'>, log: Logger): Promise<NodeJS.Timeout> {
  await ensurePartitions(database, Date.now());
  const timer = setInterval(() => {
    ensurePartitions(database, Date.now()).catch((error: unknown) => log.error({ error }, 'partitions.failed'));
  }, everyMs);
  timer.unref();
  return timer;
}
