import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Behaviour } from './simulator.ts';

/** What an HTTP simulator answers where its type has no better word for a behaviour. */
export const plainStatuses = { reject: 400, busy: 503, badAuth: 401 } as const;

/**
 * Plays a failure that looks the same on every HTTP backend. Answers whether it did; `false` leaves the request to the
 * simulator. Error bodies print the request back, as careless servers do, so that a leaking adapter is found out.
 */
export function playHttpFault(behaviour: Behaviour, request: IncomingMessage, response: ServerResponse): boolean {
  switch (behaviour.kind) {
    case 'hang':
      return true;
    case 'reset':
      request.socket.resetAndDestroy();
      return true;
    case 'reject':
    case 'busy':
    case 'badAuth':
      answer(response, plainStatuses[behaviour.kind], {}, mirror(request));
      return true;
    case 'busyFor':
      answer(response, 429, { 'retry-after': String(behaviour.seconds) }, mirror(request));
      return true;
    case 'garbage':
      answer(response, 200, { 'content-type': 'text/html' }, mirror(request));
      return true;
    case 'status':
      answer(response, behaviour.status, behaviour.headers ?? {}, behaviour.body ?? mirror(request));
      return true;
    default:
      return false;
  }
}

function answer(response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  response.writeHead(status, headers);
  // A 204 or 304 has no body (RFC 9110).
  response.end(status === 204 || status === 304 ? undefined : body);
}

function mirror(request: IncomingMessage): string {
  return `<html><body>Request was: ${request.method} ${request.url} ${JSON.stringify(request.headers)}</body></html>`;
}
