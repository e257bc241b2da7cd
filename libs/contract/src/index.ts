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
export * from './explain.ts';
export * from './rule-trouble.ts';
export * from './people.ts';
export * from './hours.ts';
export * from './schedule.ts';
export * from './on-call.ts';
export * from './backend.ts';
export * from './template.ts';
export * from './access.ts';
export * from './inbox.ts';
export * from './jobs.ts';
export * from './page.ts';
export * from './stories.ts';
export * from './revision.ts';
export * from './draft.ts';
export * from './backtest.ts';
export * from './rule-book.ts';
export * from './trail.ts';
export * from './follow.ts';
