import type { CampaignReport } from './campaign.ts';

/** The counts of a campaign as a table: one row per call of the API, one column per answer. */
export function tableOf({ counts, sent, violations, longestMs }: CampaignReport): string {
  const answers = [...new Set([...counts.values()].flatMap((row) => [...row.keys()]))].sort();
  const total = answers.map((answer) => sumOf([...counts.values()].map((row) => row.get(answer) ?? 0)));
  const rows = [...counts.entries()]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([group, row]) => [group, ...answers.map((answer) => String(row.get(answer) ?? ''))]);
  const all = [['', ...answers], ...rows, ['all', ...total.map(String)]];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const lines = all.map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  '),
  );
  const faults = violations.map(({ what, input }) => `✗ ${what}\n  smallest input: ${input}`);
  return [
    ...lines,
    '',
    `${sent} inputs, ${violations.length} violations, longest answer after ${Math.round(longestMs)} ms`,
    ...faults,
  ].join('\n');
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}
