/** What the outcomes of a backend say about its health. */
import type { Outcome } from '#contract';

/** What one outcome says of the backend: it answered, it is gone, it refuses us, or it did not do its work this time. */
export type SignOfHealth = 'well' | 'down' | 'refusing' | 'failing';

/** Reads an outcome as a sign of health. A wait that was asked for is a clear answer, whatever its status. */
export function signOf(outcome: Outcome): SignOfHealth {
  switch (outcome.kind) {
    case 'backendDown':
      return 'down';
    case 'authBroken':
      return 'refusing';
    case 'retryable':
      return outcome.retryAfterMs === undefined && (outcome.statusCode ?? 500) >= 500 ? 'failing' : 'well';
    default:
      return 'well';
  }
}

/** So many different deliveries failing in a row, with none getting through, mean that it is not their fault. */
const failuresInARow = 10;

/** Counts failures of one backend in a row. */
export interface FailureStreak {
  /** Takes an outcome; answers whether the backend has to be taken for down. */
  take(deliveryId: string, sign: SignOfHealth): boolean;
}

/** Makes a streak of nothing. A delivery that fails again and again counts once: it may be the one that is at fault. */
export function createFailureStreak(): FailureStreak {
  const failing = new Set<string>();
  return {
    take: (deliveryId, sign) => {
      if (sign === 'down') return true;
      if (sign === 'failing') failing.add(deliveryId);
      else failing.clear();
      if (failing.size < failuresInARow) return false;
      failing.clear();
      return true;
    },
  };
}

/** Time until the first probe of a backend that went down, in milliseconds. */
export const firstProbeMs = 1000;

/** Times between probes, in milliseconds; the last one repeats. An outage is noticed to be over within a minute. */
export const probeGapsMs: readonly number[] = [2000, 4000, 8000, 15_000, 30_000, 60_000];
