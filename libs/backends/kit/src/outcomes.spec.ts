import { describe, expect, it } from '@jest/globals';
import { outcome as outcomeSchema } from '#contract';
import fc from 'fast-check';
import type { HttpAnswer } from './exchange.ts';
import type { NetworkFailure } from './failures.ts';
import {
  authBroken,
  backendDown,
  delivered,
  fromHttpAnswer,
  fromNetworkFailure,
  ownWords,
  parseRetryAfter,
  permanent,
  recipientOffline,
  retryable,
} from './outcomes.ts';

/** Any UTF-16 units, halves of surrogate pairs included; an order of magnitude quicker than fast-check's own `binary`. */
const anyText = (maxLength = 20, minLength = 0) =>
  fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength, maxLength }).map((units) => String.fromCharCode(...units));

const now = Date.parse('2026-11-20T08:00:00Z');

function answered(status: number, text = '', headers: HttpAnswer['headers'] = {}): HttpAnswer {
  return { status, text, bytes: Buffer.from(text), headers };
}

describe('reading Retry-After', () => {
  it.each([
    ['120', 120_000],
    [' 2 ', 2000],
    ['1.5', 1500],
    ['0', 1000],
    ['86401', 86_400_000],
    ['9'.repeat(400), 86_400_000],
    ['Fri, 20 Nov 2026 08:00:30 GMT', 30_000],
    ['Friday, 20-Nov-26 08:00:30 GMT', 30_000],
    ['Fri Nov 20 08:00:30 2026', 30_000],
    ['Thu, 19 Nov 2026 08:00:00 GMT', 1000],
  ])('reads %j as %i ms', (text, ms) => {
    expect(parseRetryAfter(text, now)).toBe(ms);
  });

  it.each(['', ' ', 'soon', '-5', '1,5', '1e3', '2026-11-20', 'Fri, 99 Nov 2026', 'Infinity'])('ignores %j', (text) => {
    expect(parseRetryAfter(text, now)).toBeUndefined();
  });

  it('takes the first of several, and copes with none', () => {
    expect(parseRetryAfter(['3', '9'], now)).toBe(3000);
    expect(parseRetryAfter([], now)).toBeUndefined();
    expect(parseRetryAfter(undefined, now)).toBeUndefined();
  });

  it('stays within a second and a day whatever comes', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ms = parseRetryAfter(text, now) ?? 1000;
        expect(ms).toBeGreaterThanOrEqual(1000);
        expect(ms).toBeLessThanOrEqual(86_400_000);
      }),
    );
  });
});

describe("a backend's own words", () => {
  it('become one line without control characters', () => {
    expect(ownWords(' a\r\n\tb\u0000c\u001b[31m ')).toBe('a b c [31m');
  });

  it('are at most 1,000 characters of well-formed text, which is what a JSON column takes', () => {
    fc.assert(
      fc.property(anyText(3000), (text) => {
        const words = ownWords(text);
        expect(words.length).toBeLessThanOrEqual(1000);
        expect(words).not.toMatch(/\p{Surrogate}|\p{Cc}/u);
      }),
    );
    expect(ownWords('👋'.repeat(600))).toBe('👋'.repeat(499) + '…');
    expect(ownWords('\ud83d')).toBe('\ufffd');
  });
});

describe('the verdict on an HTTP answer', () => {
  it.each([
    ...[200, 201, 204, 299].map((status) => [status, 'delivered']),
    ...[401, 403].map((status) => [status, 'authBroken']),
    ...[408, 409, 421, 423, 425, 429, 500, 501, 502, 503, 504, 599].map((status) => [status, 'retryable']),
    ...[100, 301, 302, 304, 307, 400, 402, 404, 405, 406, 410, 411, 412, 413, 414, 415, 422, 451].map((status) => [
      status,
      'permanent',
    ]),
  ] as [number, string][])('of status %i is %s', (status, kind) => {
    expect(fromHttpAnswer(answered(status), now)).toMatchObject({ kind, statusCode: status });
  });

  it('keeps the words of the backend, or the status when there are none', () => {
    expect(fromHttpAnswer(answered(500, 'out of\n paper'), now)).toMatchObject({
      reason: 'http_500',
      detail: 'out of paper',
    });
    expect(fromHttpAnswer(answered(500), now).detail).toBe('HTTP 500');
  });

  it('keeps a requested wait with what may be retried, and with nothing else', () => {
    const headers = { 'retry-after': '7' };
    expect(fromHttpAnswer(answered(503, '', headers), now).retryAfterMs).toBe(7000);
    expect(fromHttpAnswer(answered(429, '', headers), now).retryAfterMs).toBe(7000);
    expect(fromHttpAnswer(answered(400, '', headers), now)).not.toHaveProperty('retryAfterMs');
    expect(fromHttpAnswer(answered(503), now)).not.toHaveProperty('retryAfterMs');
  });
});

describe('the verdict on a network failure', () => {
  it.each([
    ...['refused', 'dns', 'unreachable', 'tls'].map((kind) => [kind, 'backendDown']),
    ...['reset', 'timeout', 'tooLarge', 'protocol'].map((kind) => [kind, 'retryable']),
    ['forbidden', 'permanent'],
  ] as [NetworkFailure['kind'], string][])('of kind %s is %s', (kind, verdict) => {
    expect(fromNetworkFailure({ kind, detail: 'words' })).toMatchObject({ kind: verdict, detail: 'words' });
  });
});

describe('the makers of outcomes', () => {
  it('make what the contract takes', () => {
    const made = [
      delivered({ recipientOnline: true }),
      ...[retryable, permanent, authBroken, recipientOffline].map((make) =>
        make('word', 'x'.repeat(2000), { statusCode: 5 }),
      ),
      backendDown('refused', 'nobody there'),
    ];
    for (const one of made) expect(outcomeSchema.parse(one)).toEqual(one);
    expect(made.map((one) => one.kind)).toEqual([
      ...['delivered', 'retryable', 'permanent', 'authBroken', 'recipientOffline', 'backendDown'],
    ]);
  });
});
