import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { pino } from 'pino';
import { z } from 'zod';
import { Public } from './access.ts';
import { createHttpApp } from './app.ts';
import { HealthModule } from './health/health.module.ts';
import { READINESS } from './keys.ts';
import { listen, stopServing } from './serve.ts';

const anything = z.record(z.string(), z.unknown());
let held: (() => void)[] = [];

@Controller()
@Public()
class DoorController {
  @Post('door')
  @HttpCode(200)
  async take(@Body({ schema: anything }) body: object): Promise<object> {
    await new Promise(setImmediate);
    return body;
  }

  @Post('slow')
  @HttpCode(200)
  async slow(): Promise<object> {
    await new Promise<void>((resolve) => held.push(resolve));
    return { slow: true };
  }
}

const platform = {
  module: class Platform {},
  global: true,
  providers: [{ provide: READINESS, useValue: [] }],
  exports: [READINESS],
};

@Module({ imports: [platform, HealthModule], controllers: [DoorController] })
class DoorModule {}

let app: NestFastifyApplication;
let base: string;
beforeEach(async () => {
  held = [];
  const keys = { find: async () => undefined, touch: () => undefined };
  app = await createHttpApp(DoorModule, { log: pino({ level: 'silent' }), keys });
  base = await listen(app, { host: '127.0.0.1', port: 0 });
});
afterEach(() => app.close());

interface Heard {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  text: string;
}

function send(
  agent: Agent,
  method: string,
  path: string,
  body?: string,
  noted: (socket: Socket) => void = () => undefined,
): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length };
    const outgoing = request(base + path, { method, agent, headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += String(chunk)));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
      answer.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.on('socket', (socket) =>
      socket.connecting ? socket.once('connect', () => noted(socket)) : noted(socket),
    );
    outgoing.end(body);
  });
}

function keepAlive(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1 });
}

/** What 20 clients saw, and whom the server let in. */
class Crowd {
  answered = 0;
  readonly faults: unknown[] = [];
  readonly #letIn = new Set<number>();
  readonly #clients: Promise<void>[];

  constructor() {
    app.getHttpServer().on('connection', (socket: Socket) => this.#letIn.add(socket.remotePort!));
    this.#clients = Array.from({ length: 20 }, () => this.#postWithoutPause());
  }

  async gone(): Promise<void> {
    await Promise.all(this.#clients);
  }

  /** Posts until nobody listens any more. A connection that the kernel alone had made is as good as refused. */
  async #postWithoutPause(): Promise<void> {
    const agent = keepAlive();
    let port: number | undefined;
    const noted = (socket: Socket) => (port = socket.localPort);
    for (;;) {
      port = undefined;
      try {
        const { status } = await send(agent, 'POST', '/door', '{"a":1}', noted);
        if (status === 200) this.answered += 1;
        else this.faults.push(status);
      } catch (error) {
        const refused = (error as { code?: string }).code === 'ECONNREFUSED';
        if (!refused && port !== undefined && this.#letIn.has(port)) this.faults.push(error);
        return agent.destroy();
      }
    }
  }
}

function openSocket(): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(base).port), '127.0.0.1', () => resolve(socket));
  });
}

/** Whether new connections are taken. */
function accepts(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(base).port), '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function ended(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('close', () => resolve(text)));
}

describe('a process that stops', () => {
  it.each([0, 100])('fails nobody who posts without pause, with %i ms of notice', async (noticeMs) => {
    const crowd = new Crowd();
    while (crowd.answered < 200) await new Promise(setImmediate);
    await stopServing(app, noticeMs);
    await crowd.gone();
    expect(crowd.faults).toEqual([]);
  });

  it('is not ready from the first moment and serves all the same; when nobody new is let in, it sends callers elsewhere', async () => {
    const [first, second, third] = [keepAlive(), keepAlive(), keepAlive()];
    expect((await send(first, 'GET', '/health/ready')).status).toBe(200);
    const before = send(second, 'POST', '/slow');
    while (held.length === 0) await new Promise(setImmediate);
    const stopped = stopServing(app, 200);
    const ready = await send(first, 'GET', '/health/ready');
    expect([ready.status, JSON.parse(ready.text)]).toEqual([
      503,
      { status: 'unavailable', checks: { process: 'stopping' } },
    ]);
    const served = await send(third, 'POST', '/door', '{}');
    expect([served.status, served.headers.connection]).toEqual([200, 'keep-alive']);
    while (await accepts()) await send(first, 'GET', '/health/live').catch(() => undefined);
    held[0]!();
    const under = await before;
    expect([under.status, under.headers.connection]).toEqual([200, 'close']);
    await stopped;
  });

  it('finishes what is under way, however long it takes, and then what comes behind it is not lost', async () => {
    const agent = keepAlive();
    const slow = send(agent, 'POST', '/slow');
    while (held.length === 0) await new Promise(setImmediate);
    const stopped = app.close();
    await new Promise((resolve) => setTimeout(resolve, 300));
    held[0]!();
    expect((await slow).text).toBe('{"slow":true}');
    await stopped;
  });

  it('answers a request whose first half came before', async () => {
    const socket = await openSocket();
    const heard = ended(socket);
    socket.write('POST /door HTTP/1.1\r\nhost: a\r\ncontent-type: appli');
    await send(new Agent(), 'GET', '/health/live');
    const stopped = app.close();
    await new Promise((resolve) => setTimeout(resolve, 250));
    socket.write('cation/json\r\ncontent-length: 7\r\n\r\n{"a":1}');
    const text = await heard;
    expect(text).toContain('HTTP/1.1 200');
    expect(text).toMatch(/connection: close/i);
    await stopped;
  });

  it('does not wait for those who are connected and say nothing', async () => {
    const silent = await openSocket();
    const heard = ended(silent);
    const pooled = keepAlive();
    await send(pooled, 'GET', '/health/live');
    await app.close();
    expect(await heard).toBe('');
    pooled.destroy();
  });
});
