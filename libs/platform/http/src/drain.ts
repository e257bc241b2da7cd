/**
 * Lets a caller hear a refusal that comes before its body was read. Closing the connection under a caller that is still
 * writing makes the network drop the answer with it (RFC 9112, 9.6), so the rest of the body is read and thrown away first.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';

/** Longest body that is read only to be thrown away, in bytes; whoever sends more is cut off. */
export const mostDrainedBytes = 256 * 1024 * 1024;

/** Longest time that throwing away may take, in milliseconds, so that a slow caller cannot keep a process from stopping. */
const longestDrainMs = 60_000;

/**
 * Prepares an early answer and calls `answer` when it is safe to send. On a connection that stays open that is at once: the
 * rest of the body is thrown away behind the answer. Where the caller wants it closed, the answer waits until the body is in.
 */
export function answerUnread(request: FastifyRequest, reply: FastifyReply, answer: () => void): void {
  const { raw } = request;
  if (raw.complete || raw.destroyed) return answer();
  if (Number(raw.headers['content-length']) > mostDrainedBytes) {
    reply.header('connection', 'close');
    return answer();
  }
  // Fastify sets it on every fault of a body, although one that is read to its end harms nobody.
  reply.removeHeader('connection');
  if (reply.raw.shouldKeepAlive) answer();
  else whenOver(raw, answer);
  throwAway(raw);
}

/** Calls `next` once: after the last byte, or when the caller is gone. */
function whenOver(raw: IncomingMessage, next: () => void): void {
  let over = false;
  const once = (): void => {
    if (!over) next();
    over = true;
  };
  raw.once('end', once);
  raw.once('close', once);
}

/** Reads and forgets; the connection is cut when it gets too much or takes too long. */
function throwAway(raw: IncomingMessage): void {
  // Whoever was reading has lost interest, and must not slow down the rest.
  raw.unpipe();
  let left = mostDrainedBytes;
  const cut = (): void => void raw.socket.destroy();
  const timer = setTimeout(cut, longestDrainMs);
  timer.unref();
  raw.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  // A caller that leaves in the middle is an error of the stream; nobody else listens for it here.
  raw.on('error', cut);
  whenOver(raw, () => clearTimeout(timer));
  raw.resume();
}
