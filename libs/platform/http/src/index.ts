/** The HTTP side of the house: one application factory, problems, validation, access, health, metrics, the API document. */
export * from './access.ts';
export * from './app.ts';
export * from './away.ts';
export { TakesBody, type BodyWish } from './body.ts';
export type { Doorkeeper } from './flood.ts';
export * from './health/health.module.ts';
export * from './json-body.ts';
export * from './keys.ts';
export * from './openapi/build.ts';
export * from './openapi/describe-modules.ts';
export * from './openapi/describe.ts';
export * from './openapi/docs.ts';
export * from './openapi/section.ts';
export * from './platform-module.ts';
export * from './problem.ts';
export * from './serve.ts';
export * from './validation.ts';
