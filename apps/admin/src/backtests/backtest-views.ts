import {
  backtestLimits,
  HouseError,
  toPublicId,
  type Backtest,
  type BacktestSummary,
  type NewBacktest,
} from '#contract';
import type { BacktestHead, PastSpan, StoredBacktest } from '#platform/store';

const dayMs = 86_400_000;
const defaultDays = 7;

/** The span that is asked for, at a moment in milliseconds since 1970. Throws REQUEST_INVALID. */
export function spanOf({ days, from, to, types }: NewBacktest, nowMs: number): PastSpan {
  const toMs = Math.min(nowMs, to === undefined ? nowMs : Date.parse(to));
  const fromMs = from === undefined ? toMs - (days ?? defaultDays) * dayMs : Date.parse(from);
  if (fromMs >= toMs) throw refusal(`must be before ${new Date(toMs).toISOString()}, where the span ends`);
  if (toMs - fromMs > backtestLimits.days * dayMs) {
    throw refusal(`makes the span longer than ${backtestLimits.days} days; choose a later moment`);
  }
  return { fromMs, toMs, types };
}

function refusal(detail: string): HouseError {
  return new HouseError('REQUEST_INVALID', { faults: [{ pointer: '/from', detail }] });
}

/** A back-test as lists show it. */
export function toSummary(head: BacktestHead): BacktestSummary {
  const { id, draft, author, state, request, progress, error, startedAt, finishedAt } = head;
  return {
    id: toPublicId('backtest', id),
    draft: toPublicId('draft', draft),
    ...{ author, state, request, progress },
    ...(error === undefined ? {} : { error }),
    startedAt: startedAt.toISOString(),
    ...(finishedAt === undefined ? {} : { finishedAt: finishedAt.toISOString() }),
  };
}

/** A back-test as the edge shows it. */
export function toBacktest({ result, ...head }: StoredBacktest): Backtest {
  return { ...toSummary(head), ...(result === undefined ? {} : { result }) };
}
