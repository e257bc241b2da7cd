/** Reads JSON bodies: strict UTF-8, faults with their position, no keys that could reach a prototype. */
import { HouseError } from '#contract';
import type { FastifyInstance } from 'fastify';
import { isUtf8 } from 'node:buffer';
import { askDoorkeeper } from './flood.ts';
import { findJsonFault } from './json-fault.ts';

/** `application/json` and everything that is JSON by its suffix (RFC 6839), such as `application/cloudevents+json`. */
const jsonTypes = /^application\/(?:[\w.!#$&^-]+\+)?json(?:\s*;|$)/i;

declare module 'fastify' {
  interface FastifyRequest {
    /** The JSON body as it was sent, for those who must keep it to the byte. */
    jsonText: string | null;
  }
}

/** Makes Fastify read JSON bodies through `parseJsonBody`; an empty body is `undefined`, whatever type it claims. */
export function readJsonBodies(fastify: FastifyInstance): void {
  fastify.decorateRequest('jsonText', null);
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(jsonTypes, { parseAs: 'buffer' }, (request, body, done) => {
    try {
      // Much may have come in since this body began; what would be refused need not be parsed first.
      const refusal = askDoorkeeper(request);
      if (refusal) throw refusal;
      const text = decode(body as Buffer);
      request.jsonText = text;
      done(null, text === '' ? undefined : parseJsonBody(text));
    } catch (error) {
      done(error as Error);
    }
  });
}

function decode(body: Buffer): string {
  if (!isUtf8(body)) throw new HouseError('BODY_NOT_JSON', { detail: 'The body is not UTF-8.' });
  const text = body.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** Parses JSON. Throws `BODY_NOT_JSON` with the position of the fault, `REQUEST_INVALID` for a key `__proto__`. */
export function parseJsonBody(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const fault = findJsonFault(text);
    throw new HouseError('BODY_NOT_JSON', { detail: fault ?? (cause as Error).message, cause });
  }
  // The key may hide behind escapes, so any escaped letter is reason enough to look.
  if (/__proto__|\\u00/.test(text)) refuseProto(value);
  return value;
}

function refuseProto(value: unknown): void {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node !== 'object' || node === null) continue;
    if (Object.hasOwn(node, '__proto__')) {
      throw new HouseError('REQUEST_INVALID', { detail: 'The key `__proto__` is not accepted in any object.' });
    }
    for (const child of Object.values(node)) open.push(child);
  }
}
