import type { Mailbox, Network } from '#backends/kit';
import type { Outcome } from '#contract';
import type { ClaimedDelivery } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import { makeAttempt } from './attempt.ts';
import type { BackendState } from './backend-state.ts';
import { specBackend, specDelivery, specEvent, specLog, type Send } from './spec-courier.ts';

const arrived: Outcome = { kind: 'delivered', reason: 'ok' };
const [network, mailbox] = [{} as Network, {} as Mailbox];

/** Makes one attempt with an adapter that sends as given. */
async function attempt(
  send: Send,
  given: { delivery?: Partial<ClaimedDelivery>; backend?: Partial<BackendState>; timeoutMs?: number } = {},
) {
  const { log, lines } = specLog();
  const underWay = new Set<AbortController>();
  const limits = given.timeoutMs === undefined ? {} : { timeoutMs: given.timeoutMs };
  const backend = specBackend(send, given.backend, limits);
  const delivery = specDelivery(given.delivery);
  const parts = { network, mailbox, log, underWay };
  const result = await makeAttempt(parts, backend, delivery, specEvent);
  return { ...result, delivery, lines: lines(), underWay };
}

/** Waits for the signal and answers what an adapter makes of it. */
const hanging: Send = (_message, _settings, { signal }) =>
  new Promise((resolve) => {
    const end = () => resolve({ kind: 'retryable', reason: 'timeout', detail: (signal.reason as Error).message });
    signal.addEventListener('abort', end, { once: true });
  });

describe('an attempt', () => {
  it('hands the adapter everything about the message, and keeps what it answers', async () => {
    const seen: unknown[][] = [];
    const send: Send = async (...given) => (seen.push(given), { ...arrived, backendMessageId: 'm-1' });
    const message = { title: 'Склад', markdown: '**Мало** 📦' };
    const { outcome, partsSent, delivery, underWay, durationMs, startedAt } = await attempt(send, {
      delivery: { message, attempts: 4, recipient: null },
      backend: { settings: { url: 'u' } },
    });
    expect(outcome).toEqual({ ...arrived, backendMessageId: 'm-1' });
    expect(seen).toEqual([
      [
        {
          deliveryId: delivery.id,
          attempt: 4,
          to: 'anna',
          toKind: 'person',
          recipient: undefined,
          title: 'Склад',
          text: 'Мало 📦',
          part: { index: 1, of: 1 },
          event: specEvent,
        },
        { url: 'u' },
        expect.objectContaining({ network, mailbox, now: expect.any(Function), signal: expect.any(AbortSignal) }),
      ],
    ]);
    expect([partsSent, underWay.size, startedAt instanceof Date]).toEqual([1, 0, true]);
    expect(durationMs).toBeGreaterThanOrEqual(0);
  });

  it.each<[string, Partial<BackendState>, Partial<Outcome>]>([
    [
      'settings that do not fit',
      { settings: undefined, fault: 'The settings no longer fit: /settings/url' },
      { kind: 'authBroken', reason: 'settings_invalid', detail: 'The settings no longer fit: /settings/url' },
    ],
  ])('does not bother the adapter with %s', async (_what, backend, expected) => {
    const send: Send = () => Promise.reject(new Error('must not be called'));
    expect((await attempt(send, { backend })).outcome).toEqual(expected);
  });

  it('gives up on a delivery whose event is gone', async () => {
    const parts = { network, mailbox, log: specLog().log, underWay: new Set<AbortController>() };
    const backend = specBackend(() => Promise.reject(new Error('must not be called')));
    const { outcome } = await makeAttempt(parts, backend, specDelivery(), undefined);
    expect(outcome).toMatchObject({ kind: 'permanent', reason: 'event_gone' });
  });
});

describe('an adapter that misbehaves', () => {
  it.each<[string, Send]>([
    ['rejects', () => Promise.reject(new Error('a bug'))],
    [
      'throws at once',
      () => {
        throw new Error('a bug');
      },
    ],
    ['rejects with a text', () => Promise.reject('a bug')],
  ])('is tried again later when it %s, and is logged as a bug', async (_how, send) => {
    const { outcome, lines, underWay, delivery } = await attempt(send);
    expect(outcome).toEqual({ kind: 'retryable', reason: 'adapter_fault', detail: 'a bug' });
    expect(lines).toMatchObject([{ level: 50, msg: 'adapter.fault', deliveryId: delivery.id, backend: 'hq' }]);
    expect(underWay.size).toBe(0);
  });

  it('is told when its time is up', async () => {
    const { outcome, durationMs, underWay } = await attempt(hanging, { timeoutMs: 30 });
    expect(outcome).toEqual({ kind: 'retryable', reason: 'timeout', detail: 'no answer in time' });
    expect(durationMs).toBeGreaterThanOrEqual(25);
    expect(underWay.size).toBe(0);
  });

  it('is told when the courier stops', async () => {
    const underWay = new Set<AbortController>();
    const parts = { network, mailbox, log: specLog().log, underWay };
    const running = makeAttempt(parts, specBackend(hanging), specDelivery(), specEvent);
    expect(underWay.size).toBe(1);
    for (const controller of underWay) controller.abort(new DOMException('the courier stops', 'AbortError'));
    expect((await running).outcome.detail).toBe('the courier stops');
  });
});

describe('a text that is split', () => {
  const message = { title: 'Title', markdown: 'one two three four five six' };

  it('goes out part by part, the title with the first', async () => {
    const sent: [string | undefined, string, object][] = [];
    const send: Send = async ({ title, text, part }) => (sent.push([title, text, part]), arrived);
    const { partsSent } = await attempt(send, { delivery: { message } });
    expect(sent.length).toBeGreaterThan(2);
    expect(sent.map(([title]) => title)).toEqual(['Title', ...sent.slice(1).map(() => undefined)]);
    expect(sent.map(([, , part]) => part)).toEqual(sent.map((_, n) => ({ index: n + 1, of: sent.length })));
    expect(sent.map(([, text]) => text.split(' ')[0])).toEqual(message.markdown.split(' '));
    expect(partsSent).toBe(sent.length);
  });

  it('stops at the part that failed, and goes on with it the next time', async () => {
    const sent: string[] = [];
    const failing: Outcome = { kind: 'retryable', reason: 'http_503' };
    const send: Send = async ({ text }) => (sent.push(text), sent.length === 2 ? failing : arrived);
    const first = await attempt(send, { delivery: { message } });
    expect([first.outcome, first.partsSent]).toEqual([failing, 1]);
    const second = await attempt(send, { delivery: { message, attempts: 2, partsSent: first.partsSent } });
    expect(second.outcome).toEqual(arrived);
    expect(sent[2]).toBe(sent[1]);
    expect(new Set(sent).size).toBe(sent.length - 1);
  });

  it('remembers the parts that arrived also when the adapter throws', async () => {
    let calls = 0;
    const send: Send = async () => {
      calls += 1;
      if (calls === 3) throw new Error('a bug');
      return arrived;
    };
    expect((await attempt(send, { delivery: { message } })).partsSent).toBe(2);
  });

  it('is delivered when all its parts had arrived before', async () => {
    const send: Send = () => Promise.reject(new Error('must not be called'));
    const { outcome, partsSent } = await attempt(send, { delivery: { message, partsSent: 99 } });
    expect([outcome.kind, partsSent]).toEqual(['delivered', 99]);
  });
});

describe("a backend's own words", () => {
  const secrets = ['sesame-4711'];

  it('are stored without its secrets, on one line, and without what PostgreSQL cannot hold', async () => {
    const detail = 'who is sesame-4711?\u0000\nq=sesame%2D4711 \ud800 c2VzYW1lLTQ3MTE=';
    const { outcome } = await attempt(async () => ({ kind: 'permanent', reason: 'http_400', detail }), {
      backend: { secrets },
    });
    expect(outcome.detail).toContain('who is ***?');
    expect(outcome.detail).not.toMatch(/sesame-4711|c2VzYW1lLTQ3MTE/);
    expect(outcome.detail).not.toMatch(/\p{Cc}/u);
    expect(outcome.detail!.isWellFormed()).toBe(true);
  });

  it('are masked before they are cut, so that no half of a secret stays', async () => {
    const detail = `${'x'.repeat(995)}sesame-4711`;
    const { outcome } = await attempt(async () => ({ kind: 'permanent', reason: 'r', detail }), {
      backend: { secrets },
    });
    expect(outcome.detail).not.toContain('ses');
    expect(outcome.detail!.length).toBeLessThanOrEqual(1000);
  });

  it('are masked also where the adapter threw them', async () => {
    const send: Send = () => Promise.reject(new Error('cannot log in with sesame-4711\u0000'));
    const { outcome } = await attempt(send, { backend: { secrets } });
    expect(outcome).toMatchObject({ reason: 'adapter_fault', detail: 'cannot log in with ***' });
  });

  it('may be missing', async () => {
    expect((await attempt(async () => arrived, { backend: { secrets } })).outcome).toEqual(arrived);
  });
});
