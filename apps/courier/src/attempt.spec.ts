import type { Mailbox, Network } from '#backends/kit';
import { uuidFloor, type EventFacts, type Outcome } from '#contract';
import type { ClaimedDelivery } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import { makeAttempt, type AttemptParts } from './attempt.ts';
import type { BackendState } from './backend-state.ts';
import { specBackend, specDelivery, specEvent, specLog, type Send } from './spec-courier.ts';

const arrived: Outcome = { kind: 'delivered', reason: 'ok' };
const [network, mailbox] = [{} as Network, {} as Mailbox];
const nobody = () => undefined;

/** Makes one attempt with an adapter that sends as given. */
async function attempt(
  send: Send,
  given: {
    delivery?: Partial<ClaimedDelivery>;
    backend?: Partial<BackendState>;
    timeoutMs?: number;
    event?: Partial<EventFacts>;
    reader?: AttemptParts['reader'];
  } = {},
) {
  const { log, lines } = specLog();
  const underWay = new Set<AbortController>();
  const limits = given.timeoutMs === undefined ? {} : { timeoutMs: given.timeoutMs };
  const backend = specBackend(send, given.backend, limits);
  const delivery = specDelivery(given.delivery);
  const parts = { network, mailbox, log, underWay, reader: given.reader ?? (() => undefined) };
  const result = await makeAttempt(parts, backend, delivery, { ...specEvent, ...given.event });
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
    const parts = { network, mailbox, log: specLog().log, reader: nobody, underWay: new Set<AbortController>() };
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
    const parts = { network, mailbox, log: specLog().log, reader: nobody, underWay };
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

describe('the text of a message that comes late', () => {
  const time = '2026-11-20T09:00:00.000Z';
  const textRules = {
    dialect: 'plain',
    title: 'separate',
    maxChars: 500,
    unit: 'codePoints',
    overflow: 'split',
  } as const;
  const acceptedAgo = (ms: number) => ({ id: uuidFloor(Date.now() - ms), time });
  const reader = (recipient: string) =>
    recipient === 'anna' ? { locale: 'ru', timeZone: 'Asia/Novosibirsk' } : undefined;

  /** The texts that an adapter was given. */
  async function textsOf(given: Parameters<typeof attempt>[1], maxChars = 500): Promise<string[]> {
    const sent: string[] = [];
    const send: Send = async ({ text }) => (sent.push(text), arrived);
    await attempt(send, { backend: { textRules: { ...textRules, maxChars } }, reader, ...given });
    return sent;
  }

  it('says nothing of the time within a minute, even about an event of long ago', async () => {
    expect(await textsOf({ event: acceptedAgo(50_000) })).toEqual(['Мало']);
  });

  it.each<[string, string | null, string]>([
    [
      'in the language and the time zone of its recipient',
      'anna',
      'Событие от 20 нояб. 2026 г., 16:00 (Asia/Novosibirsk)',
    ],
    ['in English and UTC for a room', null, 'Event of Nov 20, 2026, 9:00 AM (UTC)'],
    [
      'in English and UTC for somebody who is not in the book any more',
      'boris',
      'Event of Nov 20, 2026, 9:00 AM (UTC)',
    ],
  ])('says when its event happened %s', async (_how, recipient, note) => {
    expect(await textsOf({ event: acceptedAgo(61_000), delivery: { recipient } })).toEqual([`${note}\n\nМало`]);
  });

  it('says so whatever its age when somebody had to be waited for', async () => {
    const [text] = await textsOf({ event: acceptedAgo(0), delivery: { heldSince: new Date() } });
    expect(text).toMatch(/^Событие от 20 нояб/);
  });

  it('is split where it was split before, so that the parts which arrived on time are not sent twice', async () => {
    const message = { markdown: Array.from({ length: 40 }, (_, n) => `word${n}`).join(' ') };
    const onTime = await textsOf({ event: acceptedAgo(0), delivery: { message } }, 90);
    expect(onTime.length).toBeGreaterThan(2);
    const late = await textsOf({ event: acceptedAgo(120_000), delivery: { message, partsSent: 1 } }, 90);
    const wordsOf = (texts: string[]) => texts.join(' ').match(/word\d+/g);
    expect(wordsOf([onTime[0]!, ...late])).toEqual(message.markdown.split(' '));
    expect(late.at(-1)).toContain('Событие от 20 нояб');
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
