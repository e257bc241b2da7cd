/** A back-test in a thread of its own, so that whatever else this process does goes on. */
import type { BacktestProgress } from '#contract';
import type { BacktestEnd } from '#platform/store';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FromThread, ThreadOrder } from './work.ts';

/** A running thread. */
export interface Thread {
  /** How far it has come; absent before it has begun. */
  progress(): BacktestProgress | undefined;
  /** How it ended, or `undefined` when it was stopped. Never rejects. */
  ended: Promise<BacktestEnd | undefined>;
  /** Ends it; there is nothing that it could leave undone. */
  stop(): Promise<void>;
}

/** Beyond this much memory, in MiB, a thread fails, and only the thread. */
const mostMemory = { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 32 };

/** From the sources it is TypeScript, from the build JavaScript; this file knows which by its own name. */
const script = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

/** Starts a thread. `execArgv`: options of Node instead of those of the process. */
export function startThread(order: ThreadOrder, execArgv?: string[]): Thread {
  const worker = new Worker(script, {
    name: 'back-test',
    workerData: order,
    resourceLimits: mostMemory,
    ...(execArgv ? { execArgv } : {}),
  });
  let progress: BacktestProgress | undefined;
  let stopped = false;
  const ended = new Promise<BacktestEnd | undefined>((resolve) => {
    worker.on('message', (message: FromThread) => {
      progress = message.progress;
      if (message.kind === 'done') resolve({ state: 'done', progress, result: message.result });
    });
    worker.once('error', (error: Error) => resolve({ state: 'failed', error: wordsOf(error) }));
    worker.once('exit', (code) =>
      resolve(stopped ? undefined : { state: 'failed', error: `The thread ended by itself, with code ${code}.` }),
    );
  });
  return {
    progress: () => progress,
    ended,
    stop: async () => {
      stopped = true;
      await worker.terminate();
    },
  };
}

function wordsOf(error: Error & { code?: string }): string {
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return `It needed more than ${mostMemory.maxOldGenerationSizeMb} MiB of memory. Try a shorter span.`;
  return error.message;
}
