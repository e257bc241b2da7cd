/** Whether a rule does what its examples say. */
import type { NearMiss, Rule, RuleVerdict } from '#contract';
import { factsOfPasted } from '#domain/routing';
import { compileRules, type RuleCondition } from '#domain/rules';

/** What became of one example. */
export interface ExampleVerdict {
  kind: 'mustMatch' | 'mustNotMatch';
  index: number;
  title?: string | undefined;
  passed: boolean;
  /** JSON pointer into the rule. */
  pointer: string;
  why: string;
}

/** An example without a time is always judged as of this moment: what is green today must not be red tomorrow. */
const defaults = { id: 'example', source: 'example', time: '2026-01-01T00:00:00Z' };

/** Judges every example of a rule, whether it is enabled or not. */
export function judgeExamples(rule: Pick<Rule, 'match' | 'when' | 'examples'>): ExampleVerdict[] {
  const { mustMatch = [], mustNotMatch = [] } = rule.examples ?? {};
  if (mustMatch.length + mustNotMatch.length === 0) return [];
  const condition: RuleCondition = { match: rule.match, ...(rule.when === undefined ? {} : { when: rule.when }) };
  const compiled = compileRules([['rule', condition]]);
  return Object.entries({ mustMatch, mustNotMatch } as const).flatMap(([kind, examples]) =>
    examples.map(({ title, event }, index): ExampleVerdict => {
      const verdict = compiled.explainOne('rule', factsOfPasted(event, defaults))!;
      return {
        kind: kind as ExampleVerdict['kind'],
        index,
        ...(title === undefined ? {} : { title }),
        passed: verdict.matched === (kind === 'mustMatch'),
        pointer: `/examples/${kind}/${index}`,
        why: verdict.matched ? 'matches' : `does not match: ${whyNot(verdict)}`,
      };
    }),
  );
}

/** The examples that say otherwise than their rule does. */
export function redExamples(rule: Pick<Rule, 'match' | 'when' | 'examples'>): ExampleVerdict[] {
  return judgeExamples(rule)
    .filter(({ passed }) => !passed)
    .map((verdict) => ({ ...verdict, why: verdict.kind === 'mustMatch' ? verdict.why : 'matches, and must not' }));
}

function whyNot({ failures, reason }: RuleVerdict): string {
  return [...failures.map(missed), ...(reason === undefined ? [] : [reason])].join('; ');
}

function missed({ path, expected, actual }: NearMiss): string {
  const found = actual === undefined ? 'is absent' : `is ${JSON.stringify(actual)}`;
  return `\`${path}\` ${found}, expected ${JSON.stringify(expected)}`;
}
