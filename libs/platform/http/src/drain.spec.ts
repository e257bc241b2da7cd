import { HouseError } from '#contract';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { pino } from 'pino';
import { z } from 'zod';
import { Public, RequireScope } from './access.ts';
import { createHttpApp } from './app.ts';
import { mostDrainedBytes } from './drain.ts';
import { listen } from './serve.ts';

const mebibyte = 1024 * 1024;
const anything = z.record(z.string(), z.unknown());

@Controller()
class DoorController {
  @Post('open')
  @HttpCode(200)
  @Public()
  open(@Body({ schema: anything }) body: object): object {
    return { keys: Object.keys(body).length };
  }

  @Post('guarded')
  @RequireScope('edit')
  guarded(): void {
    throw new HouseError('INTERNAL');
  }
}

@Module({ controllers: [DoorController] })
class DoorModule {}

let app: NestFastifyApplication;
let base: string;
let port: number;
beforeAll(async () => {
  const keys = { find: async () => undefined, touch: () => undefined };
  app = await createHttpApp(DoorModule, { log: pino({ level: 'silent' }), keys, bodyLimitBytes: 8 * mebibyte });
  base = await listen(app, { host: '127.0.0.1', port: 0 });
  port = Number(new URL(base).port);
});
afterAll(() => app.close());

const json = { 'content-type': 'application/json' };

/** What came back on a bare socket, until the other side closed it or `enough` is satisfied. */
async function answersOn(socket: Socket, enough: (text: string) => boolean): Promise<string> {
  let text = '';
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (enough(text)) resolve();
    });
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
  });
  return text;
}

/** Writes so many mebibytes, heeding the pace of the other side; ends early when the connection breaks. */
async function pour(socket: Socket, mebibytes: number): Promise<void> {
  const block = Buffer.alloc(mebibyte, 'x');
  for (let n = 0; n < mebibytes && socket.writable; n += 1) {
    if (!socket.write(block)) await untilDrained(socket);
  }
}

/** Resolves when the socket takes more, or is closed. */
async function untilDrained(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

describe('a refusal that comes before the body was read', () => {
  it.each<[what: string, path: string, mebibytes: number, headers: Record<string, string>, answer: [number, string]]>([
    ['a body above the limit', '/open', 9, json, [413, 'BODY_TOO_LARGE']],
    ['a body far above the limit', '/open', 100, json, [413, 'BODY_TOO_LARGE']],
    ['a missing key', '/guarded', 9, json, [401, 'KEY_MISSING']],
    ['a missing key and a body far above the limit', '/guarded', 100, json, [401, 'KEY_MISSING']],
    ['an unknown key', '/guarded', 9, { ...json, authorization: 'Bearer x' }, [401, 'KEY_UNKNOWN']],
    ['a type that is not read', '/open', 9, { 'content-type': 'image/png' }, [415, 'MEDIA_TYPE_UNSUPPORTED']],
    ['a path that is not there', '/nowhere', 9, { 'content-type': 'image/png' }, [404, 'NOT_FOUND']],
  ])('reaches the caller: %s', async (_what, path, mebibytes, headers, expected) => {
    const body = Buffer.alloc(mebibytes * mebibyte, 'x');
    const answer = await fetch(base + path, { method: 'POST', headers, body });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual(expected);
  });

  it('reaches a caller who writes everything before it reads, and wants the connection closed', async () => {
    const outgoing = request(`${base}/open`, {
      method: 'POST',
      agent: false,
      headers: { ...json, connection: 'close', 'content-length': 32 * mebibyte },
    });
    const answered = new Promise<number | undefined>((resolve, reject) => {
      outgoing.once('response', (answer) => resolve(answer.resume().statusCode));
      outgoing.once('error', reject);
    });
    const block = Buffer.alloc(mebibyte, 'x');
    for (let n = 0; n < 32; n += 1) outgoing.write(block);
    outgoing.end();
    expect(await answered).toBe(413);
  });

  it('reaches a caller who does not say how much it sends', async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let n = 0; n < 20; n += 1) controller.enqueue(Buffer.alloc(mebibyte, 'x'));
        controller.close();
      },
    });
    const options = { method: 'POST', headers: json, body, duplex: 'half' } as RequestInit;
    expect((await fetch(`${base}/open`, options)).status).toBe(413);
  });

  it('leaves the connection fit for the next request', async () => {
    const socket = connect(port, '127.0.0.1');
    const both = answersOn(socket, (text) => text.split('HTTP/1.1 ').length > 2 && text.endsWith('{"keys":1}'));
    socket.write(
      `POST /open HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${16 * mebibyte}\r\n\r\n`,
    );
    await pour(socket, 16);
    socket.write(
      'POST /open HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{"a":1}',
    );
    const text = await both;
    socket.destroy();
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((found) => found[1])).toEqual(['413', '200']);
    expect(text).not.toMatch(/connection: close/i);
  });

  it('keeps nothing of what it throws away', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const socket = connect(port, '127.0.0.1');
    const answered = answersOn(socket, (text) => text.includes('BODY_TOO_LARGE'));
    socket.write(
      `POST /open HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${200 * mebibyte}\r\n\r\n`,
    );
    await pour(socket, 199);
    expect(await answered).toContain('HTTP/1.1 413');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * mebibyte);
    socket.destroy();
  });

  it('closes the connection at once under a body that is beyond all measure', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `POST /open HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${mostDrainedBytes + 1}\r\n\r\n`,
    );
    const text = await answersOn(socket, () => false);
    expect(text).toContain('HTTP/1.1 413');
    expect(text).toMatch(/connection: close/i);
  });

  it('cuts off a caller who never ends', async () => {
    const socket = connect(port, '127.0.0.1');
    const closed = answersOn(socket, () => false);
    socket.write('POST /guarded HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n');
    const size = mebibyte.toString(16);
    const chunk = Buffer.concat([Buffer.from(`${size}\r\n`), Buffer.alloc(mebibyte, 'x'), Buffer.from('\r\n')]);
    let sent = 0;
    for (; sent < 2 * mostDrainedBytes && socket.writable; sent += mebibyte) {
      if (!socket.write(chunk)) await untilDrained(socket);
    }
    expect(await closed).toContain('HTTP/1.1 401');
    expect(sent).toBeLessThan(2 * mostDrainedBytes);
  });
});
