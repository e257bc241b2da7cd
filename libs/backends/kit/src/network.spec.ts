import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { type HttpRequest } from './exchange.ts';
import { describeFailure } from './failures.ts';
import { createNetwork } from './network.ts';
import { createTargetGuard, loopbackNetworks } from './targets.ts';

const open = createNetwork(createTargetGuard(loopbackNetworks));
const closed = createNetwork(createTargetGuard([]));
const servers: { server: Server; sockets: Set<Socket> }[] = [];

async function serve(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  servers.push({ server, sockets });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const serveHttp = (listener: RequestListener) => serve(createHttpServer(listener));
const serveTcp = (listener: (socket: Socket) => void) => serve(createServer(listener));

async function stopServers(): Promise<void> {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

afterEach(stopServers);
afterAll(() => Promise.all([open.close(), closed.close()]));

function ask(port: number, overrides: Partial<HttpRequest> = {}) {
  const signal = AbortSignal.timeout(3000);
  return open.http({ method: 'GET', url: `http://127.0.0.1:${port}/`, signal, ...overrides });
}

async function failureOf(port: number, overrides: Partial<HttpRequest> = {}): Promise<string> {
  const attempted = await ask(port, overrides);
  return attempted.ok ? `status ${attempted.value.status}` : attempted.failure.kind;
}

describe('HTTP', () => {
  it('sends method, headers and body as they are, and brings back status, headers and body', async () => {
    const port = await serveHttp((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () =>
        response
          .writeHead(201, { 'x-method': request.method, 'x-a': request.headers['x-a'] })
          .end(Buffer.concat(chunks)),
      );
    });
    const attempted = await ask(port, { method: 'POST', headers: { 'x-a': 'b' }, body: 'Łódź 👋' });
    expect(attempted).toMatchObject({
      ok: true,
      value: { status: 201, text: 'Łódź 👋', headers: { 'x-method': 'POST', 'x-a': 'b' } },
    });
    expect(attempted.ok && attempted.value.bytes).toEqual(Buffer.from('Łódź 👋'));
  });

  it('does not follow a redirect', async () => {
    let calls = 0;
    const port = await serveHttp((_, response) => {
      calls += 1;
      response.writeHead(302, { location: '/again' }).end();
    });
    expect(await failureOf(port)).toBe('status 302');
    expect(calls).toBe(1);
  });

  it('names a refused connection, a reset, and an answer that is not HTTP', async () => {
    const free = await serveTcp(() => undefined);
    await stopServers();
    expect(await failureOf(free)).toBe('refused');
    expect(await failureOf(await serveTcp((socket) => socket.once('data', () => socket.resetAndDestroy())))).toBe(
      'reset',
    );
    expect(await failureOf(await serveTcp((socket) => socket.once('data', () => socket.end())))).toBe('reset');
    expect(await failureOf(await serveTcp((socket) => void socket.write('220 smtp ready\r\n')))).toBe('protocol');
  });

  it('names a server without TLS where TLS was expected', async () => {
    const port = await serveTcp((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await failureOf(port, { url: `https://127.0.0.1:${port}/` })).toBe('tls');
  });

  it('stops when the signal fires, and does not start when it has fired', async () => {
    const port = await serveTcp(() => undefined);
    expect(await failureOf(port, { signal: AbortSignal.timeout(30) })).toBe('timeout');
    expect(await failureOf(port, { signal: AbortSignal.abort(new Error('the process stops')) })).toBe('timeout');
  });

  it('keeps the status when the body is too large, breaks off or never ends, and says why the body is missing', async () => {
    const bodies: [RequestListener, string][] = [
      [(_, response) => response.end(Buffer.alloc(1_000_000)), 'tooLarge'],
      [(request, response) => response.write('half', () => request.socket.destroy()), 'reset'],
      [(_, response) => void response.write('half'), 'timeout'],
    ];
    for (const [listener, kind] of bodies) {
      const port = await serveHttp((request, response) => {
        response.writeHead(503, { 'content-type': 'text/plain' });
        listener(request, response);
      });
      const attempted = await ask(port, { signal: AbortSignal.timeout(300) });
      expect(attempted).toMatchObject({ ok: true, value: { status: 503, text: '', bodyFailure: { kind } } });
    }
  });
});

describe('TCP', () => {
  const to = (port: number, host = '127.0.0.1') => ({ host, port, signal: AbortSignal.timeout(2000) });

  it('opens a socket to the target', async () => {
    const port = await serveTcp((socket) => socket.end('hello'));
    const opened = await open.tcp(to(port));
    if (!opened.ok) throw new Error(opened.failure.detail);
    const chunks: Buffer[] = [];
    for await (const chunk of opened.value) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('hello');
  });

  it('names a refused connection and a server without TLS', async () => {
    const port = await serveTcp((socket) => socket.end('plain\r\n'));
    expect(await open.tcp({ ...to(port), tls: true })).toMatchObject({ ok: false, failure: { kind: 'tls' } });
    await stopServers();
    expect(await open.tcp(to(port))).toMatchObject({ ok: false, failure: { kind: 'refused' } });
  });

  it('closes the socket when the signal fires, and survives an error that nobody listens for', async () => {
    const port = await serveTcp(() => undefined);
    const controller = new AbortController();
    const opened = await open.tcp({ ...to(port), signal: controller.signal });
    if (!opened.ok) throw new Error(opened.failure.detail);
    const gone = new Promise((resolve) => opened.value.once('close', resolve));
    controller.abort(new Error('time is up'));
    await gone;
    expect(await open.tcp({ ...to(port), signal: controller.signal })).toMatchObject({
      ok: false,
      failure: { kind: 'timeout' },
    });
  });
});

describe('the guard on the way out', () => {
  const spellings = [
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0',
  ];

  it.each(spellings)('refuses http://%s/ where loopback is not allowed', async (host) => {
    const attempted = await closed.http({ method: 'GET', url: `http://${host}:9/`, signal: AbortSignal.timeout(2000) });
    expect(attempted).toMatchObject({ ok: false, failure: { kind: 'forbidden' } });
  });

  it.each(['127.0.0.1', '2130706433', '0x7f.1', '127.1', 'localhost', '::1', '::ffff:127.0.0.1', '169.254.169.254'])(
    'refuses a socket to %s',
    async (host) => {
      const attempted = await closed.tcp({ host, port: 9, signal: AbortSignal.timeout(2000) });
      expect(attempted).toMatchObject({ ok: false, failure: { kind: 'forbidden' } });
    },
  );

  it('lets an allowed name pass the look-up', async () => {
    const port = await serveHttp((_, response) => response.end('ok'));
    expect(await failureOf(port, { url: `http://localhost:${port}/` })).toBe('status 200');
  });
});

describe('naming a failure', () => {
  it.each([
    [{ code: 'ENOTFOUND', message: 'no such host' }, 'dns'],
    [{ code: 'EAI_AGAIN', message: 'try again' }, 'dns'],
    [{ code: 'EHOSTUNREACH', message: 'x' }, 'unreachable'],
    [{ code: 'ETIMEDOUT', message: 'x' }, 'timeout'],
    [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT', message: 'x' }, 'tls'],
    [{ code: 'CERT_HAS_EXPIRED', message: 'x' }, 'tls'],
    [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID', message: 'x' }, 'tls'],
    [{ name: 'TimeoutError' }, 'timeout'],
    [new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } }), 'reset'],
    [new AggregateError([{ code: 'ECONNREFUSED' }, { code: 'ENETUNREACH' }]), 'refused'],
    [new Error('odd'), 'protocol'],
    ['odd', 'protocol'],
    [undefined, 'protocol'],
  ])('takes %j for %s', (error, kind) => {
    const failure = describeFailure(error);
    expect(failure.kind).toBe(kind);
    expect(failure.detail).not.toBe('');
  });
});
