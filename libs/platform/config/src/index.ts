/** Configuration: the environment is read once, validated, and all faults are listed at once. */
export * from './secret.ts';
export * from './redis-url.ts';
export * from './slices.ts';
export * from './load.ts';
