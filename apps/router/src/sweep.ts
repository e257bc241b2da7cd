/** Rings again for whatever is overdue: the doorbell may be lost, the facts are not. */
import type { Logger } from '#platform/log';
import { sweepRang } from '#platform/metrics';
import type { Queues } from '#platform/queue';
import { buryDeliveries, overdueDeliveries, overdueEvents, type Database } from '#platform/store';
import { byBackend } from './routing.ts';

/** How often to look, in milliseconds. */
const everyMs = 1000;
/** How long a ring is given to be heard before the sweep rings for the same thing, in milliseconds. */
const graceMs = 3000;
/** How long the sweep waits before it rings for the same thing once more, in milliseconds: the queue may just be long. */
const repeatMs = 30_000;
/** Most things to ring for in one round. */
const perRound = 2000;

/** What the sweep needs. */
export interface SweepParts {
  database: Database;
  queues: Queues;
  log: Logger;
  /** Backends as the book has them now. */
  backends(): ReadonlyMap<string, { paused?: boolean | undefined }>;
}

/** A running sweep. */
export interface Sweep {
  /** One round; the timer calls it, tests may too. */
  round(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the sweep. */
export function startSweep(parts: SweepParts): Sweep {
  const rung = new Map<string, number>();
  let running: Promise<void> | undefined;

  async function once(): Promise<void> {
    const now = Date.now();
    for (const [id, at] of rung) if (now - at > repeatMs) rung.delete(id);
    await ringEvents(parts, rung, now);
    await ringDeliveries(parts, rung, now);
  }

  function round(): Promise<void> {
    running ??= once()
      .catch((error: unknown) => parts.log.warn({ error }, 'sweep.failed'))
      .finally(() => (running = undefined));
    return running;
  }

  const timer = setInterval(() => void round(), everyMs);
  return {
    round,
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

async function ringEvents(
  { database, queues, log }: SweepParts,
  rung: Map<string, number>,
  now: number,
): Promise<void> {
  const ids = notYetRung(await overdueEvents(database, now - graceMs, perRound), rung, now);
  if (ids.length === 0) return;
  log.info({ what: 'event', count: ids.length }, 'sweep.rang');
  sweepRang('event', ids.length);
  await queues.ringRoute(ids);
}

async function ringDeliveries(parts: SweepParts, rung: Map<string, number>, now: number): Promise<void> {
  const backends = parts.backends();
  const paused = [...backends].filter(([, backend]) => backend.paused).map(([slug]) => slug);
  const overdue = await overdueDeliveries(parts.database, graceMs, paused, perRound);
  for (const [backend, found] of byBackend(overdue)) {
    if (!backends.has(backend)) {
      await bury(parts, backend, found);
      continue;
    }
    const ids = notYetRung(found, rung, now);
    if (ids.length === 0) continue;
    parts.log.info({ what: 'delivery', backend, count: ids.length }, 'sweep.rang');
    sweepRang('delivery', ids.length);
    await parts.queues.ringDeliver(backend, ids);
  }
}

async function bury({ database, log }: SweepParts, backend: string, ids: string[]): Promise<void> {
  log.warn({ backend, count: ids.length }, 'delivery.backend_gone');
  const detail = `There is no backend "${backend}" any more. Create it again and redrive.`;
  await buryDeliveries(database, ids, { kind: 'permanent', reason: 'backend_gone', detail });
}

function notYetRung(ids: readonly string[], rung: Map<string, number>, now: number): string[] {
  const fresh = ids.filter((id) => !rung.has(id));
  for (const id of fresh) rung.set(id, now);
  return fresh;
}
