/** PostgreSQL is the truth: repositories for what people edit, batched SQL for what flows. The only importer of pg and Prisma. */
export * from './database.ts';

/** Injection token of the process's `Database`. */
export const DATABASE = Symbol('DATABASE');
