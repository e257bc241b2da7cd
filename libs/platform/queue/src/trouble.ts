/** What an error of a queue means. */
import type { Logger } from '#platform/log';
import { types } from 'node:util';

/** The server is away, is coming up, or must not be written to. */
const serverCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
  // PostgreSQL: shutting down, crashed, starting up, too many connections (https://www.postgresql.org/docs/current/errcodes-appendix.html).
  ...['57P01', '57P02', '57P03', '53300', '08000', '08003', '08006', '08001', '08004', '25006'],
]);
const serverWords =
  /connection (is )?closed|connection terminated|closed the connection|not writ(e)?able|max retries|starting up|shutting down|not yet accepting|socket timeout|timeout|aborted|not queryable|all sentinels|slots cache|cluster redirections|^(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|UNBLOCKED|NOREPLICAS|MISCONF|OOM)\b/i;

/** The job is no more, or somebody else's: the server was emptied, or this process stood still for longer than its lock. */
const jobGoneWords =
  /missing key for job|missing lock for job|lock mismatch|could not renew lock|not in the active state|job stalled/i;

/** Also an error of another realm, as those of Node itself are where specs run. */
function isError(error: unknown): error is Error {
  return types.isNativeError(error) || error instanceof Error;
}

/** An error told without what may hold credentials: clients hang the failed command, arguments and all, on their errors. */
export function reasonOf(error: unknown): string {
  if (!isError(error)) return String(error);
  const code = 'code' in error ? String(error.code) : error.name;
  return error.message || code;
}

/** Whether the error says something about the server rather than about what was asked of it. */
export function isServerTrouble(error: unknown): boolean {
  if (!isError(error)) return false;
  if ('code' in error && serverCodes.has(String(error.code))) return true;
  if ('errors' in error && Array.isArray(error.errors)) return error.errors.some(isServerTrouble);
  return serverWords.test(error.message);
}

/** Whether the error only says that a job is gone; whatever it held is rung for again. */
export function isJobGone(error: unknown): boolean {
  return isError(error) && jobGoneWords.test(error.message);
}

/** Least time between two warnings about the errors of one queue, in milliseconds. */
const warnEveryMs = 10_000;

/** Makes a teller of a queue's errors that warns of the unexpected, of a run of them once; the rest is for debugging. */
export function tellErrors(log: Logger, queue: string): (error: unknown) => void {
  let warnedAt = -Infinity;
  let untold = 0;
  return (error) => {
    const fields = { reason: reasonOf(error), queue };
    if (isServerTrouble(error) || isJobGone(error)) return log.debug(fields, 'queue.error');
    if (Date.now() - warnedAt < warnEveryMs) {
      untold += 1;
      return log.debug(fields, 'queue.error');
    }
    log.warn({ ...fields, untold }, 'queue.error');
    warnedAt = Date.now();
    untold = 0;
  };
}
