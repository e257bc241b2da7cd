import { HouseError } from '#contract';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import { uuidv7 } from 'uuidv7';
import { MethodTable } from './methods.ts';
import { problemType, toProblem, type Refuser } from './problem.ts';

/** A request must have arrived whole within this time, in milliseconds; 8 MiB on a slow line fit. */
const requestTimeoutMs = 120_000;

/** Fastify the way the house runs it: problems for every refusal, ids for every request, a close that lets answers finish. */
export class HouseAdapter extends FastifyAdapter {
  readonly #refuser: Refuser;
  readonly #methods = new MethodTable();

  constructor(refuser: Refuser, bodyLimitBytes: number) {
    super({
      bodyLimit: bodyLimitBytes,
      trustProxy: false,
      requestTimeout: requestTimeoutMs,
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
  }

  /** The Fastify underneath. */
  fastify(): FastifyInstance {
    return this.getInstance<FastifyInstance>();
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
