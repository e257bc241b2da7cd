/**
 * The same rules in the engines that people would otherwise take. Plain values, lists and single comparisons become their own
 * operators; what they lack (prefixes, anything-but of a prefix, fields of one list element) becomes a custom operator, which both
 * allow. Paths are resolved by a plain function instead of JSONPath, which is faster for both.
 */
import { Engine } from 'json-rules-engine';
import { fitsList, fitsPlainly } from './rules-naive.ts';
import type { Json, MixEvent } from './rules-mix.ts';

/** An engine with its rules: answers how many of them match an event. */
export interface Contender {
  name: string;
  matches(event: MixEvent): number | Promise<number>;
}

type Rules = readonly (readonly [slug: string, rule: { match: { [key: string]: Json } }])[];
type Condition =
  { all: Condition[] } | { any: Condition[] } | { fact: string; path?: string; operator: string; value: Json };

const operators: Record<string, (fact: Json | undefined, value: Json) => boolean> = {
  list: (fact, value) => fitsList(value as Json[], fact),
  element: (fact, value) => fitsPlainly(value as { [key: string]: Json }, fact as unknown as MixEvent),
};

function conditionsOf(node: { [key: string]: Json }, fact: string | undefined, path: string): Condition {
  const all = Object.entries(node).map(([name, wanted]): Condition => {
    if (name === '$or')
      return { any: (wanted as { [key: string]: Json }[]).map((branch) => conditionsOf(branch, fact, path)) };
    const at = fact === undefined ? { fact: name } : { fact, path: `${path}.${name}` };
    if (Array.isArray(wanted)) return { ...at, ...operatorOf(wanted, name) };
    if (name === 'items') return { ...at, operator: 'element', value: wanted };
    return conditionsOf(wanted as { [key: string]: Json }, fact ?? name, fact === undefined ? '$' : `${path}.${name}`);
  });
  return { all };
}

const comparisons: Record<string, string> = {
  '<': 'lessThan',
  '<=': 'lessThanInclusive',
  '>': 'greaterThan',
  '>=': 'greaterThanInclusive',
};

function operatorOf(wanted: Json[], name: string): { operator: string; value: Json } {
  const [only] = wanted;
  if (name === 'tags') return { operator: 'contains', value: only as Json };
  if (wanted.every((one) => one === null || typeof one !== 'object'))
    return wanted.length === 1 ? { operator: 'equal', value: only as Json } : { operator: 'in', value: wanted };
  const numeric = (only as { numeric?: [string, number] }).numeric;
  if (numeric?.length === 2) return { operator: comparisons[numeric[0]] as string, value: numeric[1] };
  return { operator: 'list', value: wanted };
}

function resolve(value: unknown, path: string): unknown {
  let at = value;
  for (const name of path.slice(2).split('.')) {
    if (at === null || typeof at !== 'object') return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** json-rules-engine with the rules. */
export function jsonRulesEngine(rules: Rules): Contender {
  const options = { allowUndefinedFacts: true, pathResolver: resolve as (value: object, path: string) => unknown };
  const engine = new Engine([], options);
  for (const [name, judge] of Object.entries(operators)) engine.addOperator(name, judge as never);
  for (const [slug, { match }] of rules)
    engine.addRule({ conditions: conditionsOf(match, undefined, '') as never, event: { type: slug } });
  return {
    name: 'json-rules-engine',
    matches: async (event) => (await engine.run(event as unknown as Record<string, unknown>)).events.length,
  };
}

interface FastEngine {
  compile(rules: readonly object[], options: object): { run(facts: object): { events: readonly unknown[] } };
}

/** fast-json-rules-engine with the rules, where it is installed: it is no dependency, see docs/benchmarks.md. */
export async function fastJsonRulesEngine(rules: Rules): Promise<Contender | undefined> {
  const name = 'fast-json-rules-engine';
  const found = await (import(name) as Promise<FastEngine>).catch(() => undefined);
  if (!found) return undefined;
  const written = rules.map(([slug, { match }]) => ({
    conditions: conditionsOf(match, undefined, ''),
    event: { type: slug },
  }));
  const engine = found.compile(written, { allowUndefinedFacts: true, operators, pathResolver: resolve });
  return { name, matches: (event) => engine.run(event).events.length };
}
