/** A consumer of webhooks. It does as little per request as it can, for the flow tests send it a lot. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { Arrivals } from '../arrivals.ts';
import { selfSigned } from '../certificate.ts';
import { playHttpFault } from '../httpFaults.ts';
import { listen } from '../listening.ts';
import { Script } from '../script.ts';
import type { BehaviourKind, ReceivedMessage, RunningSimulator, Simulator } from '../simulator.ts';

/** One request as it came, whatever was answered. */
export interface SinkRequest {
  headers: Record<string, string>;
  /** The bytes of the body, as UTF-8 text. */
  body: string;
  at: number;
  /** How it was answered. */
  behaviour: BehaviourKind;
}

/** A webhook consumer that is up. */
export interface WebhookSink extends RunningSimulator {
  url: string;
  /** The key that its settings sign with. */
  secret: string;
  /** All requests, also those answered with a failure; the last 10,000. */
  requests(): SinkRequest[];
  /** How many messages were taken in all. */
  count(): number;
}

/** Base64 of the bytes 00 to 1f. */
const secret = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
const token = 'Bearer sink-token-4711';

/** No `garbage`: a webhook is delivered by its status, whatever the body. */
const abilities: BehaviourKind[] = ['ok', 'reject', 'busy', 'busyFor', 'badAuth', 'hang', 'reset', 'status'];

async function start(variant = 'http'): Promise<WebhookSink> {
  const script = new Script(abilities);
  const requests = new Arrivals<SinkRequest>();
  const taken = new Arrivals<SinkRequest>();
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const behaviour = script.take();
      const headers = request.headers as Record<string, string>;
      const seen = { headers, body: Buffer.concat(chunks).toString(), at: Date.now(), behaviour: behaviour.kind };
      const failed = playHttpFault(behaviour, request, response);
      if (!failed) response.writeHead(204).end();
      requests.add(seen);
      if (!failed || isSuccess(response)) taken.add(seen);
    });
  };
  const server = variant === 'https' ? createHttpsServer(selfSigned(), serve) : createHttpServer(serve);
  const { port, stop } = await listen(server);
  const urlAt = (at: { port: number; tls?: boolean }) => `${at.tls ? 'https' : 'http'}://127.0.0.1:${at.port}/hook`;
  const settings = (overrides = {}) => ({ url, secret, headers: { Authorization: token }, ...overrides });
  const url = urlAt({ port, tls: variant === 'https' });
  return {
    url,
    secret,
    settings,
    settingsAt: (target) => settings({ url: urlAt(target) }),
    address: { to: 'Anna <anna@example.com>', toKind: 'person' },
    can: script.can,
    received: () => taken.all().map(toMessage),
    untilReceived: async (count, timeoutMs) => (await taken.until(count, timeoutMs)).map(toMessage),
    requests: () => requests.all(),
    count: () => taken.count,
    plan: (behaviour, times) => script.plan(behaviour, times),
    reset: () => [script, requests, taken].forEach((part) => part.clear()),
    stop,
  };
}

function isSuccess(response: ServerResponse): boolean {
  return response.headersSent && response.statusCode >= 200 && response.statusCode < 300;
}

function toMessage({ headers, body, at }: SinkRequest): ReceivedMessage {
  const { deliveryId, to, message } = JSON.parse(body) as {
    deliveryId: string;
    to: string;
    message: { title?: string; text: string };
  };
  return { deliveryId, to, ...message, headers, at };
}

/** The simulator of the backend type `webhook`; as `https` variant it has a certificate that nobody signed. */
export const webhookSimulator: Simulator<WebhookSink> = { type: 'webhook', variants: ['http'], start };
