import { limits } from '#contract';
import { NestLogger, type Logger } from '#platform/log';
import { requestAnswered } from '#platform/metrics';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { guard, settleAccess } from './access.ts';
import { readOtherBodies, settleBodies } from './body.ts';
import { HouseAdapter } from './adapter.ts';
import { bodyBudget, boundBodies, boundRequests } from './flood.ts';
import { readJsonBodies } from './json-body.ts';
import { KEYS, type KeyFinder } from './keys.ts';
import { ProblemFilter, Refuser } from './problem.ts';
import { ValidationPipe } from './validation.ts';

/** What an HTTP application needs besides its modules. */
export interface HttpAppOptions {
  log: Logger;
  /** Absent: the provider of the token `KEYS`. */
  keys?: KeyFinder;
  /** Largest request body, in bytes. Absent: the limit of the contract. */
  bodyLimitBytes?: number;
  /** Paths that answer anybody although no controller says so, with everything below them. */
  publicPaths?: readonly string[];
  /** Bytes of bodies that all requests together may hold. Absent: a part of the heap. */
  bodyBudgetBytes?: number;
  /** Most requests under way at once. Absent: 10,000. */
  mostRequests?: number;
}

/** Paths of the documentation. */
const docsPaths = ['/docs', '/openapi.json'];

/**
 * Makes the HTTP application of a root module: problems, validation, access, request ids, security headers, metrics. It is
 * not listening yet. Throws when a route says neither `@RequireScope` nor `@Public`.
 */
export async function createHttpApp(
  module: Type | DynamicModule,
  options: HttpAppOptions,
): Promise<NestFastifyApplication> {
  const refuser = new Refuser(options.log);
  const bodyLimitBytes = options.bodyLimitBytes ?? limits.bodyBytes;
  const adapter = new HouseAdapter(refuser, bodyLimitBytes);
  const fastify = adapter.fastify();
  openPaths(fastify, [...docsPaths, ...(options.publicPaths ?? [])]);
  addHeaders(fastify);
  countRequests(fastify);
  boundRequests(fastify, adapter.traffic, options.mostRequests);
  boundBodies(fastify, options.bodyBudgetBytes ?? bodyBudget(bodyLimitBytes));
  settleBodies(fastify);
  readJsonBodies(fastify);
  readOtherBodies(fastify);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: new NestLogger(options.log),
    bodyParser: false,
    abortOnError: false,
  });
  guard(fastify, options.keys ?? app.get<KeyFinder>(KEYS, { strict: false }));
  settleAccess(app);
  app.useGlobalPipes(new ValidationPipe());
  app.useGlobalFilters(new ProblemFilter(refuser));
  return app;
}

function openPaths(fastify: FastifyInstance, paths: readonly string[]): void {
  fastify.addHook('onRoute', (route) => {
    const open = paths.some((path) => route.url === path || route.url.startsWith(`${path}/`));
    if (open) route.config = { ...route.config, access: 'public' };
  });
}

/** The pages of Swagger UI load only what this server serves; its styles are partly inline. */
const docsPolicy = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

function addHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const isDocs = request.url.startsWith('/docs');
    reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'content-security-policy': isDocs ? docsPolicy : "frame-ancestors 'none'",
    });
    done();
  });
}

function countRequests(fastify: FastifyInstance): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    requestAnswered(request.method, request.routeOptions.url ?? 'unmatched', reply.statusCode, reply.elapsedTime);
    done();
  });
}
