/** What an adapter is: a manifest (data), a send function, and the few tools that every adapter may use. */
export * from './adapter.ts';
export * from './presence.ts';
export * from './manifest.ts';
export * from './outcomes.ts';
export * from './network.ts';
export type { HttpAnswer, HttpRequest } from './exchange.ts';
export { describeFailure, type NetworkFailure } from './failures.ts';
export * from './targets.ts';
export * from './mask.ts';
export * from './fields.ts';
