/**
 * `npm run bench`: the bare pipeline and Vestnik side by side, alternating, on the same PostgreSQL, Redis and sink. Figures of
 * one run are comparable with each other only.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '#platform/embedded';
import { cpuSeconds, peakMemoryMib, serve, startRedisFor, type Served } from './children.ts';
import { flood, steady, type Measured, type Target } from './load.ts';
import { printReport, type Sample } from './report.ts';

const dist = fileURLToPath(new URL('../', import.meta.url));
const key = 'vst_bench_key_of_no_importance';
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
  const put = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
    const answer = await fetch(url + path, { method: 'PUT', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
  };
  await put('/v1/backends/sink', { type: 'webhook', settings: { url: `${sinkUrl}/hook` } });
  await put('/v1/recipients/bench', { displayName: 'Bench', addresses: [{ backend: 'sink', to: 'bench' }] });
  for (let n = 0; n < 9; n += 1)
    await put(`/v1/rules/other-${n}`, { match: { type: [`other.${n}`] }, notify: [{ to: ['recipient:bench'] }] });
  await put('/v1/rules/bench', {
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

async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'vestnik-bench-'));
  // As root the database runs as another user, who must be able to enter, or it would be kept elsewhere and stay behind.
  await chmod(dir, 0o755);
  const closers: (() => Promise<void>)[] = [() => rm(dir, { recursive: true, force: true })];
  const note = (line: string) => process.stderr.write(`${line}\n`);
  try {
    const postgres = await startEmbeddedPostgres({ dataDir: join(dir, 'postgres'), log: note });
    closers.push(() => postgres.stop());
    const redis = await startRedisFor(join(dir, 'redis'), note);
    closers.push(() => redis.stop());
    const sink = await serve(join(dist, 'bench/sink.js'), {});
    closers.push(() => sink.end());
    const env = {
      DATABASE_URL: postgres.connectionString,
      REDIS_URL: redis.url,
      SINK_URL: sink.url,
      HOST: '127.0.0.1',
      PORT: '0',
    };
    const bare = await serve(join(dist, 'bench/bare.js'), env);
    closers.push(() => bare.end());
    const secrets = {
      ADMIN_API_KEY: key,
      SECRET_KEY: 'bench secret key of no importance',
      DATA_DIR: join(dir, 'data'),
      TARGET_NETWORKS: '127.0.0.0/8',
    };
    const vestnik = await serve(join(dist, 'apps/standalone/src/main.js'), { ...env, ...secrets });
    closers.push(() => vestnik.end());
    await prepareVestnik(vestnik.url, sink.url);
    await compare([contender('bare', bare, sink), contender('vestnik', vestnik, sink)], note);
  } finally {
    for (const close of closers.reverse()) await close();
  }
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

await main();
