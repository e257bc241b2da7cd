/** The web service of the simulator: `/API/` by GET, and by POST as bare JSON, as a form or as multipart. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { playHttpFault } from '../httpFaults.ts';
import type { Script } from '../script.ts';
import { answerTo, readQuestion } from './wire.ts';
import type { World } from './world.ts';

/** Failures that MyChat has numbers of its own for, so that they do not come as an HTTP status. */
const ownWay = new Set(['ok', 'reject', 'badAuth', 'offline']);

/** Makes the web service. */
export function restServer(world: World, script: Script): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => serve(request, Buffer.concat(chunks), response, { world, script }));
  });
}

function serve(
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
  { world, script }: { world: World; script: Script },
): void {
  const url = new URL(request.url ?? '/', 'http://simulator');
  const data = url.pathname === '/API/' ? dataOf(request, url, body) : undefined;
  if (data === undefined) {
    response.writeHead(404, { 'content-type': 'text/html' }).end('<html><body>404 Not Found</body></html>');
    return;
  }
  const behaviour = script.take();
  if (!ownWay.has(behaviour.kind) && playHttpFault(behaviour, request, response)) return;
  const question = readQuestion(data, ['utf-8', 'windows-1251']);
  const named = 'members' in question ? (question.members['cmd'] ?? question.members['apiCMD']) : undefined;
  const answer = answerTo(String(named ?? ''), question, behaviour, world);
  const charset = world.quirks.cp1251 ? 'windows-1251' : 'utf-8';
  const reply = () => response.writeHead(200, { 'content-type': `application/json; charset=${charset}` }).end(answer);
  if (world.quirks.answerDelayMs > 0) setTimeout(reply, world.quirks.answerDelayMs);
  else reply();
}

function dataOf(request: IncomingMessage, url: URL, body: Buffer): Buffer | undefined {
  if (request.method === 'GET') return formValue(url.search.slice(1));
  if (request.method !== 'POST') return undefined;
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (boundary) return multipartValue(body, boundary);
  return body.toString('latin1').trimStart().startsWith('{') ? body : formValue(body.toString('latin1'));
}

/** The value of `data` as the bytes that were percent-encoded, whatever their encoding. */
function formValue(form: string): Buffer | undefined {
  const pair = form.split('&').find((candidate) => candidate.startsWith('data='));
  if (pair === undefined) return undefined;
  const byte = (_: string, hex: string) => String.fromCharCode(parseInt(hex, 16));
  return Buffer.from(
    pair
      .slice(5)
      .replaceAll('+', ' ')
      .replace(/%([0-9a-f]{2})/gi, byte),
    'latin1',
  );
}

function multipartValue(body: Buffer, boundary: string): Buffer | undefined {
  const parts = body.toString('latin1').split(`--${boundary}`);
  const part = parts.find((candidate) => /^content-disposition:.*name="?data"?/im.test(candidate));
  const start = part?.indexOf('\r\n\r\n') ?? -1;
  return part === undefined || start < 0
    ? undefined
    : Buffer.from(part.slice(start + 4).replace(/\r\n$/, ''), 'latin1');
}
