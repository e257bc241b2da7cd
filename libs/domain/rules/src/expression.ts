/**
 * CEL expressions through `@marcbachmann/cel-js`: parsed and type-checked when the rule is saved, with bounds on what
 * they may cost. JSON has one kind of number and CEL has two, so arithmetic between the two is taught to the library;
 * comparisons between them it knows already.
 */
import { Environment, type ASTNode } from '@marcbachmann/cel-js';
import type { JsonValue } from '#contract';
import { whenBounds } from './bounds.ts';
import { readRegex, regexMatches } from './regex.ts';
import { isZone, registerFunctions, walkingFunctions, zonedFunctions } from './when-functions.ts';

/** A variable named `type` would hide CEL's own function, and `matches` of the library has no bound: both are renamed. */
const renamed = { type: 'event_type', matches: 'bounded_matches' } as const;

const loops = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
const comparisons = new Set(['==', '!=', '<', '<=', '>', '>=', 'in']);
const textWalks = new Set(
  'contains lower upper lowerAscii upperAscii trim split join indexOf lastIndexOf size bytes int double'.split(' '),
);
/** Characters of a text that cost about as much as one node of an expression; measured. */
const charsPerStep = 16;

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
  environment.registerFunction(`string.${renamed.matches}(string): bool`, regexMatches);
  registerFunctions(environment);
  return environment;
}

const environment = makeEnvironment();

/** What a walk over a parsed expression finds out. */
interface Survey {
  nodes: number;
  loops: number;
  loopDepth: number;
  /** Additions make texts and lists longer than any in the event. */
  additions: number;
  comparisons: number;
  /** Calls that read a text from one end to the other; a regular expression counts with its size. */
  textWalks: number;
  splits: boolean;
  /** Places where a name is replaced: start, length, new name. */
  renames: [start: number, length: number, name: string][];
  refusal?: string;
}

function survey(node: ASTNode, found: Survey, depth: number, source: string): void {
  found.nodes += 1;
  if (node.op === '+') found.additions += 1;
  if (comparisons.has(node.op)) found.comparisons += 1;
  if (node.op === 'id' && node.args === 'type') found.renames.push([node.range.start, 4, renamed.type]);
  if (node.op === 'call') surveyCall(node.args[0], node.args[1], found);
  const receiver = node.op === 'rcall' ? node.args[1] : undefined;
  const below = node.op === 'rcall' ? depth + surveyMethod(node.args, found, source) : depth;
  found.loopDepth = Math.max(found.loopDepth, below);
  // What a loop runs over is reckoned before it begins; only what stands inside runs in each turn.
  for (const child of childrenOf(node)) survey(child, found, child === receiver ? depth : below, source);
}

/** Answers how many loops the call adds to those that it stands in. */
function surveyMethod(
  [name, receiver, args]: readonly [name: string, receiver: ASTNode, args: readonly ASTNode[]],
  found: Survey,
  source: string,
): 0 | 1 {
  if (name === 'matches') surveyMatches(source.indexOf('matches', receiver.range.end), args, found);
  if (name === 'split') found.splits = true;
  if (textWalks.has(name)) found.textWalks += 1;
  const isLoop = loops.has(name) || walkingFunctions.has(name);
  if (isLoop || name === 'bind') found.loops += 1;
  return isLoop ? 1 : 0;
}

function surveyCall(name: string, args: readonly ASTNode[], found: Survey): void {
  if (textWalks.has(name)) found.textWalks += 1;
  const zone = zonedFunctions.has(name) ? args[1] : undefined;
  if (zone?.op !== 'value' || typeof zone.args !== 'string' || isZone(zone.args)) return;
  found.refusal ??= `names ${JSON.stringify(zone.args)}, which is no time zone; write one such as Europe/Moscow`;
}

function newSurvey(): Survey {
  const counts = { nodes: 0, loops: 0, loopDepth: 0, additions: 0, comparisons: 0, textWalks: 0 };
  return { ...counts, splits: false, renames: [] };
}

function surveyMatches(start: number, args: readonly ASTNode[], found: Survey): void {
  found.renames.push([start, 'matches'.length, renamed.matches]);
  const pattern = args[0];
  if (pattern?.op !== 'value' || typeof pattern.args !== 'string') {
    found.refusal ??=
      'gives matches something other than a quoted regular expression; write it out, so that it can be checked';
    return;
  }
  const regex = readRegex(pattern.args);
  if (typeof regex === 'string') found.refusal ??= `has a regular expression that ${regex}`;
  else found.textWalks += regex.size;
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
    const found = newSurvey();
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
    if (found.loops > 0 || found.textWalks > 0) {
      const steps = stepsOf(found, variables);
      if (steps > whenBounds.steps)
        return { error: `it could take ${Math.ceil(steps)} steps on this event, and ${whenBounds.steps} are allowed` };
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

/** The most steps that the expression may take: its own, and those over its longest text, in each turn of its innermost loop. */
function stepsOf(found: Survey, variables: WhenVariables): number {
  const size: Size = { members: 1, chars: 1 };
  measure(variables.data, size);
  measure(variables.extensions, size);
  const { nodes, additions, comparisons: compared, textWalks: walks, splits, loopDepth } = found;
  const growth = 1 + additions;
  const textual = (walks + (additions > 0 ? compared : 0)) * ((growth * size.chars) / charsPerStep);
  const turns = (splits ? Math.max(size.members, size.chars) : size.members) * growth;
  return (nodes + textual) * turns ** loopDepth;
}

/** The longest list or object of an event, and its longest text. */
interface Size {
  members: number;
  chars: number;
}

function measure(value: JsonValue, size: Size): void {
  if (typeof value === 'string') size.chars = Math.max(size.chars, value.length);
  if (value === null || typeof value !== 'object') return;
  const parts = Array.isArray(value) ? value : Object.values(value);
  size.members = Math.max(size.members, parts.length);
  for (const part of parts) measure(part, size);
}
