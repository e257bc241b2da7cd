/**
 * Six hours in small: the sink of one backend is down while tens of thousands of deliveries for it pile up, and another
 * backend gets its steady trickle. Then it comes back.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Sender, Stream } from '../http-load.ts';
import { quantile, type Expected } from '../ledger.ts';
import type { RunOrder } from '../options.ts';
import { doubledLines, type Report } from '../report.ts';
import { duration, gather, grouped, table } from '../table.ts';
import { judge } from '../verdict.ts';
import { startWorld, type World } from '../world.ts';

/** How many deliveries pile up. */
const pile = 50_000;
/** Of these so many in series, and so many that are worth nothing any more when the backend is back. */
const parts = { series: 5000, expiring: 5000 };
const seriesCount = 50;
const perArray = 500;
/** What the other backend gets, in events per second. */
const otherPerSecond = 50;
/** Before the outage, in milliseconds. */
const beforeMs = 20_000;
/** How long news of the expiring kind is worth delivering, in seconds. */
const validForSeconds = 15;
/** How long the last of the pile may take to be routed; until then the machine is busy with it, not with the outage. */
const routingMs = 5000;
const sayEveryMs = 5000;
/** What the backend that goes down is set to take, in messages per second. */
const drainPerSecond = 500;
/** How much slower the other backend may become. */
const mostSlowdown = 1.5;
/** Below this a slowdown is the noise of the machine, in milliseconds. */
const noiseMs = 50;

const targets: Record<string, readonly string[]> = {
  'outage.plain': ['down/plain'],
  'outage.series': ['down/series'],
  'outage.expiring': ['down/expiring'],
  'outage.other': ['other/room'],
};

const definitions: Record<string, object> = Object.fromEntries(
  Object.entries(targets).map(([type, places]) => [
    `/v1/rules/${type.replace('.', '-')}`,
    {
      match: { type: [type] },
      notify: [{ to: places.map((place) => `room:${place}`) }],
      ...(type === 'outage.expiring' ? { validForSeconds } : {}),
    },
  ]),
);

/** Moments of the run, in milliseconds since 1970. */
interface Phases {
  downAt: number;
  piledAt: number;
  upAt: number;
  drainedMs: number | undefined;
}

/** Makes the run; `minutes` is how long the sink is down. */
export async function runOutage(order: RunOrder): Promise<Report> {
  const { logs, say, signal } = order;
  const targetsOf = (type: string) => targets[type] ?? [];
  const backend = (sink: string) => (sink === 'down' ? { ratePerSecond: drainPerSecond } : {});
  const world = await startWorld({ amqp: false, logs, say, sinks: ['down', 'other'], definitions, targetsOf, backend });
  const sender = new Sender({ urls: world.of('ingest').map(({ url }) => url), key: world.key, ledger: world.ledger });
  const trickling = new AbortController();
  try {
    const trickle = sendTrickle(sender, trickling.signal);
    await pause(beforeMs, undefined, { signal });
    const sink = world.sinks[0]!;
    await sink.behave('refuse');
    const downAt = Date.now();
    say('the sink is down');
    await pileUp(sender, signal);
    const piledAt = Date.now();
    say(`${grouped(pile)} deliveries piled up in ${duration(piledAt - downAt)}`);
    await pause(Math.max(0, downAt + order.minutes * 60_000 - piledAt), undefined, { signal });
    const waiting = await attemptsOfWaiting(world);
    await sink.behave(undefined);
    const upAt = Date.now();
    say('the sink is back');
    const drainedMs = await drainDown(world, order);
    trickling.abort();
    await trickle;
    return await report(world, { downAt, piledAt, upAt, drainedMs }, waiting);
  } finally {
    trickling.abort();
    await sender.stop();
    await world.end();
  }
}

async function sendTrickle(sender: Sender, signal: AbortSignal): Promise<void> {
  const stream = new Stream(otherPerSecond);
  while (!signal.aborted) {
    for (let due = stream.due(); due > 0; due -= 1) {
      stream.sent += 1;
      void sender.send([{ key: `other-${stream.sent}`, type: 'outage.other', door: 'http' }]);
    }
    await pause(20);
  }
}

/** Sends the pile, array after array, so that the order within a series is that of the arrays and of the items in each. */
async function pileUp(sender: Sender, signal: AbortSignal): Promise<void> {
  for (let first = 0; first < pile && !signal.aborted; first += perArray)
    await sender.send(Array.from({ length: perArray }, (_, offset) => eventOf(first + offset)));
}

function eventOf(n: number): Expected {
  const stride = pile / parts.series;
  if (n % stride === 0) {
    const turn = n / stride;
    const series = { name: `outage-${turn % seriesCount}`, number: Math.floor(turn / seriesCount) };
    return { key: `pile-${n}`, type: 'outage.series', door: 'http', series };
  }
  const isExpiring = n % (pile / parts.expiring) === 1;
  return { key: `pile-${n}`, type: isExpiring ? 'outage.expiring' : 'outage.plain', door: 'http' };
}

/** Waits until nothing for the backend is under way; the other one keeps getting its trickle. Answers the time in milliseconds. */
async function drainDown(world: World, { drainMs, signal, say }: RunOrder): Promise<number | undefined> {
  const startedAt = Date.now();
  let saidAt = startedAt;
  while (Date.now() - startedAt < drainMs && !signal.aborted) {
    const waiting = await attemptsOfWaiting(world);
    const left = waiting.reduce((sum, { count }) => sum + count, 0);
    if (left === 0) return Date.now() - startedAt;
    if (Date.now() - saidAt > sayEveryMs) {
      saidAt = Date.now();
      say(`draining: ${grouped(left)} left`);
    }
    await pause(500);
  }
  return undefined;
}

interface Waiting {
  attempts: number;
  state: string;
  count: number;
}

function attemptsOfWaiting(world: World): Promise<Waiting[]> {
  return world.ask<Waiting>(
    `SELECT attempts, state, count(*)::int AS count FROM delivery
     WHERE backend = 'down' AND finished_at IS NULL GROUP BY attempts, state ORDER BY attempts, state`,
  );
}

async function report(world: World, phases: Phases, waiting: readonly Waiting[]): Promise<Report> {
  const { downAt, piledAt, upAt, drainedMs } = phases;
  const { ledger } = world;
  const other = (from: number, to: number) =>
    ledger.delays((target, acceptedAt) => target === 'other/room' && acceptedAt >= from && acceptedAt < to);
  const routedAt = Math.min(piledAt + routingMs, upAt);
  const [before, piling] = [other(0, downAt), other(downAt, routedAt)];
  const [waitingTime, after] = [other(routedAt, upAt), other(upAt, Infinity)];
  const [p99Before, p99During] = [quantile(before, 0.99), quantile(waitingTime, 0.99)];
  const verdict = await judge(world, []);
  const expired = await world.ask<{ outcome: string; count: number }>(
    `SELECT last_outcome ->> 'reason' AS outcome, count(*)::int AS count FROM delivery
     WHERE backend = 'down' AND state = 'suppressed' GROUP BY 1`,
  );
  const notSuppressed = verdict.unreached.filter((one) => one.verdict !== 'suppressed');
  const used = waiting.reduce((sum, { attempts, count }) => sum + (attempts > 0 ? count : 0), 0);
  const drained = arrivalsAtDown(world);
  const lastedMs = (drained.at(-1)?.at ?? upAt) - upAt;
  const suppressed = expired.reduce((sum, { count }) => sum + count, 0);
  const spread = (delays: readonly number[]) =>
    `p50 ${duration(quantile(delays, 0.5))}, p99 ${duration(quantile(delays, 0.99))} (${grouped(delays.length)})`;
  const rows: [string, string | number][] = [
    ['figure', 'value'],
    ['down for', duration(upAt - downAt)],
    ['the other backend before', spread(before)],
    ['the other backend while the pile comes in', spread(piling)],
    ['the other backend while the pile waits', spread(waitingTime)],
    ['the other backend while it drains', spread(after)],
    ['waiting before it came back', waiting.map(waitingLine).join('; ')],
    ['waiting ones that had used attempts', used],
    ['noticed that it is back after', duration((drained[0]?.at ?? upAt) - upAt)],
    [
      'drained',
      `${grouped(drained.length)} in ${duration(lastedMs)}${drainedMs === undefined ? ', not to the end' : ''}`,
    ],
    [
      'drain rate per second',
      `mean ${grouped((drained.length / lastedMs) * 1000)}, most ${grouped(mostPerSecond(drained))}`,
    ],
    ['oldest first: places away from it, p99 (without series)', displacement(drained)],
    ['rate set for it', `${drainPerSecond}/s`],
    ['suppressed', expired.map(({ outcome, count }) => `${outcome} ${count}`).join(', ') || 'none'],
    ['order violations', verdict.orderViolations.length],
    ['lost, open or dead', notSuppressed.length],
    ['doubled', verdict.doubled.unexplained.length],
  ];
  const failures = failuresOf([
    [
      p99During > Math.max(p99Before * mostSlowdown, noiseMs),
      `p99 of the other went ${duration(p99Before)} → ${duration(p99During)}`,
    ],
    [used > 0, `${grouped(used)} waiting deliveries had used attempts`],
    [suppressed < parts.expiring, `only ${suppressed} of ${parts.expiring} expired ones were suppressed`],
    [verdict.orderViolations.length > 0, `order violations: ${verdict.orderViolations.length}`],
    [drainedMs === undefined, 'not drained within its time'],
    [notSuppressed.length > 0, `lost, open or dead: ${notSuppressed.length}`],
    [verdict.doubled.unexplained.length > 0, `doubled: ${verdict.doubled.unexplained.length}`],
  ]);
  const text = [table(rows), ...doubledLines(verdict)].join('\n');
  return { text, failures, figures: { used, suppressed, p99Before, p99During } };
}

function failuresOf(checks: readonly (readonly [isWrong: boolean, what: string])[]): string[] {
  return checks.filter(([isWrong]) => isWrong).map(([, what]) => what);
}

interface Drained {
  /** Place in the pile. */
  n: number;
  /** First success, in milliseconds since 1970. */
  at: number;
}

/** What of the pile arrived, in the order of its arrival. */
function arrivalsAtDown({ ledger }: World): Drained[] {
  const found = [...ledger.entries.values()].flatMap(({ key, seen }) => {
    const okAt = seen.flatMap(({ target, deliveries }) =>
      target.startsWith('down/') ? [...deliveries.values()].flat() : [],
    );
    return okAt.length === 0 ? [] : [{ n: Number(key.replace('pile-', '')), at: Math.min(...okAt) }];
  });
  return found.sort((one, other) => one.at - other.at);
}

function mostPerSecond(drained: readonly Drained[]): number {
  const bySecond = gather(drained, ({ at }) => Math.floor(at / 1000));
  return Math.max(0, ...[...bySecond.values()].map(({ length }) => length));
}

/** How far from its place, had the oldest always come first, all but one in a hundred arrived. Series go at their own pace. */
function displacement(all: readonly Drained[]): number {
  const drained = all.filter(({ n }) => n % (pile / parts.series) !== 0);
  const rank = new Map(drained.toSorted((one, other) => one.n - other.n).map(({ n }, place) => [n, place]));
  const away = drained.map(({ n }, place) => Math.abs(place - rank.get(n)!));
  return quantile(
    away.sort((one, other) => one - other),
    0.99,
  );
}

function waitingLine({ attempts, state, count }: Waiting): string {
  return `${grouped(count)} ${state} with ${attempts} attempts`;
}
