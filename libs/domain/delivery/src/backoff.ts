import type { RetryPolicy } from '#contract';

/** A retry policy with nothing left open. */
export interface ResolvedRetry {
  /** Waits between attempts, in seconds; the last one repeats. */
  scheduleSeconds: number[];
  /** Age of a delivery, in seconds, after which it is a dead letter. */
  maxAgeSeconds: number;
}

/** What holds where neither rule nor backend says otherwise: quick at first, then hourly, for three days. */
export const defaultRetry: ResolvedRetry = {
  scheduleSeconds: [1, 5, 30, 120, 600, 1800, 3600],
  maxAgeSeconds: 72 * 3600,
};

/** Share of a wait by which it may be shorter or longer, so that what failed together does not return together. */
const jitter = 0.1;

/** Fills the gaps of a policy with `defaultRetry`. */
export function resolveRetry(policy?: RetryPolicy): ResolvedRetry {
  return {
    scheduleSeconds: policy?.scheduleSeconds ?? defaultRetry.scheduleSeconds,
    maxAgeSeconds: policy?.maxAgeSeconds ?? defaultRetry.maxAgeSeconds,
  };
}

/**
 * Answers the wait after attempt number `attempt` (counted from 1), in whole milliseconds: the step of the schedule,
 * whose last step repeats, ±10 % by `random` in [0, 1). Where two steps lie so near that their jitter would overlap, it
 * is narrowed to the middle between them, so that a growing schedule gives growing waits whatever `random` says.
 */
export function nextWaitMs(policy: RetryPolicy | undefined, attempt: number, random: number): number {
  const steps = policy?.scheduleSeconds ?? defaultRetry.scheduleSeconds;
  const index = Math.min(Math.max(attempt, 1), steps.length) - 1;
  const step = steps[index]!;
  const before = steps[index - 1];
  const after = steps[index + 1];
  // A repeat of the last step has itself before it, which asks for nothing.
  const isRepeat = attempt > steps.length;
  const low =
    before !== undefined && before < step && !isRepeat
      ? Math.max(step * (1 - jitter), (before + step) / 2)
      : step * (1 - jitter);
  const high =
    after !== undefined && after > step ? Math.min(step * (1 + jitter), (step + after) / 2) : step * (1 + jitter);
  return Math.round((low + (high - low) * random) * 1000);
}
