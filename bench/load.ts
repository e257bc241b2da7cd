/** The sending end: keeps a fixed number of POSTs under way, or a fixed rate. */
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import type { SinkReport } from './sink.ts';

/** Where to send, and with what key. */
export interface Target {
  url: string;
  key: string;
  sinkUrl: string;
}

/** What one measurement found. */
export interface Measured {
  /** Events accepted per second. */
  acceptRate: number;
  /** Events that reached the sink per second, from the first POST to the last arrival. */
  deliveredRate: number;
  p50Ms: number;
  p99Ms: number;
  /** Deliveries beyond one per event. */
  repeats: number;
}

/** POSTs under way at once. */
const posts = 64;
/** A run that does not end in this time is a failure, in milliseconds. */
const patienceMs = 120_000;

/** Sends `count` events as fast as they are taken, `perPost` in each POST, and waits until all have arrived. */
export async function flood(target: Target, count: number, perPost: number): Promise<Measured> {
  await fetch(target.sinkUrl, { method: 'DELETE' });
  const pool = new Pool(target.url, { connections: perPost === 1 ? posts : 4 });
  const startedAt = Date.now();
  let next = 0;
  const send = async (): Promise<void> => {
    while (next < count) {
      const first = next;
      next += perPost;
      await post(
        pool,
        target.key,
        perPost === 1
          ? event(first)
          : Array.from({ length: Math.min(perPost, count - first) }, (_, offset) => event(first + offset)),
      );
    }
  };
  await Promise.all(Array.from({ length: perPost === 1 ? posts : 4 }, send));
  const acceptedAt = Date.now();
  await pool.close();
  return summarise(await arrived(target, count), { count, startedAt, acceptedAt });
}

/** Sends single events at a fixed rate for so many seconds. */
export async function steady(target: Target, perSecond: number, seconds: number): Promise<Measured> {
  await fetch(target.sinkUrl, { method: 'DELETE' });
  const pool = new Pool(target.url, { connections: posts });
  const startedAt = Date.now();
  const count = perSecond * seconds;
  const underWay: Promise<void>[] = [];
  for (let n = 0; n < count; n += 1) {
    const dueAt = startedAt + (n * 1000) / perSecond;
    if (dueAt > Date.now()) await pause(dueAt - Date.now());
    underWay.push(post(pool, target.key, event(n)));
  }
  await Promise.all(underWay);
  const acceptedAt = Date.now();
  await pool.close();
  return summarise(await arrived(target, count), { count, startedAt, acceptedAt });
}

function event(n: number): object {
  return {
    type: 'bench.event',
    source: 'bench',
    subject: `order/${n}`,
    data: {
      n,
      sentAt: Date.now(),
      order: `4711-${n}`,
      customer: 'ООО «Ромашка»',
      warehouse: 'MSK-1',
      qty: n % 100,
      lines: [
        { sku: 'A-1', qty: 3 },
        { sku: 'B-2', qty: 7 },
      ],
    },
  };
}

async function post(pool: Pool, key: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const answer = await pool.request({ path: '/v1/events', method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.body.text();
  if (answer.statusCode !== 202)
    throw new Error(`POST /v1/events answered ${answer.statusCode}: ${text.slice(0, 500)}`);
}

async function arrived(target: Target, count: number): Promise<SinkReport> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const report = (await (await fetch(`${target.sinkUrl}/count`)).json()) as SinkReport;
    if (report.count >= count) return (await (await fetch(`${target.sinkUrl}/report`)).json()) as SinkReport;
    if (Date.now() > deadline)
      throw new Error(`only ${report.count} of ${count} events arrived within ${patienceMs / 1000} s`);
    await pause(50);
  }
}

function summarise(report: SinkReport, run: { count: number; startedAt: number; acceptedAt: number }): Measured {
  const sorted = report.latencies.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    acceptRate: (run.count / (run.acceptedAt - run.startedAt)) * 1000,
    deliveredRate: (run.count / (report.lastAt - run.startedAt)) * 1000,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    repeats: report.deliveries - run.count,
  };
}
