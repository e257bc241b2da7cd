/** Who may call what: every route says so itself, and a process with a route that does not say so refuses to start. */
import { allows, HouseError, type Scope } from '#contract';
import {
  createParamDecorator,
  SetMetadata,
  type ExecutionContext,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { bodyOf } from './body.ts';
import { KeyLookUp } from './key-look-up.ts';
import type { ActorView, KeyFinder } from './keys.ts';

/** What a route asks of its caller: a scope, or nothing. */
export type Access = Scope | 'public';

const accessKey = 'vestnik:access';

/** Extension under which an operation carries its access until the API document is built. */
export const accessMark = 'x-access';

/** The key of this controller or method must carry the scope (or one that implies it). The method outranks the class. */
export function RequireScope(scope: Scope): ClassDecorator & MethodDecorator {
  return SetMetadata(accessKey, scope);
}

/** This controller or method answers anybody. */
export function Public(): ClassDecorator & MethodDecorator {
  return SetMetadata(accessKey, 'public');
}

/** The caller, as `{ id, name, scopes }` of its API key. Only on routes with a scope. */
export const Actor = createParamDecorator((_data: unknown, context: ExecutionContext): ActorView => {
  return actorOf(context.switchToHttp().getRequest<FastifyRequest>());
});

/** The caller of a guarded request. */
export function actorOf(request: FastifyRequest): ActorView {
  if (!request.actor) throw new Error('A route without a scope asked for its actor.');
  return request.actor;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The API key of the caller, on guarded routes. */
    actor: ActorView | null;
  }
  interface FastifyContextConfig {
    access?: Access;
  }
}

/** Hands the access of each Nest route to Fastify, where it is checked before a body is read. Throws for a route without one. */
export function settleAccess(app: INestApplication): void {
  const silent: string[] = [];
  for (const controller of controllersOf(app)) {
    for (const [name, handler] of handlersOf(controller)) {
      const access = accessOf(controller, handler);
      if (!access) silent.push(`${controller.name}.${name}`);
      else settle(controller, name, handler, access);
    }
  }
  if (silent.length > 0) throw new Error(`These routes say neither @RequireScope nor @Public: ${silent.join(', ')}`);
}

function settle(controller: Type, name: string, handler: object, access: Access): void {
  const where = [controller.prototype as object, name, { value: handler }] as const;
  RouteConfig({ access, ...bodyOf(handler) })(...where);
  ApiExtension(accessMark, access)(...where);
}

/** The access of a route: that of its method, else that of its class. */
function accessOf(controller: Type, handler: object): Access | undefined {
  return (Reflect.getMetadata(accessKey, handler) ?? Reflect.getMetadata(accessKey, controller)) as Access | undefined;
}

function controllersOf(app: INestApplication): Type[] {
  const modules = [...app.get(ModulesContainer).values()];
  return modules.flatMap((module) => [...module.controllers.values()].map((wrapper) => wrapper.metatype as Type));
}

function handlersOf(controller: Type): [string, object][] {
  const prototype = controller.prototype as Record<string, object>;
  return new MetadataScanner()
    .getAllMethodNames(prototype)
    .map((name): [string, object] => [name, prototype[name]!])
    .filter(([, handler]) => Reflect.hasMetadata('path', handler));
}

/** Checks the caller of every request before its body is read; `UNAVAILABLE` when the key is not found out within `lookUpMs`. A path that matches nothing is left to the 404. */
export function guard(fastify: FastifyInstance, keys: KeyFinder, lookUpMs?: number): void {
  const lookUp = new KeyLookUp(keys, lookUpMs);
  fastify.decorateRequest('actor', null);
  fastify.addHook('onRequest', (request, _reply, done) => {
    const access = request.routeOptions.config.access;
    if (access === 'public' || request.is404) return done();
    const token = bearerOf(request.headers.authorization);
    if (token === undefined) return done(new HouseError('KEY_MISSING'));
    lookUp.find(createHash('sha256').update(token).digest()).then((actor) => {
      if (!actor) return done(new HouseError('KEY_UNKNOWN'));
      // Fastify's own routes without a declared access (there are none) would need the highest scope.
      const wanted = access ?? 'admin';
      if (!allows(actor.scopes, wanted)) return done(new ScopeMissing(wanted));
      request.actor = actor;
      keys.touch(actor.id);
      done();
    }, done);
  });
}

function bearerOf(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(header)?.[1];
}

/** The key lacks a scope; says which. */
export class ScopeMissing extends HouseError {
  /** The scope that would do. */
  readonly scope: Scope;

  constructor(scope: Scope) {
    super('SCOPE_MISSING', { detail: `This call needs the scope \`${scope}\`.` });
    this.scope = scope;
  }
}
