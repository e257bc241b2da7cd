import { destination, pino, type Logger as PinoLogger } from 'pino';

/** Where facts are written. */
export type Logger = PinoLogger;

/**
 * Fields whose values never reach the log. Top-level only: looking deeper costs more than the rest of a line, and nothing
 * that holds secrets is logged as a whole.
 */
const redacted = ['authorization', 'password', 'secret', 'serverKey', 'apiKey', 'token', 'settings', 'headers'];

/**
 * What is told of an error: kind, words, code, stack, causes. Not whatever else a driver has hung on it: that of PostgreSQL
 * brings its whole connection along, with the key that cancels its queries, that of Redis the command with the password.
 */
function tellError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { type, message, stack } = pino.stdSerializers.err(error);
  const { code, severity, detail } = error as { code?: unknown; severity?: unknown; detail?: unknown };
  const plain = Object.entries({ code, severity, detail }).filter(([, value]) => typeof value === 'string');
  return { type, message, stack, ...Object.fromEntries(plain) };
}

/** Makes the logger of a process. `app` names it in every line. Lines go to standard output, errors with their causes. */
export function createLogger(app: string, level: string): Logger {
  return pino(
    {
      level,
      base: { app },
      redact: { paths: redacted, censor: '***' },
      timestamp: pino.stdTimeFunctions.isoTime,
      errorKey: 'error',
      serializers: { error: tellError },
    },
    destination({ fd: 1, sync: false }),
  );
}
