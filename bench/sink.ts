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

const mark = /"n":(\d+),"sentAt":(\d+)/;

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
    const found = mark.exec(Buffer.concat(chunks).toString());
    deliveries += 1;
    const n = Number(found?.[1]);
    if (!seen.has(n)) {
      lastAt = Date.now();
      seen.set(n, lastAt - Number(found?.[2]));
    }
    response.end('ok');
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  process.stdout.write(`{"url":"http://127.0.0.1:${port}","msg":"app.listening"}\n`);
});
