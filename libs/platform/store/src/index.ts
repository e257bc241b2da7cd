/** PostgreSQL is the truth: repositories for what people edit, batched SQL for what flows. The only importer of pg and Prisma. */
export * from './database.ts';
export * from './migrate.ts';
export * from './flow/index.ts';
export * from './batcher.ts';
export * from './bisect.ts';
export * from './new-id.ts';
export * from './listener.ts';
export * from './book-watcher.ts';
export * from './circuits.ts';
export * from './management/index.ts';
export * from './reading/index.ts';

/** Injection token of the process's `Database`. */
export const DATABASE = Symbol('DATABASE');

/** Injection token of the process's `Sealer`. */
export const SEALER = Symbol('SEALER');
