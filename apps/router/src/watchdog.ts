/** Tells how far behind the flow is, and says so loudly when it does not move. */
import type { Logger } from '#platform/log';
import { backendStates, flowLagged } from '#platform/metrics';
import { flowLag, type Circuits, type Database, type Lag } from '#platform/store';

/** How often to look, in milliseconds. */
const everyMs = 5000;
/**
 * How long the event or the delivery that waits for the longest may stay the same, in milliseconds: a long queue moves, a stuck one
 * does not. Age alone says nothing: an event that is replayed is as old as ever.
 */
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
  let lag: Lag = { eventSeconds: 0, oldestEvent: undefined, deliverySeconds: 0, oldestDelivery: undefined };
  const stands = { eventSince: Date.now(), deliverySince: Date.now() };
  let complaint: string | undefined;

  async function look(): Promise<void> {
    const { backends, circuits } = parts;
    const well = [...backends()].filter(([slug, { paused }]) => !paused && !circuits.of(slug)).map(([slug]) => slug);
    const found = await flowLag(parts.database, well);
    const now = Date.now();
    if (found.oldestEvent === undefined || found.oldestEvent !== lag.oldestEvent) stands.eventSince = now;
    if (found.oldestDelivery === undefined || found.oldestDelivery !== lag.oldestDelivery) stands.deliverySince = now;
    lag = found;
    flowLagged('event', lag.eventSeconds);
    flowLagged('delivery', lag.deliverySeconds);
    backendStates([...circuits.all().values()]);
    complain(complaintOf(lag, { eventMs: now - stands.eventSince, deliveryMs: now - stands.deliverySince }));
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

/** For how long the oldest event and delivery have been the same, in milliseconds. */
export interface Standstill {
  eventMs: number;
  deliveryMs: number;
}

/** What is wrong with the flow; `undefined` when nothing is. */
export function complaintOf(lag: Lag, { eventMs, deliveryMs }: Standstill): string | undefined {
  if (lag.oldestEvent !== undefined && eventMs > longestStandstillMs)
    return `an event waits for routing since ${Math.round(lag.eventSeconds)} s`;
  if (lag.oldestDelivery !== undefined && deliveryMs > longestStandstillMs)
    return `a delivery is due since ${Math.round(lag.deliverySeconds)} s and nobody takes it`;
  return undefined;
}
