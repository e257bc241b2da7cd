import type { Outcome } from '#contract';
import type { ClaimedDelivery } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import type { AttemptResult } from './attempt.ts';
import { settlementOf, type SettlingTerms } from './settling.ts';
import { specBackend, specDelivery } from './spec-courier.ts';

const lease = '0199d2a0-6c3f-7000-8000-00000000000a';
const again: Outcome = { kind: 'retryable', reason: 'http_503' };
const hopeless: Outcome = { kind: 'permanent', reason: 'http_400' };
const away = {
  next: [
    { backend: 'gone', to: '1' },
    { backend: 'desk', to: '2' },
    { backend: 'mail', to: '3' },
  ],
  giveUpSeconds: 300,
};

function settle(delivery: Partial<ClaimedDelivery>, outcome: Outcome, terms: Partial<SettlingTerms> = {}) {
  const result: AttemptResult = { outcome, startedAt: new Date(), durationMs: 12.5, partsSent: 2 };
  const backend = specBackend(async () => outcome);
  const exists = (slug: string) => slug !== 'gone';
  return settlementOf(specDelivery(delivery), result, { lease, backend, exists, stopped: false, ...terms });
}

const secondsAgo = (seconds: number) => new Date(Date.now() - seconds * 1000);

describe('the settlement of an attempt', () => {
  it('carries the attempt as it was made', () => {
    const made = settle({ attempts: 3 }, { kind: 'delivered', reason: 'ok' });
    expect(made).toMatchObject({
      lease,
      state: 'delivered',
      waitMs: undefined,
      partsSent: 2,
      attempt: { number: 3, durationMs: 12.5, startedAt: expect.any(Date) },
      outcome: { kind: 'delivered' },
      successor: undefined,
    });
    expect(made.attempt.id).not.toBe(made.deliveryId);
  });

  it('waits by the policy of the backend, and the one of the rule goes over it', () => {
    const backend = specBackend(async () => again, { retry: { scheduleSeconds: [100], maxAgeSeconds: 1000 } });
    expect(settle({}, again, { backend }).waitMs).toBeGreaterThan(80_000);
    const ruled = settle({ retry: { scheduleSeconds: [10] }, openedAt: secondsAgo(995) }, again, { backend });
    expect(ruled.state).toBe('dead');
    expect(settle({ retry: { scheduleSeconds: [10] } }, again, { backend }).waitMs).toBeLessThan(12_000);
  });

  it('does not wait when our own stop cut the attempt short', () => {
    expect(settle({}, again, { stopped: true })).toMatchObject({ state: 'retrying', waitMs: 0 });
    expect(settle({}, hopeless, { stopped: true })).toMatchObject({ state: 'dead', waitMs: undefined });
  });
});

describe('the fallback of a delivery', () => {
  it('takes over when the delivery gave up: the next address that exists, with the rest behind it', () => {
    const { deliveryId, successor } = settle({ fallbacks: away }, hopeless);
    expect(successor).toEqual({
      id: expect.any(String),
      backend: 'desk',
      to: '2',
      fallbacks: { next: [{ backend: 'mail', to: '3' }], giveUpSeconds: 300 },
    });
    expect(successor!.id).not.toBe(deliveryId);
  });

  it('has no fallbacks itself when it is the last', () => {
    const last = { next: [{ backend: 'mail', to: '3' }], giveUpSeconds: 300 };
    expect(settle({ fallbacks: last }, hopeless).successor).toMatchObject({ backend: 'mail', fallbacks: undefined });
  });

  it.each<[string, Partial<ClaimedDelivery>, Outcome]>([
    ['nothing failed', { fallbacks: away }, { kind: 'delivered', reason: 'ok' }],
    ['another attempt will be made', { fallbacks: away }, again],
    ['there is none', {}, hopeless],
    [
      'none of them exists any more',
      { fallbacks: { next: [{ backend: 'gone', to: '1' }], giveUpSeconds: 9 } },
      hopeless,
    ],
  ])('does not take over when %s', (_when, delivery, outcome) => {
    expect(settle(delivery, outcome).successor).toBeUndefined();
  });

  it('makes patience shorter: an address is given up in time for the next', () => {
    const waited = { openedAt: secondsAgo(310) };
    expect(settle({ ...waited, fallbacks: away }, again)).toMatchObject({
      state: 'dead',
      successor: { backend: 'desk' },
    });
    expect(settle({ ...waited, fallbacks: null }, again).state).toBe('retrying');
  });

  it('leaves patience alone when it could not take over', () => {
    const gone = { next: [{ backend: 'gone', to: '1' }], giveUpSeconds: 300 };
    expect(settle({ openedAt: secondsAgo(310), fallbacks: gone }, again).state).toBe('retrying');
  });

  it('never makes patience longer than the policy', () => {
    const delivery = { openedAt: secondsAgo(100), retry: { maxAgeSeconds: 60 }, fallbacks: away };
    expect(settle(delivery, again)).toMatchObject({ state: 'dead', successor: { backend: 'desk' } });
  });
});
