/** Redis emptied once a second while events come in: everything that was rung for is forgotten, and nothing may be lost. */
import { runWithFaults } from '../chaos.ts';
import type { RunOrder } from '../options.ts';
import type { Report } from '../report.ts';
import type { Fault } from '../schedule.ts';

/** Makes the run. */
export function runFlush(order: RunOrder): Promise<Report> {
  const flushes = Array.from({ length: Math.floor(order.minutes * 60) }, (_, second): Fault => ({
    atMs: (second + 1) * 1000,
    durationMs: 0,
    kind: 'flush',
    target: 'redis',
  }));
  return runWithFaults(order, flushes);
}
