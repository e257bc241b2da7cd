/** Tells how far behind the flow is, and says so loudly when it does not move. */
import type { Logger } from '#platform/log';
import { backendStates, flowLagged } from '#platform/metrics';
import { flowLag, type Circuits, type Database, type Lag } from '#platform/store';

/** How often to look, in milliseconds. */
const everyMs = 5000;
/** How far routing may be behind, in seconds. */
const mostEventLagS = 60;
/** How long the delivery that is due for the longest may stay the same, in milliseconds: a long queue moves, a stuck one does not. */
const longestStandstillMs = 60_000;

/** What the watchdog needs. */
export interface WatchdogParts {
  database: Pick<Database, 'pool'>;
  circuits: Pick<Circuits, 'of' | 'all'>;
  log: Logger;
  backends(): ReadonlyMap<string, { paused?: boolean | undefined }>;
}

/** A running watchdog. */
export interface Watchdog {
  /** Throws when the flow stands still; `code` says what and since when. */
  check(): Promise<void>;
  /** One look; the timer calls it, tests may too. */
  look(): Promise<void>;
  close(): void;
}

/** Starts the watchdog. */
export function startWatchdog(parts: WatchdogParts): Watchdog {
  let lag: Lag = { eventSeconds: 0, deliverySeconds: 0, oldestDelivery: undefined };
  let standsSince = Date.now();
  let complaint: string | undefined;

  async function look(): Promise<void> {
    const { backends, circuits } = parts;
    const well = [...backends()].filter(([slug, { paused }]) => !paused && !circuits.of(slug)).map(([slug]) => slug);
    const found = await flowLag(parts.database, well);
    if (found.oldestDelivery === undefined || found.oldestDelivery !== lag.oldestDelivery) standsSince = Date.now();
    lag = found;
    flowLagged('event', lag.eventSeconds);
    flowLagged('delivery', lag.deliverySeconds);
    backendStates([...circuits.all().values()]);
    complain(complaintOf(lag, Date.now() - standsSince));
  }

  function complain(now: string | undefined): void {
    if (now !== undefined && complaint === undefined) parts.log.error({ ...lag, complaint: now }, 'flow.stalled');
    if (now === undefined && complaint !== undefined) parts.log.info({ ...lag }, 'flow.moves_again');
    complaint = now;
  }

  const timer = setInterval(() => {
    look().catch((error: unknown) => parts.log.warn({ error }, 'watchdog.failed'));
  }, everyMs);
  return {
    check: async () => {
      if (complaint !== undefined) throw Object.assign(new Error(complaint), { code: complaint });
    },
    look,
    close: () => clearInterval(timer),
  };
}

/** What is wrong with the flow; `undefined` when nothing is. */
export function complaintOf(lag: Lag, standstillMs: number): string | undefined {
  if (lag.eventSeconds > mostEventLagS) return `an event waits for routing since ${Math.round(lag.eventSeconds)} s`;
  if (lag.oldestDelivery !== undefined && standstillMs > longestStandstillMs)
    return `a delivery is due since ${Math.round(lag.deliverySeconds)} s and nobody takes it`;
  return undefined;
}
