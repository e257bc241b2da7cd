/** Why an exchange with the outside brought nothing, in words of our own. */

/** Why nothing came back. */
export interface NetworkFailure {
  kind: 'refused' | 'reset' | 'timeout' | 'dns' | 'tls' | 'unreachable' | 'forbidden' | 'tooLarge' | 'protocol';
  detail: string;
}

/** The time for the attempt was up. */
export const timeUp: NetworkFailure = { kind: 'timeout', detail: 'no answer in time' };

const kindByCode: Record<string, NetworkFailure['kind']> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EPROTO: 'tls',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  FORBIDDEN_TARGET: 'forbidden',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'tooLarge',
};

/** Names what went wrong on a connection; unknown faults are `protocol`. Never throws. */
export function describeFailure(error: unknown): NetworkFailure {
  const { name, code, message, cause } = (error ?? {}) as {
    name?: string;
    code?: string;
    message?: string;
    cause?: unknown;
  };
  if (name === 'TimeoutError' || name === 'AbortError') return timeUp;
  if (error instanceof AggregateError && error.errors.length > 0) return describeFailure(error.errors[0]);
  const kind = code === undefined ? undefined : (kindByCode[code] ?? (isTlsCode(code) ? 'tls' : undefined));
  if (kind) return { kind, detail: message || code || kind };
  if (cause) return describeFailure(cause);
  return { kind: 'protocol', detail: message ?? String(error) };
}

function isTlsCode(code: string): boolean {
  return /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_/.test(code);
}
