import { describe, expect, it } from '@jest/globals';
import type { OutboundMessage } from '#backends/kit';
import { inboxSimulator } from './mailbox.ts';

const message = { deliveryId: 'x1', to: 'anna', title: 'Склад', text: 'пусто' } as OutboundMessage;

describe('the mailbox in memory', () => {
  it('keeps one message per delivery', async () => {
    const running = await inboxSimulator.start();
    await running.mailbox!.put(message);
    await running.mailbox!.put({ ...message, attempt: 2 });
    expect(running.received()).toMatchObject([{ deliveryId: 'dlv_x1', to: 'anna', title: 'Склад', text: 'пусто' }]);
    running.reset();
    await running.mailbox!.put(message);
    expect(await running.untilReceived(1)).toHaveLength(1);
  });

  it('fails when planned, and keeps nothing then', async () => {
    const running = await inboxSimulator.start();
    running.plan('busy');
    await expect(running.mailbox!.put(message)).rejects.toThrow('away');
    expect(running.received()).toEqual([]);
    await running.mailbox!.put(message);
    expect(running.received()).toHaveLength(1);
  });
});
