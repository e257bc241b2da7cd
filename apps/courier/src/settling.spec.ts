import type { Outcome } from '#contract';
import { orderKeyOf, type ClaimedDelivery } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import type { AttemptResult } from './attempt.ts';
import {
  isExpired,
  settlementOf,
  settlementWhileOffline,
  settlementWithoutAttempt,
  type SettlingTerms,
} from './settling.ts';
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
  return settlementOf(specDelivery(delivery), result, termsOf(outcome, terms));
}

function termsOf(outcome: Outcome, terms: Partial<SettlingTerms> = {}): SettlingTerms {
  const backend = specBackend(async () => outcome);
  const exists = (slug: string) => slug !== 'gone';
  return { lease, backend, exists, stopped: false, isProbe: false, ...terms };
}

const secondsAgo = (seconds: number) => new Date(Date.now() - seconds * 1000);
const secondsFromNow = (seconds: number) => secondsAgo(-seconds);

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
      orderKey: undefined,
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
    const waited = { giveUpAt: secondsAgo(1) };
    const over = { state: 'dead', successor: { backend: 'desk' } };
    expect(settle({ ...waited, fallbacks: away }, again)).toMatchObject(over);
    expect(settle({ giveUpAt: secondsFromNow(0.5), fallbacks: away }, again)).toMatchObject(over);
    expect(settle({ giveUpAt: secondsFromNow(60), fallbacks: away }, again).state).toBe('retrying');
    expect(settle({ ...waited, fallbacks: null }, again).state).toBe('retrying');
  });

  it('stands in the line of its own address, by the key of its event', () => {
    const { successor } = settle({ fallbacks: away, correlationKey: 'order-1' }, hopeless);
    const at = { backend: 'desk', to: '2', toKind: 'person' } as const;
    expect(successor!.orderKey).toBe(orderKeyOf({ ...at, correlationKey: 'order-1' }));
    expect(successor!.orderKey).not.toBe(orderKeyOf({ ...at, backend: 'hq', correlationKey: 'order-1' }));
  });

  it('leaves patience alone when it could not take over', () => {
    const gone = { next: [{ backend: 'gone', to: '1' }], giveUpSeconds: 300 };
    expect(settle({ giveUpAt: secondsAgo(10), fallbacks: gone }, again).state).toBe('retrying');
  });

  it('never makes patience longer than the policy', () => {
    const later = { openedAt: secondsAgo(100), giveUpAt: secondsFromNow(200) };
    const delivery = { ...later, retry: { maxAgeSeconds: 60 }, fallbacks: away };
    expect(settle(delivery, again)).toMatchObject({ state: 'dead', successor: { backend: 'desk' } });
  });
});

describe('the settlement of an attempt that a backend did not take', () => {
  const down: Outcome = { kind: 'backendDown', reason: 'refused' };
  const refusing: Outcome = { kind: 'authBroken', reason: 'http_401' };

  it.each([down, refusing])('gives the delivery back as it was: $kind is no fault of it', (outcome) => {
    const asItWas = { waitMs: undefined, counted: false, successor: undefined };
    expect(settle({ attempts: 1 }, outcome)).toMatchObject({ state: 'pending', ...asItWas });
    const old = { attempts: 7, openedAt: secondsAgo(90 * 86_400) };
    expect(settle(old, outcome)).toMatchObject({ state: 'retrying', ...asItWas });
  });

  it('hands over to the next address when patience is over', () => {
    const delivery = { fallbacks: away, giveUpAt: secondsAgo(1) };
    expect(settle(delivery, down)).toMatchObject({ state: 'dead', counted: true, successor: { backend: 'desk' } });
  });

  it('does not count a probe that tells nothing about the delivery, and counts a clear answer', () => {
    const isProbe = true;
    expect(settle({}, again, { isProbe })).toMatchObject({ state: 'retrying', counted: false });
    expect(settle({}, again)).toMatchObject({ state: 'retrying', counted: true });
    expect(settle({}, { kind: 'delivered', reason: 'ok' }, { isProbe })).toMatchObject({ counted: true });
    expect(settle({}, hopeless, { isProbe })).toMatchObject({ state: 'dead', counted: true });
  });
});

describe('a delivery that is decided on without an attempt', () => {
  const down: Outcome = { kind: 'backendDown', reason: 'patience_over' };
  const decide = (delivery: Partial<ClaimedDelivery>) =>
    settlementWithoutAttempt(specDelivery(delivery), down, termsOf(down));

  it('is suppressed when its news is stale, though another address is left', () => {
    const validUntil = secondsAgo(1);
    const stale = decide({ validUntil, fallbacks: away, giveUpAt: secondsAgo(1), partsSent: 1 });
    expect(stale).toMatchObject({ state: 'suppressed', counted: false, successor: undefined, partsSent: 1 });
    expect(stale.outcome).toMatchObject({ kind: 'permanent', reason: 'expired' });
    expect(stale.outcome.detail).toContain(validUntil.toISOString());
  });

  it('hands over to the next address when patience is over', () => {
    expect(decide({ fallbacks: away, giveUpAt: secondsAgo(1) })).toMatchObject({
      state: 'dead',
      counted: false,
      outcome: { reason: 'patience_over' },
      successor: { backend: 'desk', to: '2' },
    });
  });

  it('is given back when patience is over and nobody can take over, and is not asked about again', () => {
    const gone = { next: [{ backend: 'gone', to: '1' }], giveUpSeconds: 300 };
    const given = { waitMs: undefined, counted: false, dropPatience: true, successor: undefined };
    expect(decide({ fallbacks: gone, giveUpAt: secondsAgo(1) })).toMatchObject({ state: 'pending', ...given });
    expect(decide({ attempts: 3, giveUpAt: secondsAgo(1) })).toMatchObject({ state: 'retrying', ...given });
  });

  it('is given back as it was while there is time', () => {
    const early = { fallbacks: away, giveUpAt: secondsFromNow(10), validUntil: secondsFromNow(10) };
    expect(decide(early)).toMatchObject({
      state: 'pending',
      waitMs: undefined,
      counted: false,
      dropPatience: false,
      successor: undefined,
    });
  });
});

describe('a delivery to somebody who is offline', () => {
  const offline: Outcome = { kind: 'recipientOffline', reason: 'offline' };
  const decide = (delivery: Partial<ClaimedDelivery>, terms: Partial<SettlingTerms> = {}) =>
    settlementWhileOffline(specDelivery(delivery), offline, termsOf(offline, terms));
  const about = (seconds: number) => ({ min: (seconds - 2) * 1000, max: seconds * 1000 });
  const expectWait = (made: { waitMs: number | undefined }, { min, max }: { min: number; max: number }) => {
    expect(made.waitMs).toBeGreaterThan(min);
    expect(made.waitMs).toBeLessThanOrEqual(max);
  };

  it('waits as long as it may live, whatever patience says', () => {
    for (const whenOffline of ['hold', null] as const) {
      const held = decide({ whenOffline, fallbacks: away, giveUpAt: secondsFromNow(5), retry: { maxAgeSeconds: 600 } });
      expect(held).toMatchObject({ state: 'waiting', counted: false, dropPatience: true, successor: undefined });
      expectWait(held, about(600));
    }
  });

  it('waits until its news is stale, and is suppressed then', () => {
    expectWait(decide({ whenOffline: 'hold', validUntil: secondsFromNow(30) }), about(30));
    expect(decide({ whenOffline: 'hold', validUntil: secondsAgo(0) })).toMatchObject({
      state: 'suppressed',
      outcome: { reason: 'expired' },
      successor: undefined,
    });
  });

  it('is dead when it may live no longer, and nobody takes over from one that holds', () => {
    const old = { openedAt: secondsAgo(61), retry: { maxAgeSeconds: 60 } };
    const dead = { state: 'dead', counted: false, waitMs: undefined };
    expect(decide({ ...old, whenOffline: 'hold', fallbacks: away })).toMatchObject({ ...dead, successor: undefined });
    expect(decide({ ...old, whenOffline: 'fallback', fallbacks: away })).toMatchObject({
      ...dead,
      successor: { backend: 'desk' },
    });
  });

  it('waits with `fallback` as long as patience lasts, then the next address takes over', () => {
    const patient = { whenOffline: 'fallback', fallbacks: away } as const;
    const waiting = decide({ ...patient, giveUpAt: secondsFromNow(40) });
    expect(waiting).toMatchObject({ state: 'waiting', counted: false, dropPatience: false, successor: undefined });
    expectWait(waiting, about(40));
    const over = decide({ ...patient, giveUpAt: secondsAgo(0) });
    expect(over).toMatchObject({ state: 'dead', counted: false, successor: { backend: 'desk' } });
  });

  it('waits with `fallback` as with `hold` where no address is left that exists', () => {
    const fallbacks = { next: [{ backend: 'gone', to: '1' }], giveUpSeconds: 300 };
    const held = decide({ whenOffline: 'fallback', fallbacks, giveUpAt: secondsAgo(1), retry: { maxAgeSeconds: 600 } });
    expect(held).toMatchObject({ state: 'waiting', dropPatience: true });
    expectWait(held, about(600));
  });

  it('is waited for by the policy of its rule, or else of its backend', () => {
    const backend = specBackend(async () => offline, { retry: { maxAgeSeconds: 100 } });
    expectWait(decide({}, { backend }), about(100));
    expectWait(decide({ retry: { maxAgeSeconds: 50 } }, { backend }), about(50));
  });

  it('is not given up by an attempt that finds out the same while the rule says `hold`', () => {
    const delivery = { whenOffline: 'hold', fallbacks: away, giveUpAt: secondsAgo(1) } as const;
    expect(settle(delivery, offline)).toMatchObject({ state: 'waiting', counted: true });
    expect(settle({ ...delivery, whenOffline: null }, offline)).toMatchObject({ state: 'dead' });
  });
});

it('news is stale from the very moment on until which it was worth delivering', () => {
  expect(isExpired(specDelivery())).toBe(false);
  expect(isExpired(specDelivery({ validUntil: secondsFromNow(1) }))).toBe(false);
  expect(isExpired(specDelivery({ validUntil: new Date() }))).toBe(true);
});
