/** What the courier's specs share: a backend whose adapter is whatever the spec wants, and deliveries to it. */
import type { AnyAdapter, Manifest, SendContext, OutboundMessage } from '#backends/kit';
import type { EventFacts, Outcome } from '#contract';
import type { Logger } from '#platform/log';
import type { ClaimedDelivery } from '#platform/store';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import type { BackendState } from './backend-state.ts';

/** The send function of an adapter whose settings do not matter. */
export type Send = (message: OutboundMessage, settings: object, ctx: SendContext) => Promise<Outcome>;

/** A backend whose adapter sends as given; ten characters fit into one message. */
export function specBackend(send: Send, fields: Partial<BackendState> = {}, limits: Partial<Manifest['limits']> = {}) {
  const manifest: Manifest = {
    type: 'spec',
    label: 'Spec',
    docsUrl: '/',
    settings: z.strictObject({}),
    address: { description: 'Anybody.', example: 'anna' },
    text: {
      dialect: 'plain',
      title: 'separate',
      maxChars: { value: 10, source: 'this spec' },
      unit: 'codePoints',
      overflow: 'split',
    },
    limits: { concurrency: 2, timeoutMs: 5000, ...limits },
    abilities: ['person', 'room'],
    offline: 'stored',
    dedupe: 'none',
  };
  const state: BackendState = {
    slug: 'hq',
    adapter: { manifest, send } as unknown as AnyAdapter,
    settings: {},
    fault: undefined,
    secrets: [],
    textRules: { dialect: 'plain', title: 'separate', maxChars: 10, unit: 'codePoints', overflow: 'split' },
    retry: undefined,
    rate: limits.rate,
    ...fields,
  };
  return state;
}

/** A delivery that was claimed for its first attempt. */
export function specDelivery(fields: Partial<ClaimedDelivery> = {}): ClaimedDelivery {
  return {
    id: uuidv7(),
    eventId: specEvent.id,
    rule: 'stock-low',
    recipient: 'anna',
    backend: 'hq',
    to: 'anna',
    toKind: 'person',
    message: { markdown: 'Мало' },
    correlationKey: null,
    orderKey: null,
    fallbacks: null,
    retry: null,
    attempts: 1,
    attemptsBefore: 0,
    partsSent: 0,
    openedAt: new Date(),
    validUntil: null,
    giveUpAt: null,
    whenOffline: null,
    heldSince: null,
    priority: null,
    ...fields,
  };
}

/** The event of every delivery here; it was accepted just now. */
export const specEvent: EventFacts = {
  id: uuidv7(),
  source: 'erp',
  type: 'stock.low',
  time: '2026-11-20T09:00:00.000Z',
  data: { qty: 3 },
};

/** A log that can be read. */
export function specLog(): { log: Logger; lines(): Record<string, unknown>[]; text(): string } {
  const written: string[] = [];
  const sink = new Writable({ write: (chunk, _encoding, done) => (written.push(String(chunk)), done()) });
  return {
    log: pino({ level: 'debug', errorKey: 'error' }, sink) as unknown as Logger,
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
    text: () => written.join(''),
  };
}
