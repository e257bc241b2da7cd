/** Judges the rules of the mix one by one, plainly; shares no code with the engine, which is checked against it. */
import type { Json, MixEvent } from './rules-mix.ts';

type Node = { [key: string]: Json };

/** Tells whether an event fits a pattern of the mix: lists of objects may only be one deep. */
export function fitsPlainly(pattern: Node, event: MixEvent): boolean {
  return fitsNode(pattern, event as unknown as Json);
}

function fitsNode(pattern: Node, value: Json | undefined): boolean {
  // Fields of a list of objects have to fit within the same element.
  if (Array.isArray(value)) return value.some((element) => fitsNode(pattern, element));
  const object = value !== null && typeof value === 'object' ? value : {};
  return Object.entries(pattern).every(([name, wanted]) => {
    if (name === '$or') return (wanted as Node[]).some((branch) => fitsNode(branch, object));
    return Array.isArray(wanted) ? fitsList(wanted, object[name]) : fitsNode(wanted as Node, object[name]);
  });
}

/** Tells whether a value, or one of a list of values, is accepted by a list of a pattern. */
export function fitsList(wanted: readonly Json[], value: Json | undefined): boolean {
  if (value === undefined) return wanted.some((one) => isObject(one) && one['exists'] === false);
  if (Array.isArray(value)) return value.some((element) => fitsList(wanted, element));
  return wanted.some((one) => (isObject(one) ? fitsOperator(one, value) : one === value));
}

function isObject(value: Json): value is Node {
  return value !== null && typeof value === 'object';
}

function fitsOperator(one: Node, value: Json): boolean {
  const [operator, operand] = Object.entries(one)[0] as [string, Json];
  if (operator === 'exists') return operand === true;
  if (operator === 'numeric') return typeof value === 'number' && fitsNumeric(operand as (string | number)[], value);
  if (operator === 'anything-but') return !fitsExcluded(operand, value);
  if (typeof value !== 'string' || typeof operand !== 'string') return false;
  if (operator === 'prefix') return value.startsWith(operand);
  if (operator === 'suffix') return value.endsWith(operand);
  if (operator === 'equals-ignore-case') return value.toLowerCase() === operand.toLowerCase();
  // The mix only has networks of 16 bits and wildcards with one asterisk.
  if (operator === 'cidr') return value.startsWith(operand.split('.', 2).join('.') + '.');
  const [head, tail] = operand.split('*') as [string, string];
  return value.length >= head.length + tail.length && value.startsWith(head) && value.endsWith(tail);
}

function fitsExcluded(operand: Json, value: Json): boolean {
  if (Array.isArray(operand)) return operand.includes(value);
  return typeof value === 'string' && value.startsWith((operand as { prefix: string }).prefix);
}

function fitsNumeric(operand: readonly (string | number)[], value: number): boolean {
  for (let at = 0; at < operand.length; at += 2) {
    const bound = operand[at + 1] as number;
    const order = operand[at];
    if (
      order === '<' ? value >= bound : order === '<=' ? value > bound : order === '>' ? value <= bound : value < bound
    )
      return false;
  }
  return true;
}
