/** Rings again for whatever is overdue: the doorbell may be lost, the facts are not. */
import type { Logger } from '#platform/log';
import { sweepRang } from '#platform/metrics';
import type { Queues } from '#platform/queue';
import { startRounds, type Rounds } from '#platform/runtime';
import {
  buryDeliveries,
  deliveriesPastDeadline,
  overdueDeliveries,
  overdueEvents,
  strandedDeliveries,
  type Circuits,
  type Database,
  type OverdueDelivery,
} from '#platform/store';
import { byBackend } from './routing.ts';
import { createRungList, type RungList } from './rung-list.ts';

/** How often to look, in milliseconds. */
const everyMs = 1000;
/** How long a ring is given to be heard before the sweep rings for the same thing, in milliseconds. */
const graceMs = 3000;
/** The same while the queues are away and nobody rings, in milliseconds. */
const graceWithoutBellMs = 300;
/** Most things to ring for in one round, of each backend. */
const perRound = 2000;
/** The same for what is only to be decided on: thousands that go stale together must not crowd out what is to be sent. */
const staleOnesPerRound = 500;
/** Most pages of events to look through in one round for some that were not rung for. */
const mostPages = 10;
/** Rounds between looks for deliveries whose backend is gone: that look goes through all that waits. */
const buryEvery = 10;
/** While so many jobs wait in a queue, ringing more would only make it longer. */
const enoughJobs = 50;

/** What the sweep needs. */
export interface SweepParts {
  database: Database;
  queues: Queues;
  circuits: Circuits;
  log: Logger;
  /** Backends as the book has them now. */
  backends(): ReadonlyMap<string, { paused?: boolean | undefined }>;
  /** Routes events here and now; what is done while the queues are away. */
  route(eventIds: readonly string[]): Promise<void>;
}

/** Starts the sweep. */
export function startSweep(parts: SweepParts): Rounds {
  const rung = createRungList(graceMs);
  let rounds = 0;

  async function once(): Promise<void> {
    rung.tidy(Date.now());
    await ringEvents(parts, rung);
    if (!parts.queues.isAway()) await ringDeliveries(parts, rung);
    if (rounds % buryEvery === 0) await buryStranded(parts);
    rounds += 1;
  }

  const failed = (error: unknown) => parts.log.warn({ error }, 'sweep.failed');
  return startRounds({ everyMs, work: once, failed });
}

async function ringEvents(parts: SweepParts, rung: RungList): Promise<void> {
  const { database, queues, log } = parts;
  const isAway = queues.isAway();
  let after: string | undefined;
  // What was rung for and still lies there must not hide what lies behind it.
  for (let page = 0; page < mostPages; page += 1) {
    const found = await overdueEvents(database, Date.now() - (isAway ? graceWithoutBellMs : graceMs), perRound, after);
    if (found.length === 0) return;
    if (isAway) return parts.route(found);
    const ids = await notHeard(parts, rung, 'route', found);
    if (ids.length > 0) {
      log.info({ what: 'event', count: ids.length }, 'sweep.rang');
      sweepRang('event', ids.length);
      await queues.ringRoute(ids);
    }
    if (found.length < perRound || ids.length > 0) return;
    after = found.at(-1);
  }
}

/** Backends by how their deliveries are to be treated. */
interface Wards {
  well: string[];
  draining: string[];
  /** Down or refusing: only what has passed its deadline is decided on. */
  shut: string[];
}

function wardsOf({ backends, circuits }: SweepParts): Wards {
  const wards: Wards = { well: [], draining: [], shut: [] };
  for (const [slug, { paused }] of backends()) {
    if (paused) continue;
    const state = circuits.of(slug)?.state;
    if (state === undefined) wards.well.push(slug);
    else if (state === 'draining') wards.draining.push(slug);
    else wards.shut.push(slug);
  }
  return wards;
}

async function ringDeliveries(parts: SweepParts, rung: RungList): Promise<void> {
  const { database } = parts;
  const { well, draining, shut } = wardsOf(parts);
  await ringFor(parts, rung, await overdueDeliveries(database, graceMs, well, perRound));
  if (shut.length > 0) await ringFor(parts, rung, await deliveriesPastDeadline(database, shut, staleOnesPerRound));
  if (draining.length === 0) return;
  await ringFor(parts, rung, await overdueDeliveries(database, 0, draining, perRound));
  const behind = await overdueDeliveries(database, graceMs, draining, 1);
  const done = draining.filter((slug) => behind.every(({ backend }) => backend !== slug));
  for (const slug of done) {
    if (await parts.circuits.close(slug)) parts.log.info({ backend: slug }, 'backend.drained');
  }
}

async function ringFor(parts: SweepParts, rung: RungList, overdue: readonly OverdueDelivery[]): Promise<void> {
  for (const [backend, found] of byBackend(overdue)) {
    const ids = await notHeard(parts, rung, { backend }, found);
    if (ids.length === 0) continue;
    parts.log.info({ what: 'delivery', backend, count: ids.length }, 'sweep.rang');
    sweepRang('delivery', ids.length);
    await parts.queues.ringDeliver(backend, ids);
  }
}

/** Those of the ids to ring for: none while the queue holds enough, and not those that it may still hold. */
async function notHeard(
  { queues }: SweepParts,
  rung: RungList,
  queue: Parameters<Queues['waiting']>[0],
  ids: readonly string[],
): Promise<string[]> {
  const jobs = await queues.waiting(queue);
  if (jobs >= enoughJobs) return [];
  return rung.take(ids, Date.now(), jobs === 0);
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
