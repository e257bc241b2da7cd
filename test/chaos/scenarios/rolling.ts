/**
 * A rolling restart of every process under load. Producers send each event once, through a balancer, and never again: each
 * request that is not answered with 202 is counted.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import { startBalancer, type Balancer } from '../balancer.ts';
import { backend, definitions, sinks, targetsOf } from '../book.ts';
import { drain } from '../drain.ts';
import { plainEventOf, Stream } from '../http-load.ts';
import { quantile, type Expected } from '../ledger.ts';
import type { RunOrder } from '../options.ts';
import { doubledLines, type Report } from '../report.ts';
import { countsLine, duration, table } from '../table.ts';
import { judge } from '../verdict.ts';
import { startWorld, type World } from '../world.ts';

/** Load of the issue, in events per second. */
const perSecond = 300;
/** Most that may lie between acceptance and delivery for all but one in a hundred, in milliseconds. */
const mostP99Ms = 2000;
/** Between two processes, in milliseconds: what was behind may catch up. */
const restMs = 1500;
/** Load before the first restart and after the last, in milliseconds. */
const leadMs = 3000;
const tickMs = 20;

interface Roll {
  /** From SIGTERM to the end of the process, in milliseconds. */
  endedMs: number;
  /** From SIGTERM until it is ready again, in milliseconds. */
  awayMs: number;
}

/** Makes the run. */
export async function runRolling(order: RunOrder): Promise<Report> {
  const { logs, say, signal } = order;
  const world = await startWorld({ amqp: false, logs, say, sinks, definitions, backend, targetsOf });
  const balancer = await startBalancer(world.of('ingest'));
  try {
    const load = new OnceLoad(world, balancer.url);
    const rolled = new AbortController();
    const sending = load.run(AbortSignal.any([signal, rolled.signal]));
    const rolls = await rollAll(world, balancer, order);
    rolled.abort();
    await sending;
    await drain(world, { withinMs: order.drainMs, signal, refresh: () => Promise.resolve(), say });
    return await report(world, load, rolls, balancer);
  } finally {
    await balancer.stop();
    await world.end();
  }
}

/** Restarts one process after the other, round after round until the time is over; at least one round. */
async function rollAll(world: World, balancer: Balancer, order: RunOrder): Promise<Roll[]> {
  const until = Date.now() + order.minutes * 60_000;
  const rolls: Roll[] = [];
  await pause(leadMs);
  for (let round = 1; round === 1 || (Date.now() < until && !order.signal.aborted); round += 1) {
    for (const one of world.processes) {
      if (order.signal.aborted || (round > 1 && Date.now() > until)) break;
      const askedAt = Date.now();
      const endedMs = await one.roll();
      const awayMs = Date.now() - askedAt;
      rolls.push({ endedMs, awayMs });
      order.say(`${one.name}: ended after ${duration(endedMs)}, ready again after ${duration(awayMs)}`);
      // As with any balancer: nobody goes on before it has seen that this one is back.
      while (one.app === 'ingest' && !balancer.holdsReady(one)) await pause(50);
      await pause(restMs);
    }
  }
  await pause(leadMs);
  return rolls;
}

/** Single events over HTTP, each sent once. */
class OnceLoad {
  readonly answers = new Map<string, number>();
  requests = 0;
  failed = 0;
  readonly #world: World;
  readonly #pool: Pool;

  constructor(world: World, url: string) {
    this.#world = world;
    this.#pool = new Pool(url, { connections: 32, headersTimeout: 20_000 });
  }

  /** Sends until the signal comes, and waits for the last answers. */
  async run(signal: AbortSignal): Promise<void> {
    const stream = new Stream(perSecond);
    const underWay = new Set<Promise<void>>();
    while (!signal.aborted) {
      for (let due = stream.due(); due > 0; due -= 1) {
        stream.sent += 1;
        const one = this.#post({ key: `r${stream.sent}`, type: 'chaos.plain', door: 'http' });
        underWay.add(one);
        void one.then(() => underWay.delete(one));
      }
      await pause(tickMs);
    }
    await Promise.all(underWay);
    await this.#pool.close();
  }

  async #post(event: Expected): Promise<void> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${this.#world.key}` };
    const body = JSON.stringify(plainEventOf(event));
    this.requests += 1;
    try {
      const answer = await this.#pool.request({ path: '/v1/events', method: 'POST', headers, body });
      await answer.body.dump();
      if (answer.statusCode === 202) this.#world.ledger.accept(event, Date.now());
      else this.failed += 1;
      this.#count(String(answer.statusCode));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.failed += 1;
      this.#count(`${code}: ${message}`);
    }
  }

  #count(what: string): void {
    this.answers.set(what, (this.answers.get(what) ?? 0) + 1);
  }
}

async function report(world: World, load: OnceLoad, rolls: readonly Roll[], balancer: Balancer): Promise<Report> {
  const verdict = await judge(world, []);
  const delays = world.ledger.delays();
  const p99 = quantile(delays, 0.99);
  const doubled = verdict.doubled.unexplained.length;
  const exits = world.processes.flatMap(({ exits: found }) => found);
  const figures = {
    'restarted processes': rolls.length,
    requests: load.requests,
    'failed requests': load.failed,
    accepted: verdict.accepted.http,
    delivered: verdict.delivered,
    'not delivered': verdict.unreached.length,
    doubled,
    'two deliveries': verdict.twice.length,
    'unexpected exits': exits.length,
    'p50 ms': quantile(delays, 0.5),
    'p99 ms': p99,
    'longest ms': delays.at(-1) ?? 0,
  };
  const slowest = Math.max(0, ...rolls.map(({ endedMs }) => endedMs));
  const rows: [string, string | number][] = [
    ['figure', 'value'],
    ...Object.entries(figures),
    ['answers', countsLine(load.answers)],
    ['connections passed on by the balancer', balancer.passedOn()],
    ['slowest end after SIGTERM', duration(slowest)],
    ['longest away', duration(Math.max(0, ...rolls.map(({ awayMs }) => awayMs)))],
  ];
  const failures = ['failed requests', 'not delivered', 'doubled', 'two deliveries', 'unexpected exits']
    .filter((name) => figures[name as keyof typeof figures] > 0)
    .map((name) => `${name}: ${figures[name as keyof typeof figures]}`);
  if (p99 > mostP99Ms) failures.push(`p99 is ${duration(p99)}, more than ${duration(mostP99Ms)}`);
  return { text: [table(rows), ...doubledLines(verdict)].join('\n'), failures, figures };
}
