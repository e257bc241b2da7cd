/** The hot path: batched SQL of the three hops. */
export * from './accept.ts';
export * from './facts.ts';
export { EventCache } from './event-cache.ts';
export * from './route.ts';
export * from './claim.ts';
export * from './settle.ts';
export * from './line.ts';
export * from './held.ts';
export * from './sweep.ts';
export * from './partitions.ts';
