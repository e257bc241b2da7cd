import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defaultRetry, nextWaitMs, resolveRetry } from './backoff.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('nextWaitMs', () => {
  it.each([
    [1, 1_000],
    [2, 5_000],
    [3, 30_000],
    [4, 120_000],
    [5, 600_000],
    [6, 1_800_000],
    [7, 3_600_000],
    [8, 3_600_000],
    [70, 3_600_000],
  ])('waits after attempt %i about %i ms by default', (attempt, ms) => {
    expect(nextWaitMs(undefined, attempt, 0.5)).toBe(ms);
    expect(nextWaitMs(undefined, attempt, 0)).toBe(ms * 0.9);
    expect(nextWaitMs(undefined, attempt, 0.9999999)).toBeLessThanOrEqual(ms * 1.1);
  });

  it('follows the schedule of the policy and repeats its last step', () => {
    const policy = { scheduleSeconds: [2, 8] };
    expect([1, 2, 3, 9].map((attempt) => nextWaitMs(policy, attempt, 0.5))).toEqual([2000, 8000, 8000, 8000]);
  });

  it('stays within ten percent of the step', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 86_400 }), { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 80 }),
        random,
        (steps, attempt, at) => {
          const step = steps[Math.min(attempt, steps.length) - 1]! * 1000;
          const wait = nextWaitMs({ scheduleSeconds: steps }, attempt, at);
          expect(wait).toBeGreaterThanOrEqual(Math.floor(step * 0.9));
          expect(wait).toBeLessThanOrEqual(Math.ceil(step * 1.1));
        },
      ),
    );
  });

  it('grows wherever the schedule grows, whatever the jitter', () => {
    const growing = fc
      .uniqueArray(fc.integer({ min: 1, max: 86_400 }), { minLength: 2, maxLength: 20 })
      .map((steps) => [...steps].sort((a, b) => a - b));
    fc.assert(
      fc.property(growing, random, random, fc.nat(), (steps, early, late, seed) => {
        const attempt = 1 + (seed % (steps.length - 1));
        const policy = { scheduleSeconds: steps };
        expect(nextWaitMs(policy, attempt + 1, late)).toBeGreaterThanOrEqual(nextWaitMs(policy, attempt, early));
      }),
    );
    expect(nextWaitMs({ scheduleSeconds: [10, 11] }, 1, 0.999)).toBeLessThan(
      nextWaitMs({ scheduleSeconds: [10, 11] }, 2, 0),
    );
  });
});

describe('resolveRetry', () => {
  it('gives 72 hours and the default schedule where nothing is said', () => {
    expect(resolveRetry()).toEqual(defaultRetry);
    expect(defaultRetry.maxAgeSeconds).toBe(259_200);
  });

  it('keeps what is said and fills in the rest', () => {
    expect(resolveRetry({ maxAgeSeconds: 60 })).toEqual({ ...defaultRetry, maxAgeSeconds: 60 });
    expect(resolveRetry({ scheduleSeconds: [3] })).toEqual({ ...defaultRetry, scheduleSeconds: [3] });
  });
});
