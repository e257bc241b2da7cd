/** Logging: one JSON line per fact, a constant dotted event name as message, data in fields, secrets left out. */
export * from './logger.ts';
export * from './nest-logger.ts';
export * from './ignore.ts';

/** Injection token of the process's logger. */
export const LOG = Symbol('LOG');
