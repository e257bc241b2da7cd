/**
 * The nouns of Vestnik and everything that crosses an edge, each as one zod schema: the type, the validation and the
 * OpenAPI component come from the same place.
 */
export * from './errors.ts';
export * from './ids.ts';
export * from './limits.ts';
export * from './event.ts';
export * from './outcome.ts';
export * from './delivery.ts';
export * from './rule.ts';
export * from './people.ts';
export * from './backend.ts';
export * from './template.ts';
export * from './access.ts';
export * from './inbox.ts';
export * from './jobs.ts';
export * from './page.ts';
export * from './stories.ts';
