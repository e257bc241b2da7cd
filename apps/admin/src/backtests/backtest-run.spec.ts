import type { BacktestProgress } from '#contract';
import type { Logger } from '#platform/log';
import type { BacktestEnd } from '#platform/store';
import { describe, expect, it, jest } from '@jest/globals';
import { BacktestRun } from './backtest-run.ts';

const progress = { events: 1, ofEvents: 2, fraction: 0.5, seconds: 1 };
const failed: BacktestEnd = { state: 'failed', error: 'no more memory' };

/** A run whose thread ends when the test says so, and whose beats come only when it asks for them. */
function running() {
  let end: (value: BacktestEnd | undefined) => void = () => undefined;
  const ended = new Promise<BacktestEnd | undefined>((resolve) => (end = resolve));
  const stop = jest.fn(async () => end(undefined));
  const beat = jest.fn(async (_id: string, _progress: BacktestProgress | undefined) => true);
  const finish = jest.fn(async (_id: string, _end: BacktestEnd) => undefined);
  const log = { warn: jest.fn() };
  const run = new BacktestRun({
    id: 'b',
    thread: { progress: () => progress, ended, stop },
    backtests: { beat, finish },
    log: log as unknown as Logger,
    beatMs: 60_000,
  });
  return { run, end, stop, beat, finish, log };
}

describe('a run', () => {
  it('records how far its thread is', async () => {
    const { run, beat, finish, end } = running();
    await run.beat();
    expect(beat).toHaveBeenCalledWith('b', progress);
    end(failed);
    await run.over;
    expect(finish).toHaveBeenCalledTimes(1);
  });

  it('ends its thread when its record says that it was cancelled', async () => {
    const { run, beat, stop, finish } = running();
    beat.mockResolvedValueOnce(false);
    await run.beat();
    await run.over;
    expect(stop).toHaveBeenCalled();
    expect(finish).not.toHaveBeenCalled();
  });

  it('records the end until the record takes it', async () => {
    const { run, end, finish, log } = running();
    finish.mockRejectedValueOnce(new Error('away')).mockRejectedValueOnce(new Error('away'));
    end(failed);
    while (finish.mock.calls.length < 3) await run.beat();
    await run.over;
    expect(finish.mock.calls.at(-1)).toEqual(['b', failed]);
    expect(log.warn).toHaveBeenCalledWith(expect.anything(), 'backtest.record_failed');
    await run.beat();
    expect(finish).toHaveBeenCalledTimes(3);
  });

  it('that ends with its process keeps a result that was found already', async () => {
    const { run, end, finish, stop } = running();
    finish.mockRejectedValueOnce(new Error('away')).mockRejectedValueOnce(new Error('away'));
    end(failed);
    while (finish.mock.calls.length < 2) await run.beat();
    await run.stop();
    expect(stop).toHaveBeenCalled();
    expect(finish.mock.calls.at(-1)).toEqual(['b', failed]);
  });
});
