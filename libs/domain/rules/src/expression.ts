/**
 * CEL expressions through `@marcbachmann/cel-js`: parsed and type-checked when the rule is saved, with bounds on what
 * they may cost. JSON has one kind of number and CEL has two, so arithmetic between the two is taught to the library;
 * comparisons between them it knows already.
 */
import { Environment, type ASTNode } from '@marcbachmann/cel-js';
import type { JsonValue } from '#contract';
import { boundedMatches, regexRefusal } from './bounded-regex.ts';
import { whenBounds } from './bounds.ts';

/** A variable named `type` would hide CEL's own function, and `matches` of the library has no bound: both are renamed. */
const renamed = { type: 'event_type', matches: 'bounded_matches' } as const;

const loops = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** The variables that an expression sees, under the names that the library knows them by. */
export interface WhenVariables {
  event_type: string;
  source: string;
  subject: string | null;
  time: string;
  correlationKey: string | null;
  extensions: Record<string, JsonValue>;
  data: JsonValue;
}

/** What an expression says of an event: yes or no, or why it could not say. */
export type WhenAnswer = { holds: boolean } | { error: string };

/** An expression that passed all checks. */
export interface Expression {
  ask(variables: WhenVariables): WhenAnswer;
}

const arithmetic: Record<string, (left: number, right: number) => number> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
};

function makeEnvironment(): Environment {
  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: whenBounds.nodes, maxDepth: whenBounds.depth },
  });
  for (const name of ['event_type', 'source', 'time']) environment.registerVariable(name, 'string');
  for (const name of ['subject', 'correlationKey', 'extensions', 'data']) environment.registerVariable(name, 'dyn');
  for (const [operator, compute] of Object.entries(arithmetic)) {
    const mixed = (left: unknown, right: unknown): number => compute(Number(left), Number(right));
    environment.registerOperator(`int ${operator} double: double`, mixed);
    environment.registerOperator(`double ${operator} int: double`, mixed);
  }
  environment.registerOperator('double % double: double', arithmetic['%'] as (left: unknown, right: unknown) => number);
  environment.registerOperator('int == double: bool', (left: unknown, right: unknown) => Number(left) === right);
  environment.registerFunction(`string.${renamed.matches}(string): bool`, boundedMatches);
  return environment;
}

const environment = makeEnvironment();

/** What a walk over a parsed expression finds out. */
interface Survey {
  nodes: number;
  loops: number;
  loopDepth: number;
  additions: number;
  splits: boolean;
  /** Places where a name is replaced: start, length, new name. */
  renames: [start: number, length: number, name: string][];
  refusal?: string;
}

function survey(node: ASTNode, found: Survey, depth: number, source: string): void {
  found.nodes += 1;
  let below = depth;
  if (node.op === '+') found.additions += 1;
  if (node.op === 'id' && node.args === 'type') found.renames.push([node.range.start, 4, renamed.type]);
  if (node.op === 'rcall') {
    const [name, receiver, args] = node.args;
    if (name === 'matches') surveyMatches(source.indexOf('matches', receiver.range.end), args, found);
    if (name === 'split') found.splits = true;
    if (loops.has(name)) below += 1;
    if (loops.has(name) || name === 'bind') found.loops += 1;
  }
  found.loopDepth = Math.max(found.loopDepth, below);
  for (const child of childrenOf(node)) survey(child, found, below, source);
}

function surveyMatches(start: number, args: readonly ASTNode[], found: Survey): void {
  found.renames.push([start, 'matches'.length, renamed.matches]);
  const pattern = args[0];
  if (pattern?.op !== 'value' || typeof pattern.args !== 'string') {
    found.refusal ??=
      'gives matches something other than a quoted regular expression; write it out, so that it can be checked';
    return;
  }
  const refusal = regexRefusal(pattern.args);
  if (refusal) found.refusal ??= `has a regular expression that ${refusal}`;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value;
}

function childrenOf(node: ASTNode): ASTNode[] {
  const flat: unknown[] = Array.isArray(node.args) ? (node.args as unknown[]).flat(2) : [node.args];
  return flat.filter(isNode);
}

function rename(source: string, renames: Survey['renames']): string {
  let text = source;
  for (const [start, length, name] of [...renames].sort((one, other) => other[0] - one[0])) {
    text = text.slice(0, start) + name + text.slice(start + length);
  }
  return text;
}

function boundRefusal(found: Survey): string | undefined {
  if (found.refusal) return found.refusal;
  if (found.loops > whenBounds.loops) return `has more than ${whenBounds.loops} loops; split the rule`;
  if (found.loopDepth > whenBounds.loopDepth)
    return `has loops nested deeper than ${whenBounds.loopDepth}; split the rule`;
  return undefined;
}

/** The library's own words, with our names for things, without the drawing of the source. */
function wordsOf(error: unknown): string {
  const words = error instanceof Error ? ((error as { summary?: string }).summary ?? error.message) : String(error);
  const firstLine = words.split('\n')[0] as string;
  return firstLine.replaceAll(renamed.type, 'type').replaceAll(renamed.matches, 'matches');
}

/** Reads an expression; answers a sentence of refusal when it cannot be used. */
export function readExpression(source: string): Expression | string {
  try {
    const found: Survey = { nodes: 0, loops: 0, loopDepth: 0, additions: 0, splits: false, renames: [] };
    survey(environment.parse(source).ast, found, 0, source);
    const refusal = boundRefusal(found);
    if (refusal) return refusal;
    const parsed = environment.parse(rename(source, found.renames));
    const check = parsed.check();
    if (!check.valid)
      return `is not a valid expression: ${wordsOf(check.error)}; see the variables and functions in the manual`;
    if (check.type !== 'bool' && check.type !== 'dyn')
      return `answers a value of type ${check.type}; it must answer true or false`;
    return { ask: (variables) => ask(parsed, found, variables) };
  } catch (error) {
    return `is not a valid expression: ${wordsOf(error)}; see the variables and functions in the manual`;
  }
}

function ask(parsed: (variables: WhenVariables) => unknown, found: Survey, variables: WhenVariables): WhenAnswer {
  try {
    if (found.loops > 0) {
      const steps = stepsOf(found, variables);
      if (steps > whenBounds.steps)
        return {
          error: `its loops could take ${Math.ceil(steps)} steps on this event, and ${whenBounds.steps} are allowed`,
        };
    }
    const answer = parsed(variables);
    if (typeof answer === 'boolean') return { holds: answer };
    return {
      error: `it answered ${answer === null ? 'null' : `a value of type ${typeof answer}`} in place of true or false`,
    };
  } catch (error) {
    return { error: wordsOf(error) };
  }
}

/** The most steps that the expression may take: its size for each turn of its innermost loop. */
function stepsOf(found: Survey, variables: WhenVariables): number {
  const longest = Math.max(sizeOf(variables.data, found.splits), sizeOf(variables.extensions, found.splits), 1);
  return found.nodes * (longest * (1 + found.additions)) ** found.loopDepth;
}

/** The length of the longest list or object in a value, and of the longest text where texts may be split into lists. */
function sizeOf(value: JsonValue, texts: boolean): number {
  if (typeof value === 'string') return texts ? value.length : 0;
  if (value === null || typeof value !== 'object') return 0;
  const parts = Array.isArray(value) ? value : Object.values(value);
  let longest = parts.length;
  for (const part of parts) longest = Math.max(longest, sizeOf(part, texts));
  return longest;
}
