/** What can be said on the command line. */
import { parseArgs } from 'node:util';

/** One run. */
export interface RunOrder {
  /** Absent: the run with faults. */
  scenario: string | undefined;
  /** How long the load lasts. */
  minutes: number;
  seed: number;
  /** Events per second. */
  rate: number;
  amqp: boolean;
  /** How long to wait at the end until everything has arrived, in milliseconds. */
  drainMs: number;
  /** Folder for the whole output of each process; absent: kept nowhere. */
  logs: string | undefined;
  /** File for the report as JSON; absent: none. */
  json: string | undefined;
  signal: AbortSignal;
  say: (line: string) => void;
}

const options = {
  scenario: { type: 'string' },
  minutes: { type: 'string' },
  seed: { type: 'string', default: '1' },
  rate: { type: 'string' },
  'no-amqp': { type: 'boolean', default: false },
  'drain-seconds': { type: 'string', default: '300' },
  logs: { type: 'string' },
  json: { type: 'string' },
} as const;

/** Load of the run with faults, in events per second. */
const usualRate = 250;

/** Reads the command line. Throws with a sentence when it does not fit. */
export function readOptions(args: readonly string[], signal: AbortSignal, say: (line: string) => void): RunOrder {
  const { values } = parseArgs({ args: [...args], options, strict: true });
  const number = (name: 'minutes' | 'seed' | 'rate' | 'drain-seconds', absent: number): number => {
    const value = Number(values[name] ?? absent);
    if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name} must be a number above 0.`);
    return value;
  };
  return {
    scenario: values.scenario,
    minutes: number('minutes', values.scenario === undefined ? 10 : 1),
    seed: number('seed', 1),
    rate: number('rate', usualRate),
    amqp: !values['no-amqp'],
    drainMs: number('drain-seconds', 300) * 1000,
    logs: values.logs,
    json: values.json,
    signal,
    say,
  };
}
