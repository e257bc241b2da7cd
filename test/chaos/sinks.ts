/** The receiving ends: small HTTP servers that note every arrival and can go wrong in every way that a webhook can. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Ledger } from './ledger.ts';
import { reservePort } from './ports.ts';
import type { SinkFault } from './schedule.ts';

/** One receiving end. */
export interface Sink {
  name: string;
  url: string;
  /** Goes wrong in one way, or is well again. */
  behave(fault: SinkFault | undefined): Promise<void>;
  stop(): Promise<void>;
}

/** What of a message the sink looks at; see `libs/backends/webhook`. */
interface Body {
  deliveryId: string;
  to: string;
  event: { data: { key: string; series?: { name: string; number: number } } };
}

/** Seconds that a throttling sink asks for. */
const retryAfterSeconds = '2';

/** Starts a sink that writes into the ledger; its targets are named `<sink>/<address>`. */
export async function startSink(name: string, ledger: Ledger): Promise<Sink> {
  const port = await reservePort();
  const hanging = new Set<ServerResponse>();
  let fault: SinkFault | undefined;
  const server = createServer((request, response) => {
    void readBody(request).then((text) => {
      if (text === undefined) return;
      const body = JSON.parse(text) as Body;
      const { key, series } = body.event.data;
      const target = `${name}/${body.to}`;
      const note = (ok: boolean) =>
        ledger.arrive({ key, target, series, deliveryId: body.deliveryId, at: Date.now(), ok });
      if (fault === undefined) return succeed(response, note);
      note(false);
      if (fault === 'hang') hanging.add(response);
      else misbehave(response, fault);
    });
  });
  server.keepAliveTimeout = 60_000;
  await listen(server, port);
  return {
    name,
    url: `http://127.0.0.1:${port}/hook`,
    behave: async (next) => {
      if (fault === 'refuse') await listen(server, port);
      fault = next;
      for (const response of hanging) response.destroy();
      hanging.clear();
      if (next === 'refuse') await close(server);
    },
    stop: () => (fault === 'refuse' ? Promise.resolve() : close(server)),
  };
}

/** Notes the arrival before the answer leaves, so that a success is never forgotten. */
function succeed(response: ServerResponse, note: (ok: boolean) => void): void {
  if (response.destroyed) return note(false);
  note(true);
  response.end('ok');
}

function misbehave(response: ServerResponse, fault: Exclude<SinkFault, 'hang'>): void {
  if (fault === 'throttle') return void response.writeHead(429, { 'retry-after': retryAfterSeconds }).end('later');
  if (fault === 'garbage') return void response.socket?.end('HTTP/9.9 banana\r\n\u0000\u0001: {"ok":true}\r\n');
  if (fault === 'reset') return cutInTheHead(response);
  // A sink that refuses may still have one request in its hands.
  response.writeHead(500).end('out of order');
}

/** Not behind the head: a status that came is a verdict, whatever becomes of the body. */
function cutInTheHead({ socket }: ServerResponse): void {
  socket?.write('HTTP/1.1 200 OK\r\ncontent-le', () => socket.resetAndDestroy());
}

/** The whole body; `undefined` when the caller went away in the middle. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  } catch {
    return undefined;
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    // Whoever is in the middle of an answer may end it.
    setTimeout(() => server.closeAllConnections(), 200);
  });
}
