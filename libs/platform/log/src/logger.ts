import { destination, pino, type Logger as PinoLogger } from 'pino';

/** Where facts are written. */
export type Logger = PinoLogger;

/** Keys whose values never reach the log, wherever they stand within three levels. */
const hidden = ['authorization', 'password', 'secret', 'serverKey', 'apiKey', 'token', 'SECRET_KEY', 'ADMIN_API_KEY'];
const redacted = hidden.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

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
