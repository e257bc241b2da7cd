import { HouseError, type Problem } from '#contract';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, HttpCode, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { pino } from 'pino';
import { z } from 'zod';
import { Public, RequireScope } from './access.ts';
import { createHttpApp } from './app.ts';
import { bodyBudget } from './flood.ts';
import { listen } from './serve.ts';

const kibibyte = 1024;
const anything = z.record(z.string(), z.unknown());
/** Answers of the door, held back until a test lets them go. */
let held: (() => void)[] = [];

@Controller()
class DoorController {
  @Post('door')
  @HttpCode(200)
  @Public()
  async take(@Body({ schema: anything }) body: object): Promise<object> {
    await new Promise<void>((resolve) => held.push(resolve));
    return { keys: Object.keys(body).length };
  }

  @Post('quick')
  @HttpCode(200)
  @Public()
  quick(@Body({ schema: anything }) body: object): object {
    return { keys: Object.keys(body).length };
  }

  @Get('open')
  @Public()
  open(): object {
    return {};
  }

  @Post('checked')
  @HttpCode(200)
  @RequireScope('read')
  checked(@Body({ schema: anything }) body: object): object {
    return { keys: Object.keys(body).length };
  }

  @Get('guarded')
  @RequireScope('read')
  guarded(): object {
    return {};
  }
}

@Module({ controllers: [DoorController] })
class DoorModule {}

let app: NestFastifyApplication | undefined;
let base = '';

async function start(bounds: { bodyBudgetBytes?: number; mostRequests?: number }): Promise<void> {
  held = [];
  const keys = { find: async () => ({ id: '1', name: 'k', scopes: ['read' as const] }), touch: () => undefined };
  app = await createHttpApp(DoorModule, {
    log: pino({ level: 'silent' }),
    keys,
    bodyLimitBytes: 400 * kibibyte,
    ...bounds,
  });
  base = await listen(app, { host: '127.0.0.1', port: 0 });
}

afterEach(async () => {
  for (const go of held) go();
  await app?.close();
});

function bodyOf(kibibytes: number): string {
  return JSON.stringify({ a: 'x'.repeat(kibibytes * kibibyte - 8) });
}

function post(path: string, body: string): Promise<Response> {
  return fetch(base + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

async function refusalOf(answer: Response): Promise<unknown[]> {
  return [answer.status, answer.headers.get('retry-after'), ((await answer.json()) as Problem).code];
}

/** A request that sends its body bit by bit and does not say how long it is. */
function dribble(path: string): { outgoing: ClientRequest; answer: Promise<IncomingMessage> } {
  const outgoing = request(base + path, { method: 'POST', headers: { 'content-type': 'application/json' } });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
  outgoing.flushHeaders();
  return { outgoing, answer };
}

const limited = [429, '1', 'RATE_LIMITED'];

describe('the budget for bodies', () => {
  it('takes no body that would exceed it, until another is answered', async () => {
    await start({ bodyBudgetBytes: 500 * kibibyte });
    const first = [post('/door', bodyOf(200)), post('/door', bodyOf(200))];
    await until(() => held.length === 2);
    expect(await refusalOf(await post('/quick', bodyOf(200)))).toEqual(limited);
    expect((await post('/quick', bodyOf(50))).status).toBe(200);
    for (const go of held) go();
    expect((await Promise.all(first)).map((answer) => answer.status)).toEqual([200, 200]);
    expect((await post('/quick', bodyOf(390))).status).toBe(200);
  });

  it('stops a body of unknown size when it has grown too large for what is left', async () => {
    await start({ bodyBudgetBytes: 300 * kibibyte });
    const first = post('/door', bodyOf(200));
    await until(() => held.length === 1);
    const { outgoing, answer } = dribble('/quick');
    outgoing.end(bodyOf(150));
    const refused = await answer;
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '1']);
    refused.resume();
    held[0]!();
    await first;
    const again = dribble('/quick');
    again.outgoing.end(bodyOf(290));
    expect((await again.answer).resume().statusCode).toBe(200);
  });

  it('holds for slow senders only what they have sent, and gives it back when they hang up', async () => {
    await start({ bodyBudgetBytes: 300 * kibibyte });
    const slow = Array.from({ length: 3 }, () => {
      const one = dribble('/quick');
      one.answer.catch(() => undefined);
      one.outgoing.write(`{"a":"${'x'.repeat(80 * kibibyte)}`);
      return one.outgoing;
    });
    await until(async () => (await post('/quick', bodyOf(200))).status === 429);
    expect((await post('/quick', bodyOf(30))).status).toBe(200);
    for (const outgoing of slow) outgoing.destroy();
    await until(async () => (await post('/quick', bodyOf(290))).status === 200);
  });

  it('is not used up by bodies that are refused for their own size', async () => {
    await start({ bodyBudgetBytes: 500 * kibibyte });
    for (let n = 0; n < 5; n += 1) {
      const { outgoing, answer } = dribble('/quick');
      outgoing.end(bodyOf(450));
      expect((await answer).resume().statusCode).toBe(413);
      expect((await post('/quick', bodyOf(450))).status).toBe(413);
    }
    expect((await post('/quick', bodyOf(390))).status).toBe(200);
  });

  it.each([
    ['POST', '/checked', 'image/png', '415'],
    ['POST', '/checked', 'application/json', '200'],
    ['GET', '/guarded', 'application/json', '200'],
    ['DELETE', '/nowhere', 'application/json', '404'],
  ])('leaves the connection fit for the next request, read or not: %s %s %s', async (method, path, type, status) => {
    await start({});
    const socket = connect(Number(new URL(base).port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    const body = bodyOf(300);
    const head = `${method} ${path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer k\r\ncontent-type: ${type}\r\n`;
    for (let n = 1; n <= 3; n += 1) {
      const chunked = `transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      socket.write(`${head}${n % 2 === 0 ? `content-length: ${body.length}\r\n\r\n${body}` : chunked}`);
      await until(() => text.split('HTTP/1.1 ').length > n);
    }
    socket.destroy();
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((found) => found[1])).toEqual([status, status, status]);
  });

  it('follows the heap, but always has room for two bodies', () => {
    const mebibyte = 1024 * kibibyte;
    expect(bodyBudget(8 * mebibyte, 4096 * mebibyte)).toBe(128 * mebibyte);
    expect(bodyBudget(8 * mebibyte, 64 * mebibyte)).toBe(16 * mebibyte);
    expect(bodyBudget(8 * mebibyte, 1e15)).toBe(256 * mebibyte);
  });
});

describe('the doorkeeper of a route', () => {
  const doorkeepers = () => (app!.getHttpAdapter().getInstance() as FastifyInstance).doorkeepers;
  const full = () => new HouseError('RATE_LIMITED', { retryAfterSeconds: 1 });

  it('turns a body away unread and unparsed, and nobody at the other routes', async () => {
    await start({});
    doorkeepers().set('/quick', full);
    expect(await refusalOf(await post('/quick', 'this is not JSON'))).toEqual(limited);
    const other = post('/door', '{}');
    await until(() => held.length === 1);
    held[0]!();
    expect((await other).status).toBe(200);
  });

  it('is asked again when the body is there, before it is parsed', async () => {
    await start({});
    let asked = 0;
    const second = () => ((asked += 1) > 1 ? full() : undefined);
    doorkeepers().set('/quick', second);
    expect(await refusalOf(await post('/quick', 'this is not JSON'))).toEqual(limited);
  });

  it('lets a body in for which there is room a moment later', async () => {
    await start({});
    let asked = 0;
    const first = () => ((asked += 1) === 1 ? full() : undefined);
    doorkeepers().set('/quick', first);
    expect((await post('/quick', '{"a":1}')).status).toBe(200);
  });
});

describe('the bound on requests under way', () => {
  it('refuses more of them on one connection, but not those that anybody may ask', async () => {
    await start({ mostRequests: 1 });
    const socket = connect(Number(new URL(base).port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    const ask = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer k\r\n\r\n`;
    const waiting = post('/door', '{}');
    await until(() => held.length === 1);
    socket.write(ask('/guarded') + ask('/open'));
    await until(() => text.split('HTTP/1.1 ').length === 3);
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((found) => found[1])).toEqual(['429', '200']);
    held[0]!();
    await waiting;
    socket.write(ask('/guarded'));
    await until(() => text.split('HTTP/1.1 200').length === 3);
    socket.destroy();
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(setImmediate);
}
