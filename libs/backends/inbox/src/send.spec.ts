import { describe, expect, it } from '@jest/globals';
import type { Mailbox, OutboundMessage, SendContext } from '#backends/kit';
import { refuseAddress, send } from './send.ts';

const message: OutboundMessage = {
  deliveryId: '0199d2a0-6c3f-7000-8000-000000000001',
  attempt: 1,
  to: 'anna',
  toKind: 'person',
  text: 'пусто',
  part: { index: 1, of: 1 },
  event: { id: 'x', source: 'erp', type: 'a.b', time: '2026-11-20T08:00:00Z', data: {} },
};

function context(put: Mailbox['put'], signal = new AbortController().signal): SendContext {
  return { mailbox: { put }, signal, now: () => 0, network: {} as never };
}

describe('the built-in inbox', () => {
  it('hands the message to the mailbox as it is', async () => {
    const stored: OutboundMessage[] = [];
    const outcome = await send(
      message,
      {},
      context((given) => Promise.resolve(void stored.push(given))),
    );
    expect(outcome).toEqual({ kind: 'delivered', reason: 'ok', backendMessageId: message.deliveryId });
    expect(stored).toEqual([message]);
  });

  it('tries again when the mailbox fails, whatever it throws', async () => {
    const outcomes = await Promise.all([
      send(
        message,
        {},
        context(() => Promise.reject(new Error('the database is away'))),
      ),
      send(
        message,
        {},
        context(() => Promise.reject('odd' as unknown as Error)),
      ),
    ]);
    expect(outcomes).toMatchObject([
      { kind: 'retryable', reason: 'mailbox', detail: 'the database is away' },
      { kind: 'retryable', reason: 'mailbox', detail: 'odd' },
    ]);
  });

  it('does not wait longer than the signal allows, nor at all when it has fired', async () => {
    const never = () => new Promise<void>(() => undefined);
    const controller = new AbortController();
    const waiting = send(message, {}, context(never, controller.signal));
    controller.abort();
    expect(await waiting).toMatchObject({ kind: 'retryable', reason: 'timeout' });
    expect(await send(message, {}, context(never, AbortSignal.abort()))).toMatchObject({
      kind: 'retryable',
      reason: 'timeout',
    });
  });

  it('stores nothing under a name that no inbox can have', async () => {
    const put = () => Promise.reject(new Error('must not be asked'));
    expect(await send({ ...message, to: 'a/../b' }, {}, context(put))).toMatchObject({
      kind: 'permanent',
      reason: 'bad_address',
    });
  });

  it('takes slugs and e-mail addresses for names', () => {
    for (const good of ['anna', 'anna@example.com', 'A.b_c-9', 'x'.repeat(128)])
      expect(refuseAddress(good)).toBeUndefined();
    for (const bad of ['', 'анна', 'a b', 'a/b', 'x'.repeat(129)]) expect(refuseAddress(bad)).toMatch(/1 to 128/);
  });
});
