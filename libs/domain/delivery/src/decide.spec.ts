import { describe, expect, it } from '@jest/globals';
import { outcomeKind, type Outcome, type OutcomeKind } from '#contract';
import fc from 'fast-check';
import { decide, type Situation } from './decide.ts';
import { mayGo } from './transitions.ts';

const hour = 3_600_000;
const openedAtMs = 1_790_000_000_000;

function situation(kind: OutcomeKind, changes: Partial<Situation> & { retryAfterMs?: number } = {}): Situation {
  const { retryAfterMs, ...rest } = changes;
  const outcome: Outcome = { kind, reason: 'test', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return { outcome, attempt: 1, openedAtMs, nowMs: openedAtMs, retry: undefined, random: 0.5, ...rest };
}

describe('decide', () => {
  it.each<[OutcomeKind, ReturnType<typeof decide>]>([
    ['delivered', { state: 'delivered' }],
    ['permanent', { state: 'dead' }],
    ['retryable', { state: 'retrying', waitMs: 1000 }],
    ['backendDown', { state: 'retrying', waitMs: 1000 }],
    ['authBroken', { state: 'retrying', waitMs: 1000 }],
    ['recipientOffline', { state: 'waiting', waitMs: 70_000 }],
  ])('answers a first %s with %j', (kind, step) => {
    expect(decide(situation(kind))).toEqual(step);
  });

  it('waits exactly as long as the backend asked for, shorter or longer than the schedule', () => {
    expect(decide(situation('retryable', { retryAfterMs: 2000, attempt: 5 }))).toEqual({
      state: 'retrying',
      waitMs: 2000,
    });
    expect(decide(situation('retryable', { retryAfterMs: 7777 }))).toEqual({ state: 'retrying', waitMs: 7777 });
    expect(decide(situation('recipientOffline', { retryAfterMs: 9000 }))).toEqual({ state: 'waiting', waitMs: 9000 });
  });

  it('takes a requested wait of nothing as none, so that no tight loop begins', () => {
    expect(decide(situation('retryable', { retryAfterMs: 0 }))).toEqual({ state: 'retrying', waitMs: 1000 });
  });

  it('keeps a requested wait that ends after the maximum age, but grants no second one', () => {
    const retry = { maxAgeSeconds: 60 };
    const asked = { retry, retryAfterMs: 120_000 };
    expect(decide(situation('retryable', asked))).toEqual({ state: 'retrying', waitMs: 120_000 });
    expect(decide(situation('retryable', { ...asked, nowMs: openedAtMs + 120_000 }))).toEqual({ state: 'dead' });
  });

  it('gives up when the next attempt would come after the maximum age', () => {
    const late = { attempt: 9, nowMs: openedAtMs + 71 * hour };
    expect(decide(situation('retryable', late))).toEqual({ state: 'retrying', waitMs: hour });
    expect(decide(situation('retryable', { ...late, nowMs: late.nowMs + 1 }))).toEqual({ state: 'dead' });
    expect(decide(situation('recipientOffline', { ...late, nowMs: openedAtMs + 72 * hour }))).toEqual({
      state: 'dead',
    });
  });

  it('retries for somebody offline after one to five minutes, longer each time', () => {
    const anywhere = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(anywhere, anywhere, fc.integer({ min: 1, max: 30 }), (early, late, attempt) => {
        const first = decide(situation('recipientOffline', { attempt, random: early })) as { waitMs: number };
        const second = decide(situation('recipientOffline', { attempt: attempt + 1, random: late })) as {
          waitMs: number;
        };
        expect(first.waitMs).toBeGreaterThanOrEqual(60_000);
        expect(first.waitMs).toBeLessThanOrEqual(300_000);
        if (attempt < 5) expect(second.waitMs).toBeGreaterThan(first.waitMs);
      }),
    );
  });

  it('only ever takes steps that the table allows, and always comes to an end', () => {
    const kinds = fc.array(fc.constantFrom(...outcomeKind.options), { minLength: 400, maxLength: 400 });
    const maxAge = fc.integer({ min: 1, max: 86_400 });
    fc.assert(
      fc.property(
        kinds,
        maxAge,
        fc.option(fc.integer({ min: 1000, max: hour }), { nil: undefined }),
        (list, maxAgeSeconds, retryAfterMs) => {
          let nowMs = openedAtMs;
          const ended = list.concat('permanent').some((kind, index) => {
            const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
            const step = decide(situation(kind, { ...asked, attempt: index + 1, nowMs, retry: { maxAgeSeconds } }));
            expect(mayGo('sending', step.state)).toBe(true);
            if (!('waitMs' in step)) return true;
            nowMs += step.waitMs;
            return false;
          });
          expect(ended).toBe(true);
          expect(nowMs - openedAtMs).toBeLessThanOrEqual(maxAgeSeconds * 1000 + (retryAfterMs ?? 0));
        },
      ),
      { numRuns: 50 },
    );
  });
});
