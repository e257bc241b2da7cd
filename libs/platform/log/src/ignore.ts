import type { Logger } from './logger.ts';

/** Swallows an error on purpose: it is written at warn with the reason why that is right. */
export function ignore(log: Logger, error: unknown, why: string): void {
  log.warn({ error, why }, 'error.ignored');
}
