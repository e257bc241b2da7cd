import { describe, expect, it } from '@jest/globals';
import { lanes, makeSchedule, sinkFaults, type Fault, type ScheduleOrder } from './schedule.ts';

const tenMinutes: ScheduleOrder = {
  seed: 1,
  fromMs: 4000,
  untilMs: 590_000,
  freezeMs: 40_000,
  processes: ['ingest-1', 'ingest-2', 'router-1', 'router-2', 'courier-1', 'courier-2', 'admin-1'],
  sinks: ['shaky-1', 'shaky-2', 'shaky-3'],
  amqp: true,
};

/** Faults that last at some moment. */
function at(faults: readonly Fault[], ms: number): Fault[] {
  return faults.filter(({ atMs, durationMs }) => atMs <= ms && atMs + durationMs > ms);
}

describe('a schedule of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(makeSchedule(tenMinutes)).toEqual(makeSchedule(tenMinutes));
    expect(makeSchedule({ ...tenMinutes, seed: 2 })).not.toEqual(makeSchedule(tenMinutes));
  });

  it.each([1, 2, 3])('has at least sixty faults of every kind in ten minutes (seed %i)', (seed) => {
    const faults = makeSchedule({ ...tenMinutes, seed });
    expect(faults.length).toBeGreaterThanOrEqual(60);
    const kinds = new Set(faults.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(
      ['flush', 'freeze', 'kill', 'postgres', 'rabbit', 'redis', ...sinkFaults].toSorted(),
    );
    const killed = faults.filter(({ kind }) => kind === 'kill').map(({ target }) => target.split('-')[0]);
    expect([...new Set(killed)].sort()).toEqual(['admin', 'courier', 'ingest', 'router']);
  });

  it('breaks a couple of things at a time, never one thing twice, and is over in time', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const faults = makeSchedule({ ...tenMinutes, seed });
      for (const { atMs, durationMs } of faults) {
        const present = at(faults, atMs);
        expect(present.length).toBeLessThanOrEqual(lanes);
        expect(new Set(present.map(({ target }) => target)).size).toBe(present.length);
        expect(atMs).toBeGreaterThanOrEqual(tenMinutes.fromMs);
        expect(atMs + durationMs).toBeLessThanOrEqual(tenMinutes.untilMs);
      }
    }
  });

  it('leaves RabbitMQ alone where there is none, and the steady ones always', () => {
    const faults = makeSchedule({ ...tenMinutes, amqp: false });
    const targets = new Set(faults.map(({ target }) => target));
    const allowed = [...tenMinutes.processes, ...tenMinutes.sinks, 'postgres', 'redis'];
    expect([...targets].filter((target) => !allowed.includes(target))).toEqual([]);
  });
});
