/**
 * Keeps hold of what was claimed. Leases are short, so that what a killed courier held is soon free, and are renewed for as
 * long as the work takes.
 */
import type { Logger } from '#platform/log';
import { newId, renewLeases, type Database } from '#platform/store';

/** How long leases last; specs take shorter ones. All in milliseconds. */
export interface LeaseTimes {
  /** How long a claim holds without being renewed. */
  leaseMs: number;
  /** How often leases are renewed. */
  renewEveryMs: number;
  /** An attempt is not begun when its lease ends sooner than this. */
  marginMs: number;
}

/** Two renewals may fail before a lease is lost. */
const usualTimes: LeaseTimes = { leaseMs: 10_000, renewEveryMs: 3000, marginMs: 1000 };

/** One claim and what it still holds. */
export interface Lease {
  token: string;
  ms: number;
  /** Takes up deliveries that were claimed with the token. */
  hold(ids: readonly string[]): void;
  /** Forgets one that was settled or given back. */
  drop(id: string): void;
  /** Whether an attempt may be begun: nobody else can have claimed it meanwhile, as far as this process knows. */
  isFirm(): boolean;
}

/** The leases of a process. */
export interface Leases {
  open(): Lease;
  /** Renews at once what is held; the timer does it too. */
  renew(): Promise<void>;
  /** Resolves when no renewal is under way; what was dropped before is in none that follows. */
  quiet(): Promise<void>;
  close(): void;
}

interface Held extends Lease {
  ids: Set<string>;
  firmUntil: number;
}

/** Starts keeping leases. */
export function keepLeases(
  database: Pick<Database, 'pool'>,
  log: Logger,
  { leaseMs, renewEveryMs, marginMs }: LeaseTimes = usualTimes,
): Leases {
  const open = new Set<Held>();
  let renewing: Promise<void> | undefined;

  async function renewAll(): Promise<void> {
    const held = [...open].filter((lease) => lease.ids.size > 0);
    const ids = held.flatMap((lease) => [...lease.ids]);
    if (ids.length === 0) return;
    const startedAt = performance.now();
    const kept = await renewLeases(
      database,
      ids,
      held.map(({ token }) => token),
      leaseMs,
    );
    for (const lease of held) {
      // What was lost is somebody else's now; settling it will say so.
      if ([...lease.ids].every((id) => kept.has(id))) lease.firmUntil = startedAt + leaseMs;
    }
  }

  function renew(): Promise<void> {
    renewing ??= renewAll()
      .catch((error: unknown) => log.warn({ error }, 'lease.renewal_failed'))
      .finally(() => (renewing = undefined));
    return renewing;
  }

  const timer = setInterval(() => void renew(), renewEveryMs);
  return {
    open: () => {
      const lease: Held = {
        token: newId(),
        ms: leaseMs,
        ids: new Set(),
        firmUntil: performance.now() + leaseMs,
        hold: (ids) => {
          for (const id of ids) lease.ids.add(id);
          open.add(lease);
        },
        drop: (id) => {
          lease.ids.delete(id);
          if (lease.ids.size === 0) open.delete(lease);
        },
        isFirm: () => performance.now() < lease.firmUntil - marginMs,
      };
      return lease;
    },
    renew,
    quiet: () => renewing ?? Promise.resolve(),
    close: () => clearInterval(timer),
  };
}
