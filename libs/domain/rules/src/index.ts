/** The rules engine: event patterns and CEL expressions, compiled to an index, with reasons. Pure. */
export { matchBounds, patternBounds, whenBounds } from './bounds.ts';
export { checkPattern, topFields, type PatternOptions } from './pattern.ts';
export { checkWhen } from './when.ts';
export { checkMembers, checkRule, checkSteps, type RuleReferences } from './check-rule.ts';
export { hasLiquid, readMember, readTarget, type Member, type Target } from './target.ts';
export { compileRules, inlineSlug, type RuleChange, type RuleSet } from './rule-set.ts';
export type { MatchedRule, RuleCondition, WhenFailure } from './live-rules.ts';
