import type { Logger } from '#platform/log';
import { startRounds, type Rounds } from '#platform/runtime';
import type { BacktestEnd, Backtests } from '#platform/store';
import type { Thread } from './thread.ts';

/** What a running back-test needs. */
export interface BacktestRunParts {
  id: string;
  thread: Thread;
  backtests: Pick<Backtests, 'beat' | 'finish'>;
  log: Logger;
  /** Time between two beats, in milliseconds. */
  beatMs: number;
}

/** One back-test of this process: keeps its record up to date, and ends with it, whoever ends it. */
export class BacktestRun {
  /** Resolves when the thread is gone and the record says so, or nothing more can be done about it. */
  readonly over: Promise<void>;
  readonly #parts: BacktestRunParts;
  readonly #rounds: Rounds;
  #end: BacktestEnd | undefined;
  #isOver = false;
  #done: () => void = () => undefined;

  constructor(parts: BacktestRunParts) {
    this.#parts = parts;
    const { id, log, beatMs } = parts;
    this.over = new Promise((resolve) => (this.#done = resolve));
    const failed = (error: unknown) => log.warn({ error, backtestId: id }, 'backtest.record_failed');
    this.#rounds = startRounds({ everyMs: beatMs, work: () => this.#round(), failed });
    void parts.thread.ended.then((end) => this.#ended(end));
  }

  /** A beat now: after it was cancelled, so that it ends at once. Never rejects. */
  beat(): Promise<void> {
    return this.#rounds.round();
  }

  /** Ends it because the process ends. */
  async stop(): Promise<void> {
    const { thread, backtests, id } = this.#parts;
    await this.#rounds.close();
    if (this.#isOver) return;
    this.#isOver = true;
    await thread.stop();
    // Without PostgreSQL its silence tells.
    const error = 'The process that ran it was stopped. Start the back-test again.';
    await backtests.finish(id, this.#end ?? { state: 'failed', error }).catch(() => undefined);
    this.#done();
  }

  /** The end is recorded by the rounds, for as long as it takes: the result of an hour is not lost to a moment without PostgreSQL. */
  async #ended(end: BacktestEnd | undefined): Promise<void> {
    if (!end) return;
    this.#end = end;
    const { log, id } = this.#parts;
    if (end.state === 'failed') log.warn({ backtestId: id, reason: end.error }, 'backtest.failed');
    // The round under way may have begun before the end was known.
    await this.#rounds.round();
    await this.#rounds.round();
  }

  async #round(): Promise<void> {
    if (this.#isOver) return;
    const { backtests, thread, id } = this.#parts;
    if (this.#end) await backtests.finish(id, this.#end);
    else if (await backtests.beat(id, thread.progress())) return;
    else await thread.stop();
    this.#isOver = true;
    // Not waited for: it waits for this round.
    void this.#rounds.close();
    this.#done();
  }
}
