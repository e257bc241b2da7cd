/** Makes partitions ahead of time and drops what is past its retention. */
import type { Logger } from '#platform/log';
import { dropExpired, ensurePartitions, type Database } from '#platform/store';

/** How often to look, in milliseconds. */
const everyMs = 3_600_000;

/** Starts housekeeping: once now, then every hour. Resolves after the first round's partitions exist. */
export async function startHousekeeping(
  database: Database,
  log: Logger,
  retentionDays: number,
): Promise<{ close(): void }> {
  async function round(): Promise<void> {
    await ensurePartitions(database, Date.now());
    const dropped = await dropExpired(database, Date.now(), retentionDays);
    if (dropped.length > 0) log.info({ dropped }, 'retention.dropped');
  }
  await round();
  const timer = setInterval(
    () => void round().catch((error: unknown) => log.error({ error }, 'housekeeping.failed')),
    everyMs,
  );
  timer.unref();
  return { close: () => clearInterval(timer) };
}
