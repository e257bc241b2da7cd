/** The work of a back-test's thread, from its order to its last word. */
import type { BacktestProgress, BacktestResult } from '#contract';
import { openPastEvents, type PastSpan } from '#platform/store';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { backtest, type Comparison } from './engine.ts';
import { Pacer } from './pacer.ts';

/** What a thread is to do. */
export interface ThreadOrder {
  comparison: Comparison;
  span: PastSpan;
  connectionString: string;
  /** Part of one core that it may use. */
  share: number;
  /** As of when people follow subjects. */
  at: Date;
}

/** What a thread tells. */
export type FromThread =
  | { kind: 'progress'; progress: BacktestProgress }
  | { kind: 'done'; progress: BacktestProgress; result: BacktestResult };

/** Time between two words about the progress, in milliseconds. */
const tellEveryMs = 1000;
/** Fraction that is told at most before the end: the number of all events is an estimate. */
const almostDone = 0.99;

/** Works until it is done. `signal` ends it early, with a rejection, where it is no thread that can be ended. */
export async function work(
  order: ThreadOrder,
  tell: (message: FromThread) => void,
  signal?: AbortSignal,
): Promise<void> {
  const { comparison, span, connectionString, share, at } = order;
  const startedAt = performance.now();
  const past = openPastEvents(connectionString);
  const pacer = new Pacer({
    share,
    busyMs: () => performance.eventLoopUtilization().active,
    pause: (ms) => pause(ms, undefined, signal ? { signal } : {}),
  });
  const progressOf = (events: number, ofEvents: number, fraction: number): BacktestProgress => {
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    return { events, ofEvents: Math.round(Math.max(events, ofEvents)), fraction, seconds };
  };
  try {
    const estimate = await past.estimate(span);
    const followersOf = (subjects: readonly string[]) => past.followersOf(subjects, at);
    const steps = backtest(comparison, { pages: past.pages(span), followersOf });
    let toldAt = -Infinity;
    for (;;) {
      const { done, value } = await steps.next();
      if (done) return tell({ kind: 'done', result: value, progress: progressOf(value.events, value.events, 1) });
      if (performance.now() - toldAt >= tellEveryMs) {
        toldAt = performance.now();
        tell({
          kind: 'progress',
          progress: progressOf(value, estimate, Math.min(almostDone, value / Math.max(1, estimate))),
        });
      }
      await pacer.rest();
    }
  } finally {
    await past.close();
  }
}
