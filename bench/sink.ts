/** The receiving end: a plain HTTP server in a process of its own that counts what arrives and how long it took. */
import { createServer } from 'node:http';

/** What the sink tells when asked. */
export interface SinkReport {
  /** Distinct events that arrived. */
  count: number;
  /** Deliveries, repeats included. */
  deliveries: number;
  /** When the last new event arrived, in milliseconds since 1970. */
  lastAt: number;
  /** From sending the POST to arrival, in milliseconds, one per event. */
  latencies: number[];
}

let seen = new Map<number, number>();
let deliveries = 0;
let lastAt = 0;

/** Reads a number out of the event's data without parsing the whole body, whatever the order of its keys. */
const numberAt = (body: string, pattern: RegExp) => Number(pattern.exec(body)?.[1]);

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    const report: SinkReport = {
      count: seen.size,
      deliveries,
      lastAt,
      latencies: request.url === '/report' ? [...seen.values()] : [],
    };
    return void response.end(JSON.stringify(report));
  }
  if (request.method === 'DELETE') {
    seen = new Map();
    deliveries = 0;
    return void response.end();
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    deliveries += 1;
    const n = numberAt(body, /"n": ?(\d+)/);
    if (!seen.has(n)) {
      lastAt = Date.now();
      seen.set(n, lastAt - numberAt(body, /"sentAt": ?(\d+)/));
    }
    response.end('ok');
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  process.stdout.write(`{"url":"http://127.0.0.1:${port}","msg":"app.listening"}\n`);
});
