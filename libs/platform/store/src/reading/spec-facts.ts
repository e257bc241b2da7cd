/** Events and deliveries for specs of this folder, made the way the flow makes them. */
import { uuidFloor, type Outcome } from '#contract';
import { uuidv7 } from 'uuidv7';
import type { Database } from '../database.ts';
import {
  acceptEvents,
  claimDeliveries,
  settleDeliveries,
  storeRouted,
  type NewDelivery,
  type NewEvent,
} from '../flow/index.ts';

let count = 0;

/** An id of any moment; later calls give higher ids within the same millisecond. */
export function idAt(ms: number): string {
  count += 1;
  return `${uuidFloor(ms).slice(0, 14)}7000-8000-${count.toString(16).padStart(12, '0')}`;
}

/** Stores an event; answers its bare id. */
export async function makeEvent(database: Database, fields: Partial<NewEvent> = {}): Promise<string> {
  const event: NewEvent = {
    id: uuidv7(),
    source: 'erp',
    type: 'stock.low',
    subject: undefined,
    time: '2026-11-20T12:00:00+03:00',
    idempotencyKey: undefined,
    correlationKey: undefined,
    data: { qty: 3 },
    extensions: undefined,
    ...fields,
  };
  await acceptEvents(database, [event]);
  return event.id;
}

/** Routes an event to one address; answers the bare id of the delivery. */
export async function makeDelivery(
  database: Database,
  eventId: string,
  fields: Partial<NewDelivery> = {},
): Promise<string> {
  const delivery: NewDelivery = {
    id: uuidv7(),
    eventId,
    rule: 'stock-low',
    recipient: 'anna',
    backend: 'inbox',
    to: 'anna',
    toKind: 'person',
    message: { title: 'Low', markdown: 'Only **3**' },
    correlationKey: undefined,
    fallbacks: undefined,
    retry: undefined,
    whenOffline: undefined,
    validUntil: undefined,
    ...fields,
  };
  await storeRouted(database, [{ id: eventId, rules: ['stock-low'], notes: [], deliveries: [delivery] }]);
  return delivery.id;
}

/** What a backend said that refused for good, in words that are hard to search. */
export const bad: Outcome = {
  kind: 'permanent',
  reason: 'http_400',
  detail: 'no \u0000 such "reason":"http_500" person',
  statusCode: 400,
};

/** Attempts a delivery now, with this end. */
export async function attempt(
  database: Database,
  id: string,
  state: 'delivered' | 'retrying' | 'dead',
  outcome: Outcome,
  backend = 'inbox',
): Promise<void> {
  const lease = uuidv7();
  await database.pool.query('UPDATE delivery SET due_at = now() WHERE id = $1', [id]);
  const {
    deliveries: [claimed],
  } = await claimDeliveries(database, [id], { backend, lease, leaseMs: 60_000 });
  const waitMs = state === 'retrying' ? 5000 : undefined;
  const tried = { id: uuidv7(), number: claimed!.attempts, startedAt: new Date(), durationMs: 12.5 };
  await settleDeliveries(database, [
    {
      deliveryId: id,
      lease,
      state,
      waitMs,
      counted: true,
      partsSent: 1,
      attempt: tried,
      outcome,
      successor: undefined,
    },
  ]);
}

/** Makes a dead letter; answers the bare id of the delivery. */
export async function makeDead(
  database: Database,
  fields: Partial<NewDelivery> = {},
  outcome = bad,
  event: Partial<NewEvent> = {},
): Promise<string> {
  const id = await makeDelivery(database, await makeEvent(database, event), fields);
  await attempt(database, id, 'dead', outcome, fields.backend);
  return id;
}
