/** What `when` can do beyond CEL's own functions: local time, exact amounts, texts in any alphabet, sums over lists. */
import type { Environment } from '@marcbachmann/cel-js';
import { Decimal } from './decimal.ts';

/** Functions whose second argument names a time zone. */
export const zonedFunctions: ReadonlySet<string> = new Set(['weekday', 'clock', 'calendarDate']);

/** Functions that walk over a whole list, and so cost as much as a loop. */
export const walkingFunctions: ReadonlySet<string> = new Set(['sum', 'least', 'greatest', 'distinct', 'join']);

/** Teaches an environment the functions of the house. */
export function registerFunctions(environment: Environment): void {
  registerTime(environment);
  registerDecimals(environment);
  environment.registerFunction('string.lower(): string', (text: string) => text.toLowerCase());
  environment.registerFunction('string.upper(): string', (text: string) => text.toUpperCase());
  environment.registerFunction('list.sum(): double', (list: unknown) =>
    numbersOf(list).reduce((sum, one) => sum + one, 0),
  );
  environment.registerFunction('list.least(): double', (list: unknown) => extreme(list, Math.min));
  environment.registerFunction('list.greatest(): double', (list: unknown) => extreme(list, Math.max));
  environment.registerFunction('list.distinct(): list', (list: unknown) => [...new Set(membersOf(list))]);
}

function registerTime(environment: Environment): void {
  environment.registerFunction('weekday(string, string): string', (time: string, zone: string) =>
    localTime(time, zone).weekday.toLowerCase(),
  );
  environment.registerFunction('clock(string, string): string', (time: string, zone: string) => {
    const { hour, minute } = localTime(time, zone);
    return `${hour}:${minute}`;
  });
  environment.registerFunction('calendarDate(string, string): string', (time: string, zone: string) => {
    const { year, month, day } = localTime(time, zone);
    return `${year.padStart(4, '0')}-${month}-${day}`;
  });
}

const compared: Record<string, (order: number) => boolean> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '==': (order) => order === 0,
};

function registerDecimals(environment: Environment): void {
  environment.registerType('Decimal', { ctor: Decimal, fields: {} });
  environment.registerFunction('decimal(dyn): Decimal', (value: unknown) => Decimal.of(value));
  for (const [operator, holds] of Object.entries(compared)) {
    const compare = (one: Decimal, other: Decimal): boolean => holds(one.compare(other));
    environment.registerOperator(`Decimal ${operator} Decimal: bool`, compare);
  }
  environment.registerOperator('Decimal + Decimal: Decimal', (one: Decimal, other: Decimal) => one.plus(other));
  environment.registerOperator('Decimal - Decimal: Decimal', (one: Decimal, other: Decimal) => one.minus(other));
  environment.registerOperator('Decimal * Decimal: Decimal', (one: Decimal, other: Decimal) => one.times(other));
}

/** Tells whether a text names a time zone. */
export function isZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

type LocalTime = Record<'weekday' | 'year' | 'month' | 'day' | 'hour' | 'minute', string>;

function localTime(time: string, zone: string): LocalTime {
  const at = Date.parse(time);
  if (Number.isNaN(at)) throw new Error(`${JSON.stringify(time.slice(0, 80))} is no moment in ISO 8601`);
  const parts = formatterOf(zone).formatToParts(at);
  return Object.fromEntries(parts.map(({ type, value }) => [type, value])) as LocalTime;
}

/** A formatter costs far more to make than to use. The names come from rules, and there are some 600 zones. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known) return known;
  const digits = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
  const made = new Intl.DateTimeFormat('en-GB', { ...digits, weekday: 'short', hourCycle: 'h23', timeZone: zone });
  if (formatters.size >= 1000) formatters.clear();
  formatters.set(zone, made);
  return made;
}

function membersOf(list: unknown): unknown[] {
  return Array.isArray(list) ? list : [...(list as Iterable<unknown>)];
}

function numbersOf(list: unknown): number[] {
  return membersOf(list).map((member) => {
    if (typeof member === 'number' || typeof member === 'bigint') return Number(member);
    throw new Error('the list holds something other than numbers');
  });
}

function extreme(list: unknown, choose: (one: number, other: number) => number): number {
  const numbers = numbersOf(list);
  if (numbers.length === 0) throw new Error('the list is empty');
  return numbers.reduce((one, other) => choose(one, other));
}
