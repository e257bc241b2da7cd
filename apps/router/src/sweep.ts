/** Rings again for whatever is overdue: the doorbell may be lost, the facts are not. */
import type { Logger } from '#platform/log';
import { sweepRang } from '#platform/metrics';
import type { Queues } from '#platform/queue';
import { buryDeliveries, overdueDeliveries, overdueEvents, strandedDeliveries, type Database } from '#platform/store';
import { byBackend } from './routing.ts';

/** How often to look, in milliseconds. */
const everyMs = 1000;
/** How long a ring is given to be heard before the sweep rings for the same thing, in milliseconds. */
const graceMs = 3000;
/** How long the sweep waits before it rings for the same thing once more, in milliseconds: the queue may just be long. */
const repeatMs = 30_000;
/** Most things to ring for in one round, of each backend. */
const perRound = 2000;
/** Most pages of events to look through in one round for some that were not rung for. */
const mostPages = 10;
/** Rounds between looks for deliveries whose backend is gone: that look goes through all that waits. */
const buryEvery = 10;

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
  let rounds = 0;
  let running: Promise<void> | undefined;

  async function once(): Promise<void> {
    const now = Date.now();
    for (const [id, at] of rung) if (now - at > repeatMs) rung.delete(id);
    await ringEvents(parts, rung, now);
    await ringDeliveries(parts, rung, now);
    if (rounds % buryEvery === 0) await buryStranded(parts);
    rounds += 1;
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
  let after: string | undefined;
  // What was rung for and still lies there must not hide what lies behind it.
  for (let page = 0; page < mostPages; page += 1) {
    const found = await overdueEvents(database, now - graceMs, perRound, after);
    const ids = notYetRung(found, rung, now);
    if (ids.length > 0) {
      log.info({ what: 'event', count: ids.length }, 'sweep.rang');
      sweepRang('event', ids.length);
      await queues.ringRoute(ids);
    }
    if (found.length < perRound || ids.length > 0) return;
    after = found.at(-1);
  }
}

async function ringDeliveries(parts: SweepParts, rung: Map<string, number>, now: number): Promise<void> {
  const backends = parts.backends();
  const active = [...backends].filter(([, backend]) => !backend.paused).map(([slug]) => slug);
  const overdue = await overdueDeliveries(parts.database, graceMs, active, perRound);
  for (const [backend, found] of byBackend(overdue)) {
    const ids = notYetRung(found, rung, now);
    if (ids.length === 0) continue;
    parts.log.info({ what: 'delivery', backend, count: ids.length }, 'sweep.rang');
    sweepRang('delivery', ids.length);
    await parts.queues.ringDeliver(backend, ids);
  }
}

/** Deliveries to a backend that was deleted meanwhile. */
async function buryStranded(parts: SweepParts): Promise<void> {
  const stranded = await strandedDeliveries(parts.database, graceMs, [...parts.backends().keys()], perRound);
  for (const [backend, ids] of byBackend(stranded)) await bury(parts, backend, ids);
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
