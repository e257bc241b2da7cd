import { describe, expect, it } from '@jest/globals';
import { outcomeKind, type DeliveryState, type Outcome, type OutcomeKind } from '#contract';
import fc from 'fast-check';
import { decide, type Situation, type Step } from './decide.ts';
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
    ['backendDown', { state: 'held' }],
    ['authBroken', { state: 'held' }],
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

  it.each<OutcomeKind>(['backendDown', 'authBroken'])(
    'holds a delivery after %s whatever its age and number, as it is not the delivery that is at fault',
    (kind) => {
      const old = { attempt: 30, nowMs: openedAtMs + 1000 * hour, retryAfterMs: 5000 };
      expect(decide(situation(kind, old))).toEqual({ state: 'held' });
      expect(decide(situation(kind, { ...old, retry: { maxAgeSeconds: 1 } }))).toEqual({ state: 'held' });
    },
  );

  it.each<OutcomeKind>(['backendDown', 'authBroken'])(
    'gives up after %s at the very end of patience, when another address is left',
    (kind) => {
      const patienceEndsAtMs = openedAtMs + 5000;
      const at = (nowMs: number) => decide(situation(kind, { patienceEndsAtMs, nowMs }));
      expect(at(patienceEndsAtMs - 1)).toEqual({ state: 'held' });
      expect(at(patienceEndsAtMs)).toEqual({ state: 'dead' });
    },
  );

  it.each<OutcomeKind>(['retryable', 'recipientOffline'])(
    'gives up after %s when the next attempt would come after the end of patience',
    (kind) => {
      const { waitMs } = decide(situation(kind)) as { waitMs: number };
      const patienceEndsAtMs = openedAtMs + waitMs;
      expect(decide(situation(kind, { patienceEndsAtMs }))).toMatchObject({ waitMs });
      expect(decide(situation(kind, { patienceEndsAtMs: patienceEndsAtMs - 1 }))).toEqual({ state: 'dead' });
    },
  );

  it('never takes patience for a reason to live longer than the maximum age', () => {
    const late = { nowMs: openedAtMs + 60_000, retry: { maxAgeSeconds: 60 }, patienceEndsAtMs: openedAtMs + hour };
    expect(decide(situation('retryable', late))).toEqual({ state: 'dead' });
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

  it('only ever takes steps that the table allows, and always comes to an end once the backend answers', () => {
    const kinds = fc.array(fc.constantFrom(...outcomeKind.options), { minLength: 400, maxLength: 400 });
    const maxAge = fc.integer({ min: 1, max: 86_400 });
    const option = (max: number) => fc.option(fc.integer({ min: 1000, max }), { nil: undefined });
    fc.assert(
      fc.property(kinds, maxAge, option(hour), option(86_400_000), (list, maxAgeSeconds, retryAfterMs, patienceMs) => {
        const patienceEndsAtMs = patienceMs === undefined ? undefined : openedAtMs + patienceMs;
        const asked = {
          patienceEndsAtMs,
          retry: { maxAgeSeconds },
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        };
        let nowMs = openedAtMs;
        let attempt = 1;
        const ended = list.concat('permanent').some((kind) => {
          const step = decide(situation(kind, { ...asked, attempt, nowMs }));
          for (const state of statesOf(step, attempt)) expect(mayGo('sending', state)).toBe(true);
          // What is held waits for its backend: time goes by, and the attempt does not count.
          if (step.state === 'held') return void (nowMs += 1000);
          if (!('waitMs' in step)) return true;
          nowMs += step.waitMs;
          attempt += 1;
          return false;
        });
        expect(ended).toBe(true);
        const heldMs = list.length * 1000;
        expect(nowMs - openedAtMs).toBeLessThanOrEqual(maxAgeSeconds * 1000 + (retryAfterMs ?? 0) + heldMs);
      }),
      { numRuns: 50 },
    );
  });

  it('never holds past patience, whatever else happens', () => {
    fc.assert(
      fc.property(fc.constantFrom(...outcomeKind.options), fc.nat(hour), fc.nat(hour), (kind, patience, elapsed) => {
        const step = decide(situation(kind, { patienceEndsAtMs: openedAtMs + patience, nowMs: openedAtMs + elapsed }));
        if (elapsed >= patience) expect(['delivered', 'dead']).toContain(step.state);
      }),
    );
  });
});

/** The states that a step may be stored as: what is held goes back to where it came from. */
function statesOf(step: Step, attempt: number): DeliveryState[] {
  if (step.state !== 'held') return [step.state];
  return [attempt > 1 ? 'retrying' : 'pending'];
}
