/** The table at the end of a bench run: medians over the rounds, and Vestnik's as a ratio of the bare pipeline's. */
import type { Measured } from './load.ts';

/** One measurement of one contender. */
export interface Sample extends Measured {
  name: 'bare' | 'vestnik';
  what: 'single POSTs' | 'arrays of 500' | '500/s';
  /** CPU seconds of the contender's process per 1,000 deliveries. */
  cpu: number;
}

type Figure = keyof Omit<Sample, 'name' | 'what'>;

const figures: [Figure, label: string, digits: number][] = [
  ['acceptRate', 'accepted /s', 0],
  ['deliveredRate', 'delivered /s', 0],
  ['p50Ms', 'POST to arrival p50 ms', 0],
  ['p99Ms', 'POST to arrival p99 ms', 0],
  ['cpu', 'CPU s / 1,000 deliveries', 2],
  ['repeats', 'repeats', 0],
];

/** Writes the table to standard output. */
export function printReport(samples: readonly Sample[], peakMib: Record<string, number>): void {
  const rows = ['| load | figure | bare pipeline | Vestnik | Vestnik / bare |', '|---|---|---:|---:|---:|'];
  for (const what of new Set(samples.map((sample) => sample.what))) {
    for (const [figure, label, digits] of figures) {
      const [bare, vestnik] = (['bare', 'vestnik'] as const).map((name) =>
        median(
          samples.filter((sample) => sample.name === name && sample.what === what).map((sample) => sample[figure]),
        ),
      ) as [number, number];
      rows.push(
        `| ${what} | ${label} | ${bare.toFixed(digits)} | ${vestnik.toFixed(digits)} | ${bare === 0 ? '–' : (vestnik / bare).toFixed(2)} |`,
      );
    }
  }
  const [bare, vestnik] = [peakMib['bare'] ?? 0, peakMib['vestnik'] ?? 0];
  rows.push(
    `| whole run | peak memory MiB | ${bare} | ${vestnik} | ${bare === 0 ? '–' : (vestnik / bare).toFixed(2)} |`,
  );
  process.stdout.write(`\n${rows.join('\n')}\n`);
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
