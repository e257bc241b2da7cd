import { newId } from '../new-id.ts';
import type { NewEvent } from './accept.ts';
import type { ClaimedDelivery } from './claim.ts';
import type { NewDelivery } from './route.ts';
import type { Settlement } from './settle.ts';

/** An event as the door makes it. */
export function event(overrides: Partial<NewEvent> = {}): NewEvent {
  return {
    id: newId(),
    source: 'erp',
    type: 'stock.low',
    subject: undefined,
    time: new Date().toISOString(),
    idempotencyKey: undefined,
    correlationKey: undefined,
    data: { qty: 3 },
    extensions: undefined,
    ...overrides,
  };
}

/** A delivery as routing makes it. */
export function delivery(eventId: string, overrides: Partial<NewDelivery> = {}): NewDelivery {
  return {
    id: newId(),
    eventId,
    rule: 'r',
    recipient: 'anna',
    backend: 'hook',
    to: 'anna',
    toKind: 'person',
    message: { markdown: 'hello' },
    correlationKey: undefined,
    fallbacks: undefined,
    retry: undefined,
    whenOffline: undefined,
    validUntil: undefined,
    ...overrides,
  };
}

/** What came of an attempt that worked. */
export function settlement(claimed: ClaimedDelivery, lease: string, overrides: Partial<Settlement> = {}): Settlement {
  return {
    deliveryId: claimed.id,
    lease,
    state: 'delivered',
    waitMs: undefined,
    counted: true,
    partsSent: 1,
    attempt: { id: newId(), number: claimed.attempts, startedAt: new Date(), durationMs: 1.5 },
    outcome: { kind: 'delivered', reason: 'ok' },
    successor: undefined,
    ...overrides,
  };
}
