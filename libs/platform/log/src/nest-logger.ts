import type { LoggerService } from '@nestjs/common';
import type { Logger } from './logger.ts';

/** Lets Nest write into our log: its chatter at debug, its warnings and errors as they are. */
export class NestLogger implements LoggerService {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  log(message: unknown, ...context: unknown[]): void {
    this.#log.debug({ message, context }, 'nest.log');
  }

  warn(message: unknown, ...context: unknown[]): void {
    this.#log.warn({ message, context }, 'nest.warn');
  }

  error(message: unknown, ...context: unknown[]): void {
    const error = [message, ...context].find((part) => part instanceof Error);
    this.#log.error({ error, message: error === message ? undefined : message, context }, 'nest.error');
  }

  debug(message: unknown, ...context: unknown[]): void {
    this.log(message, ...context);
  }

  verbose(message: unknown, ...context: unknown[]): void {
    this.log(message, ...context);
  }
}
