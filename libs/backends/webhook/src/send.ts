import {
  fromHttpAnswer,
  fromNetworkFailure,
  maskSecrets,
  permanent,
  secretsOf,
  type OutboundMessage,
  type SendContext,
} from '#backends/kit';
import { fromPublicId, toPublicId, type Outcome } from '#contract';
import type { z } from 'zod';
import { manifest, type settings as settingsSchema } from './manifest.ts';
import { sign } from './signature.ts';

type Settings = z.output<typeof settingsSchema>;

/** Posts one message. The signature covers the very bytes that are sent, and carries the time of this attempt. */
export async function send(message: OutboundMessage, settings: Settings, ctx: SendContext): Promise<Outcome> {
  const body = Buffer.from(JSON.stringify(bodyOf(message)));
  const headers = { 'user-agent': 'vestnik', ...settings.headers, ...ownHeaders(message, settings, body, ctx.now()) };
  const attempted = await ctx.network.http({ method: 'POST', url: settings.url, headers, body, signal: ctx.signal });
  if (!attempted.ok) return fromNetworkFailure(attempted.failure);
  const { status } = attempted.value;
  if (status >= 300 && status < 400) {
    const detail = `HTTP ${status}: redirects are never followed; set the URL of the backend to the new place`;
    return permanent(`http_${status}`, detail, { statusCode: status });
  }
  // A consumer in trouble likes to print the request back, tokens included. Masked before it is cut, or half a token stays.
  const text = status < 300 ? '' : maskSecrets(attempted.value.text, secretsOf(manifest, settings));
  return fromHttpAnswer({ ...attempted.value, text }, ctx.now());
}

function ownHeaders(message: OutboundMessage, settings: Settings, body: Buffer, now: number): Record<string, string> {
  const id = toPublicId('delivery', message.deliveryId);
  const timestamp = String(Math.floor(now / 1000));
  const own = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': timestamp };
  return settings.secret ? { ...own, 'webhook-signature': sign(settings.secret, id, timestamp, body) } : own;
}

function bodyOf(message: OutboundMessage): unknown {
  const { id, source, type, subject, time, data } = message.event;
  return {
    deliveryId: toPublicId('delivery', message.deliveryId),
    attempt: message.attempt,
    recipient: message.recipient,
    to: message.to,
    message: { title: message.title, text: message.text },
    event: { id: toPublicId('event', fromPublicId('event', id) ?? id), source, type, subject, time, data },
  };
}
