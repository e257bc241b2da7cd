/** Drops what is past its retention. */
import type { Logger } from '#platform/log';
import { dropExpired, type Database } from '#platform/store';

/** How often to look, in milliseconds. */
const everyMs = 3_600_000;

/** Starts housekeeping: once now, then every hour. Resolves after the first round. */
export async function startHousekeeping(
  database: Database,
  log: Logger,
  retentionDays: number,
): Promise<{ close(): void }> {
  async function round(): Promise<void> {
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
