/**
 * `npm run bench`: the bare pipeline and Vestnik side by side, alternating, on the same PostgreSQL, Redis and sink. Figures of
 * one run are comparable with each other only.
 */
import { cpuSeconds, peakMemoryMib, type Served } from './children.ts';
import { flood, steady, type Measured, type Target } from './load.ts';
import { printReport, type Sample } from './report.ts';
import { key, onStand, put, type Stand } from './stand.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const singles = Number(process.env['BENCH_SINGLES'] ?? 8000);
const inArrays = Number(process.env['BENCH_ARRAYS'] ?? 20_000);

interface Contender {
  name: 'bare' | 'vestnik';
  target: Target;
  pid: number;
}

type Stage = [what: Sample['what'], run: (target: Target) => Promise<Measured>, deliveries: number];

const stages: Stage[] = [
  ['single POSTs', (target) => flood(target, singles, 1), singles],
  ['arrays of 500', (target) => flood(target, inArrays, 500), inArrays],
  ['500/s', (target) => steady(target, 500, 6), 3000],
];

async function prepareVestnik(url: string, sinkUrl: string): Promise<void> {
  await put(url, '/v1/backends/sink', { type: 'webhook', settings: { url: `${sinkUrl}/hook` } });
  await put(url, '/v1/recipients/bench', { displayName: 'Bench', addresses: [{ backend: 'sink', to: 'bench' }] });
  for (let n = 0; n < 9; n += 1)
    await put(url, `/v1/rules/other-${n}`, { match: { type: [`other.${n}`] }, notify: [{ to: ['recipient:bench'] }] });
  await put(url, '/v1/rules/bench', {
    match: { type: ['bench.event'], data: { qty: [{ numeric: ['>=', 0] }] } },
    notify: [{ to: ['recipient:bench'] }],
  });
}

async function measure(contender: Contender, [what, run, deliveries]: Stage): Promise<Sample> {
  const before = cpuSeconds([contender.pid]);
  const measured = await run(contender.target);
  const cpu = ((cpuSeconds([contender.pid]) - before) / deliveries) * 1000;
  return { name: contender.name, what, ...measured, cpu };
}

async function beside(stand: Stand): Promise<void> {
  const sink = await stand.serve('bench/sink.js');
  const bare = await stand.serve('bench/bare.js', { SINK_URL: sink.url });
  const vestnik = await stand.serveVestnik();
  await prepareVestnik(vestnik.url, sink.url);
  await compare([contender('bare', bare, sink), contender('vestnik', vestnik, sink)], stand.note);
}

function contender(name: Contender['name'], served: Served, sink: Served): Contender {
  return { name, pid: served.pid, target: { url: served.url, key, sinkUrl: sink.url } };
}

async function compare(contenders: Contender[], note: (line: string) => void): Promise<void> {
  for (const { target } of contenders) await flood(target, 1000, 1);
  const samples: Sample[] = [];
  for (const stage of stages) {
    for (let round = 1; round <= rounds; round += 1) {
      // Whoever went first in one round goes second in the next.
      for (const one of round % 2 ? contenders : contenders.toReversed()) {
        const sample = await measure(one, stage);
        samples.push(sample);
        note(
          `${sample.what}, round ${round}, ${one.name}: accepted ${Math.round(sample.acceptRate)}/s, delivered ${Math.round(sample.deliveredRate)}/s`,
        );
      }
    }
  }
  printReport(samples, Object.fromEntries(contenders.map(({ name, pid }) => [name, peakMemoryMib(pid)])));
}

await onStand(beside);
