import { HouseError } from '#contract';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import { uuidv7 } from 'uuidv7';
import { MethodTable } from './methods.ts';
import { problemType, toProblem, type Refuser } from './problem.ts';
import { Traffic } from './traffic.ts';

/** A request must have arrived whole within this time, in milliseconds; 8 MiB on a slow line fit. */
const requestTimeoutMs = 120_000;

/** Its headers, of at most 16 KiB, must have arrived within this time, in milliseconds. Who sends them byte by byte is cut off. */
const headersTimeoutMs = 20_000;

/** How often both are looked after, in milliseconds; Node's own half a minute would let slow callers stay for long. */
const timeoutCheckMs = 5_000;

/** Fastify the way the house runs it: problems for every refusal, ids for every request, bounds on slow and many callers, a close that lets answers finish. */
export class HouseAdapter extends FastifyAdapter {
  readonly #refuser: Refuser;
  readonly #methods = new MethodTable();
  /** Who is connected and what is asked right now. */
  readonly traffic: Traffic;

  constructor(refuser: Refuser, bodyLimitBytes: number) {
    super({
      bodyLimit: bodyLimitBytes,
      trustProxy: false,
      requestTimeout: requestTimeoutMs,
      // A socket at rest is not cut off while an answer is being made: streams are silent for as long as they like.
      connectionTimeout: 0,
      // Node would refuse a request without a host on its own, and not as a problem.
      http: {
        headersTimeout: headersTimeoutMs,
        connectionsCheckingInterval: timeoutCheckMs,
        requireHostHeader: false,
      },
      keepAliveTimeout: 72_000,
      forceCloseConnections: 'idle',
      return503OnClosing: false,
      genReqId: () => uuidv7(),
      requestIdHeader: false,
      routerOptions: { maxParamLength: 600 },
      skipMiddie: true,
      frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
        refuser.refuse(error, request, reply),
      clientErrorHandler: refuseSocket,
    });
    this.#refuser = refuser;
    this.#methods.watch(this.fastify());
    const { server } = this.fastify();
    this.traffic = new Traffic(server);
    // Node refuses what it does not know of `Expect`, and not as a problem either; to ignore it is allowed (RFC 9110, 10.1.1).
    server.on('checkExpectation', (request, response) => server.emit('request', request, response));
    this.fastify().addHook('onRequest', refuseHostless);
  }

  /** The Fastify underneath. */
  fastify(): FastifyInstance {
    return this.getInstance<FastifyInstance>();
  }

  /** Sees everybody off before Fastify closes what is left. */
  override async close(): Promise<void> {
    await this.traffic.end();
    await super.close();
  }

  /** Nest would install its own shape of error here. */
  override setErrorHandler(): FastifyInstance {
    return this.fastify().setErrorHandler((error, request, reply) => this.#refuser.refuse(error, request, reply));
  }

  override setNotFoundHandler(): FastifyInstance {
    return this.fastify().setNotFoundHandler((request, reply) => {
      const methods = this.#methods.of(request.url.split('?', 1)[0]!);
      if (methods.length === 0 || methods.includes(request.method))
        return this.#refuser.refuse(new HouseError('NOT_FOUND'), request, reply);
      reply.header('allow', methods.join(', '));
      this.#refuser.refuse(
        new HouseError('METHOD_NOT_ALLOWED', { detail: `It takes ${methods.join(', ')}.` }),
        request,
        reply,
      );
    });
  }
}

/** A request of HTTP/1.1 must name its host (RFC 9112, 3.2). */
function refuseHostless({ raw }: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
  if (raw.headers.host !== undefined || raw.httpVersion === '1.0') return done();
  done(new HouseError('REQUEST_INVALID', { faults: [{ pointer: 'Host', detail: 'must be there in HTTP/1.1' }] }));
}

/** What is not even HTTP gets its problem straight on the socket. */
function refuseSocket(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const refusal = new HouseError('REQUEST_INVALID', { detail: 'This is not an HTTP request that could be read.' });
  const body = JSON.stringify(toProblem(refusal, uuidv7()));
  const head = [
    'HTTP/1.1 400 Bad Request',
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
