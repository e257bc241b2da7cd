import { describe, expect, it } from '@jest/globals';
import type { HttpRequest, Network, OutboundMessage } from '#backends/kit';
import { send } from './send.ts';

const message: OutboundMessage = {
  deliveryId: '0199d2a0-6c3f-7000-8000-000000000001',
  attempt: 1,
  to: 'warehouse-room',
  toKind: 'room',
  text: 'пусто',
  part: { index: 1, of: 1 },
  event: {
    id: '0199d2a0-6c3f-7000-8000-000000000002',
    source: 'erp',
    type: 'a.b',
    time: '2026-11-20T08:00:00Z',
    data: null,
  },
};

async function sent(
  overrides: Partial<OutboundMessage>,
  settings: Parameters<typeof send>[1],
  nowMs = 0,
): Promise<HttpRequest> {
  const requests: HttpRequest[] = [];
  const network: Network = {
    http: (request) => {
      requests.push(request);
      return Promise.resolve({ ok: true, value: { status: 204, headers: {}, text: '', bytes: Buffer.alloc(0) } });
    },
    tcp: () => Promise.reject(new Error('no socket is needed')),
    close: () => Promise.resolve(),
  };
  const mailbox = { put: () => Promise.reject(new Error('no mailbox is needed')) };
  await send({ ...message, ...overrides }, settings, {
    network,
    mailbox,
    signal: new AbortController().signal,
    now: () => nowMs,
  });
  return requests[0]!;
}

describe('the request of a webhook', () => {
  const url = 'https://consumer.example/hook';

  it('leaves out what a message lacks, and keeps null data', async () => {
    const { body } = await sent({}, { url });
    expect(JSON.parse(String(body))).toEqual({
      deliveryId: 'dlv_0199d2a0-6c3f-7000-8000-000000000001',
      attempt: 1,
      to: 'warehouse-room',
      message: { text: 'пусто' },
      event: {
        id: 'evt_0199d2a0-6c3f-7000-8000-000000000002',
        source: 'erp',
        type: 'a.b',
        time: '2026-11-20T08:00:00Z',
        data: null,
      },
    });
  });

  it('writes the id of an event with one prefix, also when it came with it', async () => {
    const { body } = await sent({ event: { ...message.event, id: `evt_${message.event.id}` } }, { url });
    expect((JSON.parse(String(body)) as { event: { id: string } }).event.id).toBe(`evt_${message.event.id}`);
  });

  it('carries the time of this attempt in whole seconds, and the same id on every attempt', async () => {
    const first = await sent({}, { url }, 1_795_161_600_999);
    const second = await sent({ attempt: 2 }, { url }, 1_795_161_605_000);
    expect([first, second].map(({ headers }) => headers?.['webhook-timestamp'])).toEqual(['1795161600', '1795161605']);
    expect(new Set([first, second].map(({ headers }) => headers?.['webhook-id'])).size).toBe(1);
  });

  it('lets the settings name the sender, but not replace its own headers', async () => {
    const { headers } = await sent({}, { url, headers: { 'user-agent': 'erp-bridge' } });
    expect(headers).toMatchObject({ 'user-agent': 'erp-bridge', 'content-type': 'application/json' });
  });
});
