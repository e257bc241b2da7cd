/** Conditions of a change, as HTTP says them: `If-Match`, `If-None-Match`, and the tags that answers carry (RFC 9110, 8.8.3 and 13.1). */
import { comment, HouseError } from '#contract';
import { actorOf } from '#platform/http';
import type { Editor, Precondition, Tags } from '#platform/store';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

/** What the API text says of both headers, where a change may be made on a condition. */
export const conditionHeaders = {
  'If-Match': 'The `ETag` of what you have read. The change is refused with 412 when something else stands there now.',
  'If-None-Match': '`*`: only create, never replace.',
};

/** Said of every change that takes a condition. */
export const conditionText =
  'With `If-Match` nobody overwrites what they have not seen; without it the last write wins, and that is then your choice.';

/** The query of a change of the live book. */
export const commentQuery = z.strictObject({ comment: comment.optional() });

/** The query of a change of the live book. */
export type CommentQuery = z.output<typeof commentQuery>;

/** Who asks for a change, and on what condition. */
export const EditorOf = createParamDecorator((_data: unknown, context: ExecutionContext): Editor => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return { author: actorOf(request).name, precondition: readPrecondition(request.headers) };
});

/** Reads the condition that a request makes. Throws REQUEST_INVALID for headers that are not tags. */
export function readPrecondition(headers: Record<string, string | string[] | undefined>): Precondition {
  return { ifMatch: tagsIn(headers, 'If-Match'), ifNoneMatch: tagsIn(headers, 'If-None-Match') };
}

const oneTag = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/;

function tagsIn(headers: Record<string, string | string[] | undefined>, name: string): Tags | undefined {
  const given = headers[name.toLowerCase()];
  if (given === undefined) return undefined;
  const text = (Array.isArray(given) ? given.join(',') : given).trim();
  if (text === '*') return '*';
  return text.split(',').flatMap((part) => {
    const found = oneTag.exec(part.trim());
    if (!found) throw notATag(name);
    // Ours are strong, and only strong tags say that it is the same to the byte: a weak one never matches.
    return found[1] === undefined ? [found[2]!] : [];
  });
}

function notATag(name: string): HouseError {
  const detail = 'must be `*`, or entity tags in double quotes, as `ETag` shows them: "41"';
  return new HouseError('REQUEST_INVALID', { faults: [{ pointer: name, detail }] });
}

/** Lets the answer carry the tag of what it shows. */
export function tagged(reply: FastifyReply, tag: string | number | bigint): void {
  reply.header('etag', `"${tag}"`);
}
