/** The rules engine: event patterns and CEL expressions, compiled to an index, with reasons. Pure. */
export { patternBounds, whenBounds } from './bounds.ts';
export { checkPattern, topFields, type PatternOptions } from './pattern.ts';
export { checkWhen } from './when.ts';
export { checkRule, type RuleReferences } from './check-rule.ts';
export { hasLiquid, readTarget, type Target } from './target.ts';
export {
  compileRules,
  inlineSlug,
  type MatchedRule,
  type RuleCondition,
  type RuleSet,
  type WhenFailure,
} from './rule-set.ts';
