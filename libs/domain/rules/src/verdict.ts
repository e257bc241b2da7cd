/** Says of one rule whether it matches an event, and what keeps it from matching. May take its time, unlike matching. */
import type { EventFacts, JsonValue, NearMiss, RuleVerdict } from '#contract';
import { matchBounds } from './bounds.ts';
import type { Patience } from './consistency.ts';
import type { Fields } from './fields.ts';
import { fits, holding, type PlacedCondition } from './judge.ts';
import { outOfPatience, type LiveCombination, type LiveRule, type RuleCondition } from './live-rules.ts';
import { askWhen } from './when.ts';

/** Most values that a verdict quotes for one field. */
const quotedValues = 20;

/** Says whether a rule matches the event whose values are in `fields`, and why not. */
export function verdictOf(rule: LiveRule<RuleCondition>, event: EventFacts, fields: Fields): RuleVerdict {
  const { matched, faults, when } = rule.read;
  const no = { rule: matched.slug, matched: false };
  if (faults.length > 0) {
    const texts = faults.map((fault) => `${fault.pointer} ${fault.detail}`).join('; ');
    return { ...no, failures: [], reason: `The rule cannot work and is left out: ${texts}.` };
  }
  const disabled = matched.rule.enabled === false ? 'The rule is disabled.' : undefined;
  const near = nearest(rule.combinations, fields);
  if (near) {
    const reason = disabled ?? near.reason;
    return { ...no, failures: near.failures, ...(reason === undefined ? {} : { reason }) };
  }
  if (disabled) return { ...no, failures: [], reason: `${disabled} Its pattern would match.` };
  const answer = when ? askWhen(when, event) : { holds: true };
  if ('error' in answer) return { ...no, failures: [], reason: `when could not be evaluated: ${answer.error}.` };
  if (!answer.holds) return { ...no, failures: [], reason: `when is false: ${matched.rule.when}` };
  return { rule: matched.slug, matched: true, failures: [] };
}

interface Nearness {
  failures: NearMiss[];
  reason?: string;
}

/** Answers what keeps the closest combination from fitting; `undefined` when one fits. */
function nearest(combinations: readonly LiveCombination<RuleCondition>[], fields: Fields): Nearness | undefined {
  const patience: Patience = { steps: matchBounds.steps };
  let closest: readonly PlacedCondition[] = [];
  let fewest = Infinity;
  let alone = false;
  for (const { conditions } of combinations) {
    if (fits(conditions, fields, patience)) return undefined;
    if (patience.steps < 0) return { failures: [], reason: `${outOfPatience}.` };
    const failing = conditions.filter((placed) => holding(placed, fields) === 'no');
    const missing = failing.length > 0 ? failing : unsettled(conditions, fields);
    if (missing.length >= fewest) continue;
    [closest, fewest, alone] = [missing, missing.length, failing.length > 0];
  }
  const failures = missesOf(closest, fields);
  if (alone) return { failures };
  return { failures, reason: 'Each of these fields fits, but not within one and the same element of the list.' };
}

/** The conditions that depend on the elements that other conditions choose. */
function unsettled(conditions: readonly PlacedCondition[], fields: Fields): PlacedCondition[] {
  return conditions.filter((placed) => holding(placed, fields) !== 'yes');
}

function missesOf(conditions: readonly PlacedCondition[], fields: Fields): NearMiss[] {
  return conditions.map((placed) => nearMiss(placed, fields));
}

function nearMiss({ condition, pathId }: PlacedCondition, fields: Fields): NearMiss {
  const values: JsonValue[] = fields.at(pathId).map((leaf) => leaf.value);
  const miss = { path: condition.path, expected: condition.expected };
  if (values.length === 0) return miss;
  return { ...miss, actual: values.length === 1 ? (values[0] as JsonValue) : values.slice(0, quotedValues) };
}
