/** The life of a delivery: which states follow which, how long to wait, and what an outcome leads to. Pure. */
export * from './transitions.ts';
export * from './backoff.ts';
export * from './decide.ts';
export * from './health.ts';
