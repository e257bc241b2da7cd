import { describe, expect, it } from '@jest/globals';
import type { Outcome } from '#contract';
import fc from 'fast-check';
import { createFailureStreak, firstProbeMs, probeGapsMs, signOf, type SignOfHealth } from './health.ts';

describe('the sign of health in an outcome', () => {
  it.each<[SignOfHealth, Outcome]>([
    ['down', { kind: 'backendDown', reason: 'refused' }],
    ['down', { kind: 'backendDown', reason: 'http_503', statusCode: 503, retryAfterMs: 1000 }],
    ['refusing', { kind: 'authBroken', reason: 'http_401', statusCode: 401 }],
    ['failing', { kind: 'retryable', reason: 'http_500', statusCode: 500 }],
    ['failing', { kind: 'retryable', reason: 'http_503', statusCode: 503 }],
    ['failing', { kind: 'retryable', reason: 'timeout' }],
    ['failing', { kind: 'retryable', reason: 'adapter_fault' }],
    ['well', { kind: 'retryable', reason: 'http_503', statusCode: 503, retryAfterMs: 1000 }],
    ['well', { kind: 'retryable', reason: 'http_429', statusCode: 429 }],
    ['well', { kind: 'retryable', reason: 'http_429', statusCode: 429, retryAfterMs: 1000 }],
    ['well', { kind: 'delivered', reason: 'ok' }],
    ['well', { kind: 'permanent', reason: 'http_400', statusCode: 400 }],
    ['well', { kind: 'recipientOffline', reason: 'offline' }],
  ])('is "%s" for %j', (sign, outcome) => {
    expect(signOf(outcome)).toBe(sign);
  });
});

describe('a streak of failures', () => {
  const fail = (streak: ReturnType<typeof createFailureStreak>, ids: readonly string[]) =>
    ids.map((id) => streak.take(id, 'failing'));
  const ids = (count: number, first = 0) => Array.from({ length: count }, (_, n) => `d${n + first}`);

  it('takes the backend for down with the tenth delivery that fails, not before', () => {
    expect(fail(createFailureStreak(), ids(10))).toEqual([...Array.from({ length: 9 }, () => false), true]);
  });

  it('counts a delivery that fails again and again once: it may be the one that is at fault', () => {
    const streak = createFailureStreak();
    const again = Array.from({ length: 30 }, (_, n) => `d${n % 9}`);
    expect(fail(streak, again)).not.toContain(true);
    expect(fail(streak, ['another'])).toEqual([true]);
  });

  it('ends with anything that got through', () => {
    const streak = createFailureStreak();
    fail(streak, ids(9));
    expect(streak.take('d0', 'well')).toBe(false);
    expect(fail(streak, ids(9, 20))).not.toContain(true);
    expect(fail(streak, ['last'])).toEqual([true]);
  });

  it('begins anew once it has said so', () => {
    const streak = createFailureStreak();
    expect(fail(streak, ids(20)).filter(Boolean)).toHaveLength(2);
  });

  it('is not waited for when the backend is plainly gone', () => {
    expect(createFailureStreak().take('d0', 'down')).toBe(true);
  });

  it('does not take a refusal of our credentials for an outage', () => {
    const streak = createFailureStreak();
    expect(ids(40).map((id) => streak.take(id, 'refusing'))).not.toContain(true);
  });

  it('never reports an outage with fewer than ten different deliveries since something got through', () => {
    const signs = fc.array(fc.tuple(fc.nat(14), fc.constantFrom<SignOfHealth>('well', 'failing', 'failing')));
    fc.assert(
      fc.property(signs, (list) => {
        const streak = createFailureStreak();
        let failed = new Set<number>();
        for (const [id, sign] of list) {
          if (sign === 'failing') failed.add(id);
          else failed = new Set();
          const isDown = streak.take(String(id), sign);
          expect(isDown).toBe(failed.size >= 10);
          if (isDown) failed = new Set();
        }
      }),
    );
  });
});

describe('probes', () => {
  it('come after growing gaps, the first soon, and never more than a minute apart', () => {
    const gaps = [firstProbeMs, ...probeGapsMs];
    expect(gaps.slice(1).every((gap, n) => gap > gaps[n]!)).toBe(true);
    expect(gaps[0]).toBeLessThanOrEqual(1000);
    expect(gaps.at(-1)).toBe(60_000);
  });
});
