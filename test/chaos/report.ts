/** The table at the end of a run, and what makes the run a failure. */
import type { Sabotage } from './sabotage.ts';
import type { Exit, Supervised } from './supervised.ts';
import { countsLine, duration, gather, grouped, table } from './table.ts';
import type { Traffic } from './traffic.ts';
import type { Delays, Unreached, Verdict } from './verdict.ts';
import type { World } from './world.ts';

/** What a run ends with. */
export interface Report {
  /** For a reader. */
  text: string;
  /** Why the run failed, one sentence each; empty when it did not. */
  failures: string[];
  /** For a test. */
  figures: Record<string, number>;
}

/** All that a report is made of. */
export interface ReportParts {
  verdict: Verdict;
  world: World;
  sabotage: Sabotage;
  traffic: Traffic;
  /** How long the drain took, in milliseconds; absent when it did not come to its end. */
  drainedMs: number | undefined;
  /** How long the load lasted, in milliseconds. */
  loadMs: number;
  /** Requests and messages that were never accepted. */
  unaccepted: number;
}

/** How much after PostgreSQL or Redis were away a start may still fail for it, in milliseconds. */
const afterAwayMs = 3000;
const mostExamples = 8;

/** Makes the report. */
export function makeReport(parts: ReportParts): Report {
  const { verdict, world, sabotage, traffic } = parts;
  const exits = sortExits(world.processes, sabotage);
  const figures = figuresOf(parts, exits);
  const failures = failuresOf(parts, exits, figures);
  const byKind = gather(sabotage.struck, ({ kind }) => kind);
  const faults = [...byKind].map(([kind, found]) => [kind, found.length] as const);
  const rows: [string, string | number][] = [
    ['figure', 'value'],
    ...Object.entries(figures),
    ['faults by kind', countsLine(faults)],
    ['delay, acceptance to first 2xx', delaysLine(verdict.delaysMs)],
    ...verdict.delaysByTarget.map(([target, delays]): [string, string] => [`… at ${target}`, delaysLine(delays)]),
    ['drained after the load', parts.drainedMs === undefined ? 'not within its time' : duration(parts.drainedMs)],
    ['accepted per second', Math.round((figures['accepted']! / parts.loadMs) * 1000)],
    ['HTTP answers at the producers', countsLine(traffic.sender.answers)],
    ['AMQP publishes', traffic.publisher ? countsLine(traffic.publisher.answers) : 'door not used'],
    ['peak memory MiB', world.processes.map(({ name, peakMib }) => `${name} ${peakMib}`).join(', ')],
    ...complaintRows(world.processes),
  ];
  return { text: [table(rows), ...evidence(parts, exits)].join('\n\n'), failures, figures };
}

function count(unreached: readonly Unreached[], verdict: Unreached['verdict']): number {
  return unreached.filter((one) => one.verdict === verdict).length;
}

interface SortedExits {
  /** A finding each: it ended, and nobody had made it. */
  unexpected: Exit[];
  /** Starts that failed because a server was away; the next one succeeded. */
  failedStarts: Exit[];
}

function sortExits(processes: readonly Supervised[], sabotage: Sabotage): SortedExits {
  const away = sabotage.struck.filter(({ kind }) => kind === 'postgres' || kind === 'redis' || kind === 'rabbit');
  const isFailedStart = ({ served, startedAt, at }: Exit): boolean =>
    !served && away.some(({ from, to }) => from <= at && to + afterAwayMs >= startedAt);
  const all = processes.flatMap(({ exits }) => exits);
  return { unexpected: all.filter((exit) => !isFailedStart(exit)), failedStarts: all.filter(isFailedStart) };
}

function figuresOf({ verdict, sabotage, world, unaccepted, traffic }: ReportParts, exits: SortedExits) {
  const { accepted, unreached, doubled } = verdict;
  return {
    faults: sabotage.struck.length,
    accepted: accepted.http + accepted.amqp,
    'accepted over HTTP': accepted.http,
    'accepted over AMQP': accepted.amqp,
    'never accepted': unaccepted,
    'refused for good': traffic.sender.refusals.length,
    delivered: verdict.delivered,
    held: count(unreached, 'held'),
    dead: count(unreached, 'dead'),
    suppressed: count(unreached, 'suppressed'),
    'still open': count(unreached, 'open'),
    lost: count(unreached, 'lost'),
    'doubled, explained': doubled.explained.length,
    'doubled, unexplained': doubled.unexplained.length,
    'doubled at the deduplicating sink': verdict.twice.length,
    'order violations': verdict.orderViolations.length,
    restarts: world.processes.reduce((sum, one) => sum + one.restarts, 0),
    'starts that failed while a server was away': exits.failedStarts.length,
    'unexpected exits': exits.unexpected.length,
  };
}

/** Figures that must be 0. */
const mustBeNone = [
  'lost',
  'still open',
  'refused for good',
  'never accepted',
  'doubled, unexplained',
  'doubled at the deduplicating sink',
  'order violations',
  'unexpected exits',
];

function failuresOf(parts: ReportParts, _exits: SortedExits, figures: Record<string, number>): string[] {
  const wrong = mustBeNone.filter((name) => figures[name] !== 0).map((name) => `${name}: ${grouped(figures[name]!)}`);
  return [...wrong, ...parts.sabotage.problems];
}

function delaysLine({ p50, p99, longest }: Delays): string {
  return `p50 ${duration(p50)}, p99 ${duration(p99)}, longest ${duration(longest)}`;
}

function complaintRows(processes: readonly Supervised[]): [string, string][] {
  const byApp = gather(processes, ({ app }) => app);
  return [...byApp].map(([app, ones]) => {
    const sum = new Map<string, number>();
    for (const [said, times] of ones.flatMap(({ complaints }) => [...complaints]))
      sum.set(said, (sum.get(said) ?? 0) + times);
    return [`warnings and errors of ${app}`, countsLine(sum)];
  });
}

const moment = (ms: number): string => new Date(ms).toISOString().slice(11, 23);

/** Deliveries that came twice without a reason: when, and what the database knows of the attempts. */
export function doubledLines({ doubled }: Verdict): string[] {
  return doubled.unexplained.map(
    ({ deliveryId, target, okAt, attempts }) =>
      `${deliveryId} at ${target}: ${okAt.map(moment).join(', ')}; attempts: ${attempts.join(' | ') || 'none'}`,
  );
}

/** A few examples of each thing that should not be. */
function evidence({ verdict, traffic, sabotage }: ReportParts, exits: SortedExits): string[] {
  const unreached = gather(verdict.unreached, ({ verdict: kind }) => kind);
  const sections: [string, string[]][] = [
    ...[...unreached].map(([kind, ones]): [string, string[]] => [
      kind,
      ones.map(({ key, target, why }) => `${key} for ${target}: ${why}`),
    ]),
    ['doubled, unexplained', doubledLines(verdict)],
    ['two deliveries for one event and target', verdict.twice],
    [
      'out of order',
      verdict.orderViolations.map(
        ({ series, target, number, after, at }) => `${series} at ${target}: ${number} after ${after} at ${moment(at)}`,
      ),
    ],
    ['refused for good', traffic.sender.refusals],
    [
      'unexpected exits',
      exits.unexpected.map(
        ({ name, at, code, signal, lastLines }) =>
          `${name} at ${moment(at)} with ${code ?? signal}:\n    ${lastLines.join('\n    ')}`,
      ),
    ],
    ['faults that could not be carried out', sabotage.problems],
  ];
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `${title} (${lines.length}):\n${examples(lines)}`);
}

function examples(lines: readonly string[]): string {
  const shown = lines.slice(0, mostExamples).map((line) => `  - ${line}`);
  return lines.length > mostExamples
    ? [...shown, `  - and ${lines.length - mostExamples} more`].join('\n')
    : shown.join('\n');
}
