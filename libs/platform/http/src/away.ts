/** Tells a service that is away (try again) from a bug of ours (do not). */

/**
 * Codes of sockets, of PostgreSQL (classes 08 and 53, 57014 of a statement that took too long, 57P01 to 57P03:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html) and of Prisma (https://www.prisma.io/docs/orm/reference/error-reference).
 */
const awayCodes =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|08\w{3}|53\w{3}|57014|57P0[123]|P1001|P1002|P1008|P1017|P2024|P2037)$/;

/** What `pg` says where it gives no code. */
const awayWords =
  /Query read timeout|timeout exceeded when trying to connect|Connection terminated|connection error and is not queryable|Connection is closed/;

/** Whether an error, or one of its causes, says that the database or the queue is away. */
export function isAway(error: unknown): boolean {
  let present: unknown = error;
  for (let depth = 0; depth < 6 && typeof present === 'object' && present !== null; depth += 1) {
    const { code, originalCode, message, cause, errors } = present as Record<string, unknown>;
    if ([code, originalCode].some((word) => typeof word === 'string' && awayCodes.test(word))) return true;
    if (typeof message === 'string' && awayWords.test(message)) return true;
    if (Array.isArray(errors) && errors.some((inner) => inner !== error && isAway(inner))) return true;
    present = cause;
  }
  return false;
}
