/** Outcomes that every adapter needs, and the one table that turns HTTP into them. */
import type { Outcome } from '#contract';
import type { HttpAnswer } from './exchange.ts';
import type { NetworkFailure } from './failures.ts';

const detailChars = 1000;

/**
 * Cuts a backend's own words to what is stored: at most 1,000 UTF-16 units on one line, without control characters and
 * without half a surrogate pair, either of which a JSON column would refuse.
 */
export function ownWords(text: string): string {
  // Twice the bound is enough to look at: the rest is cut away anyhow.
  const tidy = text
    .slice(0, detailChars * 2)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  const short = tidy.length > detailChars ? tidy.slice(0, detailChars - 1).replace(/[\ud800-\udbff]$/, '') + '…' : tidy;
  return short.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** The message arrived. */
export function delivered(extras: Omit<Outcome, 'kind' | 'reason'> = {}): Outcome {
  return { kind: 'delivered', reason: 'ok', ...extras };
}

/** Something that may pass: try again. */
export function retryable(reason: string, detail: string, extras: Partial<Outcome> = {}): Outcome {
  return { kind: 'retryable', reason, detail: ownWords(detail), ...extras };
}

/** Trying again would not help. */
export function permanent(reason: string, detail: string, extras: Partial<Outcome> = {}): Outcome {
  return { kind: 'permanent', reason, detail: ownWords(detail), ...extras };
}

/** Credentials or set-up of the backend are broken: nothing will get through until an operator acts. */
export function authBroken(reason: string, detail: string, extras: Partial<Outcome> = {}): Outcome {
  return { kind: 'authBroken', reason, detail: ownWords(detail), ...extras };
}

/** The recipient cannot be reached now, but will be. */
export function recipientOffline(reason: string, detail: string, extras: Partial<Outcome> = {}): Outcome {
  return { kind: 'recipientOffline', reason, detail: ownWords(detail), ...extras };
}

/** The backend as a whole does not answer. */
export function backendDown(reason: string, detail: string): Outcome {
  return { kind: 'backendDown', reason, detail: ownWords(detail) };
}

/** What a failure of the network means: nobody there is `backendDown`, a broken exchange is `retryable`, a target that is not allowed is `permanent`. */
export function fromNetworkFailure(failure: NetworkFailure): Outcome {
  switch (failure.kind) {
    case 'refused':
    case 'dns':
    case 'unreachable':
    case 'tls':
      return backendDown(failure.kind, failure.detail);
    case 'forbidden':
      return permanent('target_forbidden', failure.detail);
    default:
      return retryable(failure.kind, failure.detail);
  }
}

const retryableStatuses = new Set([408, 409, 421, 423, 425, 429]);

/**
 * What an HTTP status means where a backend has no better word (RFC 9110): 2xx delivered; 429, 503 and a few others
 * retryable, with the wait of `Retry-After`; other 5xx retryable; 401 and 403 `authBroken`; everything else permanent.
 */
export function fromHttpAnswer(answer: HttpAnswer, now: number): Outcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return delivered({ statusCode: status });
  const extras = { statusCode: status };
  const detail = answer.text || `HTTP ${status}`;
  const reason = `http_${status}`;
  if (status === 401 || status === 403) return authBroken(reason, detail, extras);
  if (status < 500 && !retryableStatuses.has(status)) return permanent(reason, detail, extras);
  const retryAfterMs = parseRetryAfter(answer.headers['retry-after'], now);
  return retryable(reason, detail, retryAfterMs === undefined ? extras : { ...extras, retryAfterMs });
}

const waitBounds = { minMs: 1000, maxMs: 24 * 3600 * 1000 };

/**
 * Reads `Retry-After` (RFC 9110, 10.2.3): seconds, also decimal, or an HTTP date in any of its three forms. The answer is
 * in milliseconds, clamped to between one second and one day; `undefined` for anything else.
 */
export function parseRetryAfter(value: string | string[] | undefined, now: number): number | undefined {
  const text = (Array.isArray(value) ? value[0] : value)?.trim();
  if (!text) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : parseHttpDate(text) - now;
  if (Number.isNaN(ms)) return undefined;
  return Math.min(Math.max(Math.round(ms), waitBounds.minMs), waitBounds.maxMs);
}

/** `Date.parse` alone is too kind: it makes a date of `-5`, and reads the asctime form in the zone of this machine. */
function parseHttpDate(text: string): number {
  if (!/^(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? /i.test(text)) return NaN;
  return Date.parse(/(GMT|UTC|[+-]\d{4})$/i.test(text) ? text : `${text} GMT`);
}
