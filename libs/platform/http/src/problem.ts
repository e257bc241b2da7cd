/** Every refusal, whoever threw it, as `application/problem+json` (RFC 9457) with a code of the catalogue. */
import { errorCatalogue, HouseError, limits, type ErrorCode, type Problem } from '#contract';
import type { Logger } from '#platform/log';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ScopeMissing } from './access.ts';
import { isAway } from './away.ts';
import { answerUnread } from './drain.ts';

/** Seconds after which a caller may try again when a service is away. */
const awaySeconds = 2;

/** Least time between two lines about services that are away, in milliseconds: an outage must not flood the log as well. */
const awayLineMs = 1000;

/** The content type of refusals. */
export const problemType = 'application/problem+json; charset=utf-8';

const byFastifyCode: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_CTP_INVALID_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'REQUEST_INVALID',
  FST_ERR_BAD_URL: 'REQUEST_INVALID',
  FST_ERR_MAX_PARAM_LENGTH: 'REQUEST_INVALID',
};

const byStatus: Record<number, ErrorCode> = {
  400: 'REQUEST_INVALID',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_INVALID',
  413: 'BODY_TOO_LARGE',
  414: 'REQUEST_INVALID',
  415: 'MEDIA_TYPE_UNSUPPORTED',
  429: 'RATE_LIMITED',
  503: 'UNAVAILABLE',
};

/** Finds the refusal that an error means; what is not known for a refusal is `INTERNAL`. */
export function toRefusal(error: unknown, bodyLimitBytes: number = limits.bodyBytes): HouseError {
  if (error instanceof HouseError) return error;
  const { code, statusCode, message } = (error ?? {}) as { code?: unknown; statusCode?: unknown; message?: string };
  const known = typeof code === 'string' ? byFastifyCode[code] : undefined;
  if (known === 'BODY_TOO_LARGE')
    return new HouseError(known, { detail: `The limit is ${bodyLimitBytes} bytes.`, cause: error });
  if (known === 'MEDIA_TYPE_UNSUPPORTED') return new HouseError(known, { cause: error });
  if (known) return new HouseError(known, { detail: `${message ?? known}.`.replace(/\.\.$/, '.'), cause: error });
  if (isAway(error)) return new HouseError('UNAVAILABLE', { retryAfterSeconds: awaySeconds, cause: error });
  const status = error instanceof HttpException ? error.getStatus() : statusCode;
  const byNumber = typeof status === 'number' ? byStatus[status] : undefined;
  if (byNumber) return new HouseError(byNumber, { cause: error });
  return new HouseError('INTERNAL', { cause: error });
}

/** Writes a refusal the way callers see it. */
export function toProblem(refusal: HouseError, instance: string): Problem {
  const { code, status, detail, faults } = refusal;
  const type = `urn:vestnik:error:${code}`;
  return {
    type,
    title: errorCatalogue[code].title,
    status,
    code,
    detail,
    instance,
    ...(faults.length > 0 ? { errors: [...faults] } : {}),
  };
}

/** Answers requests that failed, and writes to the log what the operators must know. */
export class Refuser {
  readonly #log: Logger;
  #awaySaidMs = -Infinity;
  /** Refusals of the same kind since then. */
  #unsaid = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Answers with the problem that the error means. When the answer is already under way, only the log hears of it. */
  refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const refusal = toRefusal(error, request.routeOptions?.bodyLimit);
    this.#note(refusal, request);
    if (reply.sent || reply.raw.headersSent) return;
    for (const [name, value] of headersFor(refusal)) reply.header(name, value);
    reply.status(refusal.status).header('content-type', problemType).header('x-request-id', request.id);
    answerUnread(request, reply, () => void reply.send(JSON.stringify(toProblem(refusal, request.id))));
  }

  #note(refusal: HouseError, request: FastifyRequest): void {
    const { method, id: requestId } = request;
    const fields = { requestId, method, route: request.routeOptions?.url, code: refusal.code };
    if (refusal.code === 'INTERNAL') this.#log.error({ ...fields, error: refusal.cause ?? refusal }, 'request.failed');
    else if (refusal.status >= 500) this.#noteAway({ ...fields, error: refusal.cause ?? refusal });
    else this.#log.debug(fields, 'request.refused');
  }

  #noteAway(fields: object): void {
    const nowMs = performance.now();
    if (nowMs - this.#awaySaidMs < awayLineMs) {
      this.#unsaid += 1;
      return;
    }
    this.#log.warn({ ...fields, alsoRefused: this.#unsaid }, 'request.unavailable');
    this.#awaySaidMs = nowMs;
    this.#unsaid = 0;
  }
}

function headersFor(refusal: HouseError): [string, string][] {
  const headers: [string, string][] = [];
  if (refusal.code === 'KEY_MISSING') headers.push(['www-authenticate', 'Bearer realm="vestnik"']);
  if (refusal.code === 'KEY_UNKNOWN')
    headers.push(['www-authenticate', 'Bearer realm="vestnik", error="invalid_token"']);
  if (refusal instanceof ScopeMissing) {
    headers.push(['www-authenticate', `Bearer realm="vestnik", error="insufficient_scope", scope="${refusal.scope}"`]);
  }
  if (refusal.retryAfterSeconds !== undefined)
    headers.push(['retry-after', String(Math.ceil(refusal.retryAfterSeconds))]);
  return headers;
}

/** Sends what handlers throw down the same path as what Fastify throws. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #refuser: Refuser;

  constructor(refuser: Refuser) {
    this.#refuser = refuser;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.#refuser.refuse(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}
