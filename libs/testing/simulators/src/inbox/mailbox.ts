import type { OutboundMessage } from '#backends/kit';
import { toPublicId } from '#contract';
import { Arrivals } from '../arrivals.ts';
import { Script } from '../script.ts';
import type { ReceivedMessage, RunningSimulator, Simulator } from '../simulator.ts';

/** An inbox in memory that keeps one message per delivery, as the real one does, and can be made to fail or to hang. */
async function start(): Promise<RunningSimulator> {
  const script = new Script(['ok', 'busy', 'hang']);
  const kept = new Arrivals<ReceivedMessage>();
  const known = new Set<string>();
  const store = (message: OutboundMessage) => {
    if (known.has(message.deliveryId)) return;
    known.add(message.deliveryId);
    const { to, title, text } = message;
    const deliveryId = toPublicId('delivery', message.deliveryId);
    kept.add({ deliveryId, to, text, at: Date.now(), ...(title === undefined ? {} : { title }) });
  };
  const put = async (message: OutboundMessage) => {
    const { kind } = script.take();
    if (kind === 'busy') throw new Error('the store is away');
    if (kind === 'hang') await new Promise(() => undefined);
    store(message);
  };
  return {
    settings: (overrides = {}) => ({ ...overrides }),
    address: { to: 'anna', toKind: 'person' },
    mailbox: { put },
    can: script.can,
    received: () => kept.all(),
    untilReceived: (count, timeoutMs) => kept.until(count, timeoutMs),
    plan: (behaviour, times) => script.plan(behaviour, times),
    reset: () => [script, kept, known].forEach((part) => part.clear()),
    stop: () => Promise.resolve(),
  };
}

/** The simulator of the backend type `inbox`: a mailbox in memory. */
export const inboxSimulator: Simulator = { type: 'inbox', variants: ['memory'], start };
