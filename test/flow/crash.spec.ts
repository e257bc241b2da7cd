import { waitFor } from '#testing/services';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startFleet, startMs, twoCouriers, type Fleet } from './fleet.ts';
import { untilSettled } from './story.ts';

/** A consumer that answers nobody until it is told to. */
interface SlowSink {
  url: string;
  /** Delivery ids in the order in which they came, repeats included. */
  asked: string[];
  /** Answers whoever waits with 204, and from now on everybody at once. */
  answerAll(): void;
  server: Server;
}

async function startSlowSink(): Promise<SlowSink> {
  const waiting: ServerResponse[] = [];
  const asked: string[] = [];
  let isSlow = true;
  const server = createServer((request, response) => {
    asked.push(String(request.headers['webhook-id']));
    request.resume();
    if (isSlow) waiting.push(response);
    else response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const answerAll = () => {
    isSlow = false;
    for (const response of waiting.splice(0)) response.writeHead(204).end();
  };
  return { url: `http://127.0.0.1:${port}/`, asked, answerAll, server };
}

describe('a courier that is killed in mid-attempt', () => {
  let fleet: Fleet;
  let sink: SlowSink;

  beforeAll(async () => {
    [fleet, sink] = await Promise.all([startFleet(twoCouriers), startSlowSink()]);
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    await fleet.admin.put('/v1/backends/hook', { type: 'webhook', settings: { url: sink.url, secret } });
    const room = { to: ['room:hook/dock'] };
    await fleet.admin.put('/v1/rules/alert', { match: { type: ['alert'] }, notify: [room] });
  }, startMs);

  afterAll(async () => {
    sink?.server.closeAllConnections();
    sink?.server.close();
    await fleet?.stop();
  });

  it('loses nothing: the other one delivers what it held, soon after its lease, and once what it holds itself', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 10; n += 1) ids.push(await fleet.ingest.send({ type: 'alert', data: { n } }));
    await waitFor(() => sink.asked.length === 10, { what: 'all attempts to be under way' });
    const killedAt = Date.now();
    await fleet.processes.find(({ app }) => app === 'courier')!.end('SIGKILL');
    sink.answerAll();
    const stories = await Promise.all(ids.map((id) => untilSettled(fleet.admin, id, { timeoutMs: 25_000 })));
    expect(Date.now() - killedAt).toBeLessThan(20_000);
    const numbers = stories.map(({ deliveries }) => deliveries[0]!.attemptLog.map(({ number }) => number).join());
    // What became of the attempts of the killed one nobody knows; the survivor's were answered.
    expect(new Set(numbers)).toEqual(new Set(['1', '2']));
    const repeated = numbers.filter((number) => number === '2').length;
    expect([new Set(sink.asked).size, sink.asked.length]).toEqual([10, 10 + repeated]);
  });
});
