import { destination, pino, type Logger as PinoLogger } from 'pino';

/** Where facts are written. */
export type Logger = PinoLogger;

/**
 * Fields whose values never reach the log. Top-level only: looking deeper costs more than the rest of a line, and nothing
 * that holds secrets is logged as a whole.
 */
const redacted = ['authorization', 'password', 'secret', 'serverKey', 'apiKey', 'token', 'settings', 'headers'];

/** Makes the logger of a process. `app` names it in every line. Lines go to standard output, errors with their causes. */
export function createLogger(app: string, level: string): Logger {
  return pino(
    {
      level,
      base: { app },
      redact: { paths: redacted, censor: '***' },
      timestamp: pino.stdTimeFunctions.isoTime,
      errorKey: 'error',
    },
    destination({ fd: 1, sync: false }),
  );
}
