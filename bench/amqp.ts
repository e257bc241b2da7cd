/**
 * `npm run bench -- amqp`: how fast one standalone process accepts events, by single POSTs over HTTP and by AMQP messages of
 * one event each, alternating in one run. What is measured is the accept stage: from the first event sent until the last one
 * is committed. The producer runs on the same machine in both cases. No rule matches, so nothing is delivered; routing to
 * "nobody's business" goes on meanwhile in the same process, for both alike.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect, type ChannelModel } from 'amqplib';
import { Pool } from 'undici';
import { cpuSeconds, type Served } from './children.ts';
import { key, onStand, type Stand } from './stand.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const singles = Number(process.env['BENCH_SINGLES'] ?? 8000);
const messages = Number(process.env['BENCH_MESSAGES'] ?? 30_000);
/** POSTs under way at once, and messages on their way to the broker. */
const postsAtOnce = 64;
const messagesAtOnce = 1000;

type Way = 'HTTP, single POSTs' | 'AMQP, while publishing' | 'AMQP, from a full queue';

interface Sample {
  way: Way;
  /** Events committed per second. */
  rate: number;
  /** CPU seconds of the process per 1,000 events. */
  cpu: number;
}

interface RabbitMqTool {
  startRabbitMq(options: {
    dir: string;
    cacheDir: string;
    log: (line: string) => void;
  }): Promise<{ url: string; stop(): Promise<void> }>;
}

let sent = 0;

/** The same event by every way, with a key as a careful producer gives it. */
function nextEvent(): { id: string; body: string } {
  sent += 1;
  const data = { n: sent, order: `4711-${sent}`, customer: 'ООО «Ромашка»', warehouse: 'MSK-1', qty: sent % 100 };
  const event = { type: 'bench.event', source: 'bench', subject: `order/${sent}`, idempotencyKey: `b-${sent}`, data };
  return { id: `b-${sent}`, body: JSON.stringify(event) };
}

/** Sends single POSTs as fast as they are taken; every answer comes after the commit. */
async function post(served: Served): Promise<void> {
  const pool = new Pool(served.url, { connections: postsAtOnce });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next < singles) {
      next += 1;
      const answer = await pool.request({ path: '/v1/events', method: 'POST', headers, body: nextEvent().body });
      await answer.body.dump();
      if (answer.statusCode !== 202) throw new Error(`POST /v1/events answered ${answer.statusCode}.`);
    }
  };
  await Promise.all(Array.from({ length: postsAtOnce }, sender));
  await pool.close();
}

/** Publishes as fast as the broker confirms. */
async function publish(connection: ChannelModel): Promise<void> {
  const channel = await connection.createConfirmChannel();
  await new Promise<void>((resolve, reject) => {
    let published = 0;
    let confirmed = 0;
    const fill = () => {
      while (published < messages && published - confirmed < messagesAtOnce) {
        published += 1;
        const { id, body } = nextEvent();
        const options = { persistent: true, contentType: 'application/json', messageId: id };
        channel.publish('vestnik.events', 'bench', Buffer.from(body), options, (error: unknown) => {
          if (error) return reject(error as Error);
          confirmed += 1;
          if (confirmed === messages) resolve();
          else if (confirmed % 100 === 0) fill();
        });
      }
    };
    fill();
  });
  await channel.close();
}

/** Sums of two counters of the process: events accepted, and events routed to whatever end. */
async function counters(served: Served): Promise<{ accepted: number; routed: number }> {
  const answer = await fetch(`${served.url}/metrics`, { headers: { authorization: `Bearer ${key}` } });
  const text = await answer.text();
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\d+)`, 'gm'))].reduce(
      (all, match) => all + Number(match[1]),
      0,
    );
  return { accepted: sum('vestnik_events_accepted_total'), routed: sum('vestnik_events_routed_total') };
}

async function untilAccepted(served: Served, count: number): Promise<void> {
  while ((await counters(served)).accepted < count) await pause(25);
}

async function untilRouted(served: Served): Promise<void> {
  for (;;) {
    const { accepted, routed } = await counters(served);
    if (routed >= accepted) return;
    await pause(100);
  }
}

async function measure(way: Way, served: Served, connection: ChannelModel): Promise<Sample> {
  await untilRouted(served);
  const { accepted } = await counters(served);
  const count = way === 'HTTP, single POSTs' ? singles : messages;
  if (way === 'AMQP, from a full queue') {
    // Asleep, the process takes nothing; what the broker pushes to it stays in the socket.
    process.kill(served.pid, 'SIGSTOP');
    await publish(connection);
    process.kill(served.pid, 'SIGCONT');
  }
  const cpuBefore = cpuSeconds([served.pid]);
  const startedAt = performance.now();
  const sending = way === 'HTTP, single POSTs' ? post(served) : way === 'AMQP, while publishing' && publish(connection);
  await Promise.all([sending, untilAccepted(served, accepted + count)]);
  const seconds = (performance.now() - startedAt) / 1000;
  return { way, rate: count / seconds, cpu: ((cpuSeconds([served.pid]) - cpuBefore) / count) * 1000 };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const ways: Way[] = ['HTTP, single POSTs', 'AMQP, while publishing', 'AMQP, from a full queue'];

function report(samples: readonly Sample[]): void {
  const of = (way: Way, figure: 'rate' | 'cpu') =>
    samples.filter((sample) => sample.way === way).map((sample) => sample[figure]);
  const http = median(of(ways[0]!, 'rate'));
  const rows = ways.map((way) => {
    const rates = of(way, 'rate');
    const range = `${Math.round(Math.min(...rates))}–${Math.round(Math.max(...rates))}`;
    const ratio = (median(rates) / http).toFixed(2);
    return `| ${way} | ${Math.round(median(rates))} | ${range} | ${ratio} | ${median(of(way, 'cpu')).toFixed(3)} |`;
  });
  const head =
    '| way | accepted /s, median | range | ratio to HTTP | CPU s / 1,000 events |\n|---|---:|---:|---:|---:|';
  process.stdout.write(`\n${head}\n${rows.join('\n')}\n`);
}

async function startRabbitMqFor(dir: string, log: (line: string) => void): ReturnType<RabbitMqTool['startRabbitMq']> {
  const { startRabbitMq } = (await import(new URL('../../tools/rabbitmq.mjs', import.meta.url).href)) as RabbitMqTool;
  const cacheDir = fileURLToPath(new URL('../../.test/fetched/rabbitmq', import.meta.url));
  return startRabbitMq({ dir, cacheDir, log });
}

async function sideBySide({ dir, note, opened, serveVestnik }: Stand): Promise<void> {
  const rabbit = await startRabbitMqFor(join(dir, 'rabbitmq'), note);
  opened(() => rabbit.stop());
  const served = await serveVestnik({ AMQP_URL: rabbit.url });
  const connection = await connect(rabbit.url);
  opened(() => connection.close());
  await compare(served, connection, note);
}

async function compare(served: Served, connection: ChannelModel, note: (line: string) => void): Promise<void> {
  // The first round of each only warms up.
  for (const way of ways) await measure(way, served, connection);
  const samples: Sample[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const way of round % 2 ? ways : ways.toReversed()) {
      const sample = await measure(way, served, connection);
      samples.push(sample);
      note(`round ${round}, ${way}: ${Math.round(sample.rate)}/s`);
    }
  }
  report(samples);
}

await onStand(sideBySide);
