/** What all requests together may take of the memory. A flood slows its senders down; it does not end the process. */
import { HouseError } from '#contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform, type TransformCallback } from 'node:stream';
import { getHeapStatistics } from 'node:v8';
import type { Traffic } from './traffic.ts';

/** Most requests under way at once, streams included; a caller may send many on one connection without waiting. */
const mostRequests = 10_000;

/** Seconds after which a refused caller may try again. */
const busySeconds = 1;

/** How long a body that finds no room waits for some, in milliseconds, before it is refused. */
const pauseMs = 250;

/** A body up to this size, in bytes, is counted whole when it begins; what is larger is counted as it comes. */
const smallBytes = 64 * 1024;

/**
 * Bytes of bodies that may be held at once, from their first byte to the answer. Text and parsed JSON take up to some twenty
 * times the bytes, so all of them together are given a 32nd of the heap; two bodies of the largest size fit in any case.
 */
export function bodyBudget(bodyLimitBytes: number, heapBytes = getHeapStatistics().heap_size_limit): number {
  return Math.max(2 * bodyLimitBytes, Math.min(256 * 1024 * 1024, Math.floor(heapBytes / 32)));
}

/** Refuses requests beyond `mostAtOnce`, but for those that anybody may ask (probes among them): they are cheap and must answer. */
export function boundRequests(fastify: FastifyInstance, traffic: Traffic, mostAtOnce = mostRequests): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (traffic.requests <= mostAtOnce || request.routeOptions.config.access === 'public') return done();
    done(tooMuch(`${mostAtOnce} requests are under way already.`));
  });
}

/** Why a route cannot take anything now; `undefined` when it can. */
export type Doorkeeper = () => HouseError | undefined;

declare module 'fastify' {
  interface FastifyInstance {
    /** Those who are asked before a body is read and again before it is parsed, by the pattern of the route. */
    doorkeepers: Map<string, Doorkeeper>;
  }
}

/**
 * Refuses bodies, before they are read or while they come, that would make all bodies at once exceed `budgetBytes`, and those
 * that the doorkeeper of their route would have refused afterwards.
 */
export function boundBodies(fastify: FastifyInstance, budgetBytes: number): void {
  const budget: Budget = { leftBytes: budgetBytes };
  fastify.decorate('doorkeepers', new Map<string, Doorkeeper>());
  fastify.addHook('preParsing', (request, reply, payload, done) => {
    const bytes = announcedBytes(request.raw);
    // What is larger than a body may be is refused by its size in a moment, and held by nobody.
    if (bytes === 0 || (bytes !== undefined && bytes > request.routeOptions.bodyLimit)) return done();
    const refusal = () => ((bytes ?? 1) > budget.leftBytes ? tooMuchBody() : askDoorkeeper(request));
    const read = (): void => {
      const share = new Share(budget);
      reply.raw.once('close', () => share.end());
      if (bytes === undefined || bytes > smallBytes)
        return done(null, metered(payload as IncomingMessage, reply.raw, share));
      share.take(bytes);
      done();
    };
    if (!refusal()) return read();
    // The caller's body stays in the network meanwhile. Without the pause, callers who ask again at once would take up the
    // time that those who were let in need.
    setTimeout(() => {
      const stillRefused = refusal();
      if (stillRefused) done(stillRefused);
      else read();
    }, pauseMs);
  });
}

/** What the doorkeeper of the route says, if it has one. */
export function askDoorkeeper({ server, routeOptions }: FastifyRequest): HouseError | undefined {
  return server.doorkeepers.get(routeOptions.url ?? '')?.();
}

/** How much body there will be: 0 for none, `undefined` when it does not say. */
function announcedBytes({ headers }: IncomingMessage): number | undefined {
  const announced = headers['content-length'];
  if (announced !== undefined) return Number(announced);
  return headers['transfer-encoding'] === undefined ? 0 : undefined;
}

/** What is left for bodies. */
interface Budget {
  leftBytes: number;
}

/** What one request holds of the budget; given back when the answer is over or the caller has gone. */
class Share {
  readonly #budget: Budget;
  #heldBytes = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  take(bytes: number): boolean {
    if (bytes > this.#budget.leftBytes) return false;
    this.#budget.leftBytes -= bytes;
    this.#heldBytes += bytes;
    return true;
  }

  end(): void {
    this.#budget.leftBytes += this.#heldBytes;
    this.#heldBytes = 0;
  }
}

function metered(raw: IncomingMessage, response: ServerResponse, share: Share): Meter {
  const meter = new Meter(share);
  // Not every answer waits for the body (that to a GET does not). What nobody read would stop the connection for good.
  response.once('close', () => raw.unpipe(meter).resume());
  // A pipe hands on neither the errors of its source nor a caller who hangs up.
  raw.once('error', (error) => meter.destroy(error));
  // Fastify stops listening once it refused a body; what comes of the rest is nobody's business then.
  meter.on('error', () => raw.unpipe(meter));
  return raw.pipe(meter);
}

/** Lets a body through as long as the budget has room for it. */
class Meter extends Transform {
  /** What Fastify compares with the announced length. */
  receivedEncodedLength = 0;
  readonly #share: Share;

  constructor(share: Share) {
    super();
    this.#share = share;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.receivedEncodedLength += chunk.length;
    if (this.#share.take(chunk.length)) return done(null, chunk);
    this.#share.end();
    done(tooMuchBody());
  }
}

function tooMuchBody(): HouseError {
  return tooMuch('The bodies of other requests fill the memory that is meant for them.');
}

function tooMuch(detail: string): HouseError {
  return new HouseError('RATE_LIMITED', { detail, retryAfterSeconds: busySeconds });
}
