/** Routes whose bodies are larger than others, or are no JSON: each says so itself. */
import { HouseError } from '#contract';
import { SetMetadata } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/** What a route takes beyond JSON of the usual size. */
export interface BodyWish {
  /** Largest body, in bytes. */
  bodyLimitBytes?: number;
  /** Takes this type too; the handler finds a `Buffer` as the body of the request. */
  takes?: OtherType;
}

/** Types of bodies that some route takes besides JSON. */
const otherTypes = ['application/x-tar', 'text/calendar'] as const;

/** A type of body that some route takes besides JSON. */
export type OtherType = (typeof otherTypes)[number];

declare module 'fastify' {
  // Fastify hands the wish of a route to the hooks and parsers below.
  interface FastifyContextConfig {
    bodyLimitBytes?: number;
    takes?: OtherType;
  }
}

const bodyKey = 'vestnik:body';

/** Lets a route take larger bodies, or another type. All bodies at once must still fit the memory that is meant for them. */
export function TakesBody(wish: BodyWish): MethodDecorator {
  return SetMetadata(bodyKey, wish);
}

/** What a route wishes. */
export function bodyOf(handler: object): BodyWish {
  return (Reflect.getMetadata(bodyKey, handler) as BodyWish | undefined) ?? {};
}

/** Gives each route the limit it wishes. To be called before there are routes. */
export function settleBodies(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    const bytes = route.config?.bodyLimitBytes;
    if (bytes !== undefined) route.bodyLimit = bytes;
  });
}

/** Makes Fastify hand bodies of other types as they are to the routes that take them. */
export function readOtherBodies(fastify: FastifyInstance): void {
  for (const type of otherTypes) {
    fastify.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body, done) => {
      if (request.routeOptions.config.takes === type) done(null, body);
      else done(new HouseError('MEDIA_TYPE_UNSUPPORTED'));
    });
  }
}
