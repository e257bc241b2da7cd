/** The work of a thread without the thread, which takes seconds to load from the sources. */
import type { BacktestProgress } from '#contract';
import type { BacktestEnd } from '#platform/store';
import type { Thread } from './thread.ts';
import { work, type ThreadOrder } from './work.ts';

/** Works between the other things that the process does. */
export function startInProcess(order: ThreadOrder): Thread {
  const aborter = new AbortController();
  let progress: BacktestProgress | undefined;
  const ended = new Promise<BacktestEnd | undefined>((resolve) => {
    // As between threads: what is given is a copy, and nobody can change it.
    work(
      structuredClone(order),
      (message) => {
        progress = message.progress;
        if (message.kind === 'done') resolve({ state: 'done', progress, result: message.result });
      },
      aborter.signal,
    ).catch((error: Error) => resolve(aborter.signal.aborted ? undefined : { state: 'failed', error: error.message }));
  });
  return {
    progress: () => progress,
    ended,
    stop: async () => {
      aborter.abort();
      await ended;
    },
  };
}

/** Neither goes on nor ends before it is stopped. */
export function startHeld(): Thread {
  let end: (value: undefined) => void = () => undefined;
  const ended = new Promise<undefined>((resolve) => (end = resolve));
  const progress = { events: 5, ofEvents: 10, fraction: 0.5, seconds: 1 };
  return { progress: () => progress, ended, stop: async () => end(undefined) };
}
