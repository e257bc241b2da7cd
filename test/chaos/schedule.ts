/** Which faults strike when: made from a seed before the run begins, so that it can be had again. */
import { createChance, type Chance } from './seeded.ts';

/** What a sink can do wrong. */
export const sinkFaults = ['refuse', 'hang', 'fail', 'throttle', 'reset', 'garbage'] as const;

/** What a sink can do wrong: closed port, no answer, 500, 429, a cut in mid-answer, broken HTTP. */
export type SinkFault = (typeof sinkFaults)[number];

/** What can break. */
export type FaultKind = 'kill' | 'freeze' | 'postgres' | 'redis' | 'flush' | 'rabbit' | SinkFault;

/** One fault. */
export interface Fault {
  /** From the beginning of the run, in milliseconds. */
  atMs: number;
  /** How long it lasts, in milliseconds; a process that was killed is back when its supervisor says so. */
  durationMs: number;
  kind: FaultKind;
  /** A process, a server or a sink. */
  target: string;
}

/** What a schedule is made for. */
export interface ScheduleOrder {
  seed: number;
  /** No fault begins before this, in milliseconds. */
  fromMs: number;
  /** All faults are over by then, in milliseconds. */
  untilMs: number;
  /** Longest a process is frozen, in milliseconds. Other lengths are scaled with it; 40,000 is full length. */
  freezeMs: number;
  processes: readonly string[];
  sinks: readonly string[];
  amqp: boolean;
}

/** How many faults there may be at a time. */
export const lanes = 2;
const fullFreezeMs = 40_000;
/** Rest between two faults of a lane, in milliseconds. */
const restMs = { least: 1500, most: 4500 };
/** How long a killed process is taken to be away: the supervisor's second and its start, in milliseconds. */
const awayMs = 3000;

/** Makes the schedule, ordered by time. */
export function makeSchedule(order: ScheduleOrder): Fault[] {
  const chance = createChance(order.seed);
  const free = Array.from({ length: lanes }, (_, lane) => order.fromMs + (lane * restMs.most) / 2);
  const faults: Fault[] = [];
  let deck: FaultKind[] = [];
  for (;;) {
    const lane = free.indexOf(Math.min(...free));
    const atMs = Math.round(free[lane]!);
    if (atMs >= order.untilMs) return faults.filter((fault) => fault.atMs + fault.durationMs <= order.untilMs);
    if (deck.length === 0) deck = chance.shuffle(kindsOf(order));
    const kind = deck.pop()!;
    const target = chooseTarget(chance, order, kind, busyAt(faults, atMs));
    const durationMs = durationOf(chance, kind, order.freezeMs);
    if (target !== undefined) faults.push({ atMs, durationMs, kind, target });
    free[lane] = atMs + (target === undefined ? 0 : durationMs) + chance.between(restMs.least, restMs.most);
  }
}

/** One deck: what is dealt before anything is dealt again. */
function kindsOf({ amqp }: ScheduleOrder): FaultKind[] {
  const kinds: FaultKind[] = ['kill', 'kill', 'kill', 'kill', 'freeze', 'postgres', 'redis', 'flush', 'flush'];
  return [...kinds, ...sinkFaults, ...(amqp ? ['rabbit' as const] : [])];
}

function busyAt(faults: readonly Fault[], atMs: number): Set<string> {
  const still = faults.filter((fault) => fault.atMs + fault.durationMs >= atMs);
  return new Set(still.map((fault) => fault.target));
}

function chooseTarget(chance: Chance, order: ScheduleOrder, kind: FaultKind, busy: Set<string>): string | undefined {
  const candidates = targetsOf(order, kind).filter((target) => !busy.has(target));
  return candidates.length === 0 ? undefined : chance.pick(candidates);
}

function targetsOf(order: ScheduleOrder, kind: FaultKind): readonly string[] {
  if (kind === 'kill' || kind === 'freeze') return order.processes;
  if (kind === 'postgres') return ['postgres'];
  if (kind === 'redis' || kind === 'flush') return ['redis'];
  return kind === 'rabbit' ? ['rabbit'] : order.sinks;
}

function durationOf(chance: Chance, kind: FaultKind, freezeMs: number): number {
  const scale = freezeMs / fullFreezeMs;
  if (kind === 'freeze') return freezeMs;
  if (kind === 'kill') return awayMs;
  if (kind === 'flush') return 0;
  if (kind === 'postgres') return chance.between(500, 1000 + 6000 * scale);
  if (kind === 'redis' || kind === 'rabbit') return chance.between(1000, 2000 + 8000 * scale);
  return chance.between(3000, 6000 + 14_000 * scale);
}
