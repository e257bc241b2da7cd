/** The doorbells: BullMQ on Redis or on PostgreSQL. Jobs carry ids only; nothing here cannot be rebuilt from the store. */
export * from './queues.ts';

/** Injection token of the process's `Queues`. */
export const QUEUES = Symbol('QUEUES');
