/**
 * The catalogue of everything the API may answer other than success. `docs/errors.md` is generated from it, and a house
 * test compares the two, so that no code goes undocumented.
 */
import { z } from 'zod';

interface CatalogueEntry {
  status: number;
  title: string;
  remedy: string;
}

/** Code → HTTP status, one sentence, and what the caller can do. */
export const errorCatalogue = {
  BODY_NOT_JSON: {
    status: 400,
    title: 'The body is not valid JSON.',
    remedy: 'Send UTF-8 JSON; the detail names the position of the fault.',
  },
  REQUEST_INVALID: {
    status: 400,
    title: 'The request does not fit its schema.',
    remedy: 'Correct the fields that `errors` points at.',
  },
  CURSOR_INVALID: {
    status: 400,
    title: 'The cursor was not made by this list.',
    remedy: 'Start again without `cursor`.',
  },
  KEY_MISSING: { status: 401, title: 'No API key was sent.', remedy: 'Send `Authorization: Bearer <key>`.' },
  KEY_UNKNOWN: {
    status: 401,
    title: 'The API key is unknown or was revoked.',
    remedy: 'Ask an administrator for a key.',
  },
  SCOPE_MISSING: {
    status: 403,
    title: 'The API key lacks the scope for this call.',
    remedy: 'Use a key with the scope that the detail names.',
  },
  NOT_FOUND: {
    status: 404,
    title: 'There is nothing under this name or id.',
    remedy: 'Check the path; lists show what exists.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'This path does not take this method.',
    remedy: 'See /docs for the methods of the path.',
  },
  SLUG_IN_USE: {
    status: 409,
    title: 'Others still refer to this.',
    remedy: 'Change the referrers that `errors` lists, then delete.',
  },
  NAME_TAKEN: {
    status: 409,
    title: 'The name is already taken.',
    remedy: 'Choose another name, or revoke the old one first.',
  },
  STATE_CONFLICT: {
    status: 409,
    title: 'The present state does not allow this.',
    remedy: 'The detail names the state and what it would take.',
  },
  PRECONDITION_FAILED: {
    status: 412,
    title: 'Somebody else changed this meanwhile.',
    remedy: 'Read it again, make your change to what stands there now, and send it with the ETag of that.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'The request body is too large.',
    remedy: 'Split the array into several requests.',
  },
  EVENT_TOO_LARGE: {
    status: 413,
    title: 'An event is too large.',
    remedy: 'Send a reference in `data` instead of the whole document.',
  },
  TOO_MANY_EVENTS: {
    status: 413,
    title: 'The array holds too many events.',
    remedy: 'Split the array into several requests.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    title: 'The content type is not one this call reads.',
    remedy: 'Send `application/json`, or a CloudEvents type for events.',
  },
  EVENT_TOO_DEEP: {
    status: 422,
    title: 'The data of an event is nested too deeply.',
    remedy: 'Flatten `data` to at most 32 levels.',
  },
  SPEC_VERSION_UNSUPPORTED: {
    status: 422,
    title: 'This CloudEvents version is not spoken here.',
    remedy: 'Send `specversion` 1.0.',
  },
  IDEMPOTENCY_KEY_CONFLICT: {
    status: 422,
    title: 'The idempotency key is ambiguous.',
    remedy: 'Send one key per event: the header for a single event, `idempotencyKey` in each item of an array.',
  },
  DEFINITION_INVALID: {
    status: 422,
    title: 'This definition could not work.',
    remedy: 'Correct the places that `errors` points at.',
  },
  RATE_LIMITED: {
    status: 429,
    title: 'Too many requests at once.',
    remedy: 'Wait the seconds given in `Retry-After`, then send the same request again.',
  },
  INTERNAL: {
    status: 500,
    title: 'Something broke on our side.',
    remedy: 'Tell the operators the `instance`; the log has the rest.',
  },
  UNAVAILABLE: {
    status: 503,
    title: 'A service that this call needs is away.',
    remedy: 'Try again after the seconds given in `Retry-After`.',
  },
} as const satisfies Record<string, CatalogueEntry>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof errorCatalogue;

/** One fault in a request: where it is, as a JSON pointer (RFC 6901) into the body, and what is wrong there. */
export const fault = z
  .strictObject({
    pointer: z
      .string()
      .meta({ description: 'JSON pointer into the body; for query and path the name of the parameter.' }),
    detail: z.string(),
  })
  .meta({ id: 'Fault', example: { pointer: '/0/type', detail: 'must be a string' } });

/** One fault in a request. */
export type Fault = z.infer<typeof fault>;

/** What every refusal answers, as `application/problem+json` (RFC 9457). */
export const problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string(),
    instance: z.string().meta({ description: 'Request id, also in the log.' }),
    errors: z.array(fault).optional(),
  })
  .meta({ id: 'Problem' });

/** What every refusal answers. */
export type Problem = z.infer<typeof problem>;

/** What a refusal may carry besides its code. */
export interface HouseErrorExtras {
  /** A sentence for this very case; the remedy of the catalogue follows it. */
  detail?: string;
  faults?: readonly Fault[];
  /** Seconds for the `Retry-After` header. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** A refusal that is the caller's to mend, or a service that is away. Anything else thrown is a bug of ours. */
export class HouseError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly detail: string;
  readonly faults: readonly Fault[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, extras: HouseErrorExtras = {}) {
    const entry = errorCatalogue[code];
    super(extras.detail ?? entry.title, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.name = 'HouseError';
    this.code = code;
    this.status = entry.status;
    this.detail = extras.detail ? `${extras.detail} ${entry.remedy}` : entry.remedy;
    this.faults = extras.faults ?? [];
    this.retryAfterSeconds = extras.retryAfterSeconds;
  }
}

/** Turns the path of a zod issue into a JSON pointer. */
export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((step) => '/' + String(step).replaceAll('~', '~0').replaceAll('/', '~1')).join('');
}

/** Turns zod issues into faults; an unknown key is reported at the key itself, with the prefix of where the value sits. */
export function faultsOf(issues: readonly z.core.$ZodIssue[], prefix = ''): Fault[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [{ pointer: prefix + toPointer(issue.path), detail: issue.message }];
    return issue.keys.map((key) => ({
      pointer: prefix + toPointer([...issue.path, key]),
      detail: 'is not a known field here',
    }));
  });
}
