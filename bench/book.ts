/**
 * `npm run bench -- book`: what a long rule book costs the flow. One process, whose book is changed between 10 rules and
 * 10,000 from round to round; the same events are sent to it, and one rule tells one recipient of each.
 */
import { cpuSeconds } from './children.ts';
import { flood, steady, type Measured, type Target } from './load.ts';
import { makeRules } from './rules-mix.ts';
import { key, onStand, put, type Stand } from './stand.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const singles = Number(process.env['BENCH_SINGLES'] ?? 8000);
const inArrays = Number(process.env['BENCH_ARRAYS'] ?? 20_000);
const sizes = [10, 10_000];

type Stage = [what: string, run: (target: Target) => Promise<Measured>, deliveries: number];

const stages: Stage[] = [
  ['single POSTs', (target) => flood(target, singles, 1), singles],
  ['arrays of 500', (target) => flood(target, inArrays, 500), inArrays],
  ['500/s', (target) => steady(target, 500, 6), 3000],
];

interface Sample extends Measured {
  rules: number;
  what: string;
  /** CPU seconds of the process per 1,000 deliveries. */
  cpu: number;
}

/** A book of so many rules, as a folder of files; JSON is YAML too. */
function folderOf(rules: number): Record<string, string> {
  const notify = [{ to: ['recipient:bench'] }];
  const others = makeRules(rules - 1).map(([slug, { match }]) => [slug, { match, notify }] as const);
  const one = { match: { type: ['bench.event'], data: { qty: [{ numeric: ['>=', 0] }] } }, notify };
  const recipient = { displayName: 'Bench', addresses: [{ backend: 'sink', to: 'bench' }] };
  const files = [...others, ['bench', one] as const].map(([slug, rule]) => [
    `rules/${slug}.yaml`,
    JSON.stringify(rule),
  ]);
  return { ...Object.fromEntries(files), 'recipients/bench.yaml': JSON.stringify(recipient) };
}

async function grow({ note, serve, serveVestnik }: Stand): Promise<void> {
  const sink = await serve('bench/sink.js');
  const vestnik = await serveVestnik();
  const target = { url: vestnik.url, key, sinkUrl: sink.url };
  await put(vestnik.url, '/v1/backends/sink', { type: 'webhook', settings: { url: `${sink.url}/hook` } });
  const samples: Sample[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    for (const rules of round % 2 ? sizes : sizes.toReversed()) {
      const startedAt = performance.now();
      await put(vestnik.url, '/v1/rule-book', { files: folderOf(rules) });
      note(`a book of ${rules} rules was put within ${Math.round(performance.now() - startedAt)} ms`);
      // The first events meet the new book.
      await flood(target, 1000, 1);
      for (const [what, run, deliveries] of stages) {
        const before = cpuSeconds([vestnik.pid]);
        const measured = await run(target);
        const cpu = ((cpuSeconds([vestnik.pid]) - before) / deliveries) * 1000;
        // The first round only warms up.
        if (round > 0) samples.push({ rules, what, ...measured, cpu });
        note(`${what}, round ${round}, ${rules} rules: delivered ${Math.round(measured.deliveredRate)}/s`);
      }
    }
  }
  report(samples);
}

function median(values: number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

function report(samples: readonly Sample[]): void {
  const of = (what: string, rules: number, figure: 'deliveredRate' | 'p50Ms' | 'p99Ms' | 'cpu') =>
    median(samples.filter((one) => one.what === what && one.rules === rules).map((one) => one[figure]));
  const rows = stages.flatMap(([what]) =>
    sizes.map((rules) => {
      const rate = of(what, rules, 'deliveredRate');
      const ratio = (rate / of(what, sizes[0]!, 'deliveredRate')).toFixed(2);
      const times = `${of(what, rules, 'p50Ms')} | ${of(what, rules, 'p99Ms')} | ${of(what, rules, 'cpu').toFixed(3)}`;
      return `| ${what} | ${rules.toLocaleString('en')} | ${Math.round(rate)} | ${ratio} | ${times} |`;
    }),
  );
  const head =
    '| load | rules | delivered /s, median | ratio | p50 ms | p99 ms | CPU s / 1,000 |\n|---|---:|---:|---:|---:|---:|---:|';
  process.stdout.write(`\n${head}\n${rows.join('\n')}\n`);
}

await onStand(grow);
