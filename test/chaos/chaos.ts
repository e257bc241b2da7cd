/** The run with faults: load and a schedule of faults side by side, then calm, then the reckoning. */
import { setTimeout as pause } from 'node:timers/promises';
import { backend, definitions, seriesType, shakySinks, sinks, targetsOf, types } from './book.ts';
import { drain } from './drain.ts';
import { createInboxReader } from './inbox.ts';
import type { RunOrder } from './options.ts';
import { makeReport, type Report } from './report.ts';
import { Sabotage } from './sabotage.ts';
import { makeSchedule, type Fault } from './schedule.ts';
import { grouped } from './table.ts';
import { Traffic } from './traffic.ts';
import { judge } from './verdict.ts';
import { startWorld, type World } from './world.ts';

/** Before the first fault, in milliseconds: every part has done its work once. */
const warmUpMs = 4000;
/** After the last fault load goes on for so long, in milliseconds. */
const calmMs = 8000;
/** Runs of at least so many minutes have faults of full length. */
const fullLengthMinutes = 5;
const lengths = { freezeMs: 40_000, shortFreezeMs: 10_000 };
const finishWithinMs = 60_000;
const sayEveryMs = 10_000;

/** The run with faults of every kind, drawn from the seed. */
export function runChaos(order: RunOrder): Promise<Report> {
  return runWithFaults(order, scheduleOf(order));
}

/** Load with the given faults; ends early, but with its report, when it is aborted. */
export async function runWithFaults(order: RunOrder, schedule: readonly Fault[]): Promise<Report> {
  const { amqp, logs, say, signal } = order;
  const world = await startWorld({ amqp, logs, say, sinks, definitions, backend, targetsOf });
  try {
    const startedAt = Date.now();
    const sabotage = new Sabotage(world);
    const traffic = new Traffic(world, { rate: order.rate, seed: order.seed, types, seriesType });
    const stopWatching = watch(world, () => say(progress(world, sabotage, traffic, startedAt)));
    traffic.start();
    const faults = sabotage.run(schedule, signal);
    await pause(order.minutes * 60_000, undefined, { signal }).catch(() => undefined);
    await faults;
    say('the load ends; everything is well again');
    await traffic.finish(signal.aborted ? 0 : Math.min(finishWithinMs, order.drainMs));
    const loadMs = Date.now() - startedAt;
    const refresh = createInboxReader(world);
    const drainedMs = await drain(world, { withinMs: order.drainMs, signal, refresh, say });
    stopWatching();
    await refresh();
    const verdict = await judge(world, sabotage.struck);
    return makeReport({ verdict, world, sabotage, traffic, drainedMs, loadMs, unaccepted: traffic.open });
  } finally {
    await world.end();
  }
}

function scheduleOf({ seed, minutes, amqp }: RunOrder): Fault[] {
  const freezeMs = minutes >= fullLengthMinutes ? lengths.freezeMs : lengths.shortFreezeMs;
  const untilMs = minutes * 60_000 - calmMs;
  return makeSchedule({
    seed,
    fromMs: warmUpMs,
    untilMs,
    freezeMs,
    amqp,
    sinks: shakySinks,
    processes: ['ingest-1', 'ingest-2', 'router-1', 'router-2', 'courier-1', 'courier-2', 'admin-1'],
  });
}

/** Looks at memory every two seconds and calls `say` every ten; answers what ends it. */
function watch(world: World, say: () => void): () => void {
  const weighing = setInterval(() => world.processes.forEach((one) => one.weigh()), 2000);
  const saying = setInterval(say, sayEveryMs);
  return () => {
    clearInterval(weighing);
    clearInterval(saying);
  };
}

function progress(world: World, sabotage: Sabotage, traffic: Traffic, startedAt: number): string {
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  const { accepted, missing } = world.ledger;
  const now = sabotage.present.map(({ kind, target }) => `${kind} ${target}`).join(', ') || 'nothing';
  const restarts = world.processes.reduce((sum, one) => sum + one.restarts, 0);
  return (
    `[${seconds} s] accepted ${grouped(accepted.http + accepted.amqp)} (amqp ${grouped(accepted.amqp)}), ` +
    `not yet arrived ${grouped(missing)}, not yet accepted ${traffic.open}, ` +
    `faults ${sabotage.struck.length} (now ${now}), restarts ${restarts}`
  );
}
