/**
 * The days of a repetition, in order. Every step is paid from a budget that all events of a file share, so no rule, however
 * long or empty its repetition, takes more than a bounded time.
 */
import { dayMs } from '../clock.ts';
import type { NthDay, RepeatRule } from './rule.ts';

/** Steps that an occurrence takes, most of them for its time. */
const dayPrice = 4;

/** Steps that are left for a file. */
export interface Budget {
  steps: number;
}

/** Which days are asked for, as numbers since 1970-01-01. */
export interface DaySpan {
  /** Day of the first occurrence; it counts, whether or not it fits the rule. */
  first: number;
  /** Days before this one may be left out, unless the rule counts. */
  from: number;
  /** Last day. */
  to: number;
}

/** The days from `first` on, ascending; ends early when the budget is used up, then `budget.steps` is below 0. */
export function* repeatedDays(rule: RepeatRule, { first, from, to }: DaySpan, budget: Budget): Generator<number> {
  let left = rule.count ?? Infinity;
  if (left-- > 0) yield first;
  const periods = periodsOf(rule, first);
  const skipped = rule.count === undefined && from > first ? Math.max(0, periods.numberOf(from) - 1) : 0;
  for (let number = skipped; periods.beginOf(number) <= to && left > 0; number++) {
    budget.steps -= periods.price;
    if (budget.steps < 0) return;
    const days = chosen(periods.daysOf(number), rule.bySetPos);
    for (const day of days) {
      if (day <= first) continue;
      if (day > to || left-- <= 0) return;
      budget.steps -= dayPrice;
      yield day;
    }
  }
}

/** The periods of a rule: 0 is the one that holds the first occurrence. */
interface Periods {
  /** Steps that looking for the days of one period takes, about as many as it has days. */
  price: number;
  /** First day of a period. */
  beginOf(number: number): number;
  /** The last period that begins on a day or before it. */
  numberOf(day: number): number;
  /** Days of the period that fit, ascending. */
  daysOf(number: number): number[];
}

function periodsOf(rule: RepeatRule, first: number): Periods {
  if (rule.every === 'DAILY') return daily(rule, first);
  if (rule.every === 'WEEKLY') return weekly(rule, first);
  return rule.every === 'MONTHLY' ? monthly(rule, first) : yearly(rule, first);
}

function daily(rule: RepeatRule, first: number): Periods {
  const beginOf = (number: number) => first + number * rule.interval;
  const fits = (day: number) => {
    const { year, month, inMonth } = partsOf(day);
    const fromEnd = inMonth - lengthOf(year, month) - 1;
    return (
      inList(rule.byMonth, month + 1) &&
      (inList(rule.byMonthDay, inMonth) || rule.byMonthDay.includes(fromEnd)) &&
      (rule.byDay.length === 0 || rule.byDay.some((wanted) => wanted.day === weekdayOf(day)))
    );
  };
  return {
    price: 1,
    beginOf,
    numberOf: (day) => Math.floor((day - first) / rule.interval),
    daysOf: (number) => [beginOf(number)].filter(fits),
  };
}

function weekly(rule: RepeatRule, first: number): Periods {
  const start = first - modulo(weekdayOf(first) - rule.weekStart, 7);
  const beginOf = (number: number) => start + number * 7 * rule.interval;
  const wanted = rule.byDay.length > 0 ? rule.byDay.map(({ day }) => day) : [weekdayOf(first)];
  const places = ascending(wanted.map((day) => modulo(day - rule.weekStart, 7)));
  return {
    price: 7,
    beginOf,
    numberOf: (day) => Math.floor((day - start) / (7 * rule.interval)),
    daysOf: (number) =>
      places.map((place) => beginOf(number) + place).filter((day) => inList(rule.byMonth, partsOf(day).month + 1)),
  };
}

function monthly(rule: RepeatRule, first: number): Periods {
  const start = monthOf(first);
  const { inMonth } = partsOf(first);
  const monthAt = (number: number) => start + number * rule.interval;
  return {
    price: 31,
    beginOf: (number) => dayIn(0, monthAt(number), 1),
    numberOf: (day) => Math.floor((monthOf(day) - start) / rule.interval),
    daysOf: (number) =>
      inList(rule.byMonth, modulo(monthAt(number), 12) + 1) ? inMonthOf(rule, monthAt(number), inMonth) : [],
  };
}

function yearly(rule: RepeatRule, first: number): Periods {
  const { year: start, month, inMonth } = partsOf(first);
  const yearAt = (number: number) => start + number * rule.interval;
  const daysOf = (number: number) => {
    const year = yearAt(number);
    const monthsOf = (months: readonly number[]) =>
      months.flatMap((one) => inMonthOf(rule, year * 12 + one - 1, inMonth));
    if (rule.byMonth.length > 0) return ascending(monthsOf(rule.byMonth));
    const days = rule.byDay.length > 0 ? nthDays(rule.byDay, dayIn(year, 0, 1), dayIn(year + 1, 0, 1)) : undefined;
    if (rule.byMonthDay.length === 0) return days ?? inMonthOf(rule, year * 12 + month, inMonth);
    const all = ascending(monthsOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
    return inBoth(all, days);
  };
  return {
    price: 366,
    beginOf: (number) => dayIn(yearAt(number), 0, 1),
    numberOf: (day) => Math.floor((partsOf(day).year - start) / rule.interval),
    daysOf,
  };
}

/** The days of one month, counted from year 0, that fit; without any wish the day of the first occurrence. */
function inMonthOf(rule: RepeatRule, month: number, ownDay: number): number[] {
  const begin = dayIn(0, month, 1);
  const end = dayIn(0, month + 1, 1);
  // A numbered weekday counts in the month only where the rule names months; else in the year, which the caller sees to.
  const countsHere = rule.every === 'MONTHLY' || rule.byMonth.length > 0;
  const days = countsHere && rule.byDay.length > 0 ? nthDays(rule.byDay, begin, end) : undefined;
  if (rule.byMonthDay.length === 0) return days ?? [begin + ownDay - 1].filter((day) => day < end);
  const dated = rule.byMonthDay.map((number) => (number > 0 ? begin + number - 1 : end + number));
  const inside = ascending(dated.filter((day) => day >= begin && day < end));
  return inBoth(inside, days);
}

/** The weekdays wanted from one day to another, exclusive. */
function nthDays(wanted: readonly NthDay[], begin: number, end: number): number[] {
  const days = wanted.flatMap(({ day, nth }) => {
    const earliest = begin + modulo(day - weekdayOf(begin), 7);
    const latest = end - 1 - modulo(weekdayOf(end - 1) - day, 7);
    if (nth !== 0) return [nth > 0 ? earliest + (nth - 1) * 7 : latest + (nth + 1) * 7];
    return Array.from({ length: (latest - earliest) / 7 + 1 }, (_, week) => earliest + week * 7);
  });
  return ascending(days.filter((day) => day >= begin && day < end));
}

function chosen(days: readonly number[], places: readonly number[]): readonly number[] {
  if (places.length === 0) return days;
  return ascending(places.flatMap((place) => days.at(place > 0 ? place - 1 : place) ?? []));
}

function inBoth(days: number[], others: number[] | undefined): number[] {
  const wanted = new Set(others);
  return others ? days.filter((day) => wanted.has(day)) : days;
}

function inList(list: readonly number[], number: number): boolean {
  return list.length === 0 || list.includes(number);
}

function ascending(days: readonly number[]): number[] {
  return [...new Set(days)].sort((a, b) => a - b);
}

function modulo(number: number, by: number): number {
  return ((number % by) + by) % by;
}

/** Monday is 0; 1970-01-01 was a Thursday. */
function weekdayOf(day: number): number {
  return modulo(day + 3, 7);
}

function partsOf(day: number): { year: number; month: number; inMonth: number } {
  const at = new Date(day * dayMs);
  return { year: at.getUTCFullYear(), month: at.getUTCMonth(), inMonth: at.getUTCDate() };
}

/** Months since year 0. */
function monthOf(day: number): number {
  const { year, month } = partsOf(day);
  return year * 12 + month;
}

/** Number of a day; the month may count on beyond the year. */
function dayIn(year: number, month: number, inMonth: number): number {
  return Date.UTC(year + Math.floor(month / 12), modulo(month, 12), inMonth) / dayMs;
}

function lengthOf(year: number, month: number): number {
  return dayIn(year, month + 1, 1) - dayIn(year, month, 1);
}
