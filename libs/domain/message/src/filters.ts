import type { Context, Liquid } from 'liquidjs';
import { formatMoment, readMoment } from './dates.ts';
import { numberFormat, placeOf, type Place } from './locale.ts';

interface FilterThis {
  context: Context;
}

/** Adds the filters that depend on the recipient: `date`, `number` and `money`. What they cannot read they let pass. */
export function addFilters(engine: Liquid): void {
  engine.registerFilter('date', function (this: FilterThis, value: unknown, format?: unknown, timeZone?: unknown) {
    const place = placeIn(this.context);
    const moment = readMoment(value);
    if (!moment) return value;
    const there = typeof timeZone === 'string' ? placeOf(place.locale, timeZone) : place;
    return formatMoment(moment, typeof format === 'string' ? format : 'medium', there);
  });
  engine.registerFilter('number', function (this: FilterThis, value: unknown, digits?: unknown) {
    return formatNumber(value, placeIn(this.context).locale, digits);
  });
  engine.registerFilter('money', function (this: FilterThis, value: unknown, currency?: unknown) {
    return formatMoney(value, placeIn(this.context).locale, currency);
  });
}

/** Read from the scope itself, so that a template that assigns `locale` changes only what it prints. */
function placeIn(context: Context): Place {
  const { locale, timeZone } = context.environments as Partial<Record<keyof Place, unknown>>;
  return placeOf(typeof locale === 'string' ? locale : undefined, typeof timeZone === 'string' ? timeZone : undefined);
}

function readNumber(value: unknown): number | undefined {
  if (typeof value === 'string' && !/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(value)) return undefined;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function formatNumber(value: unknown, locale: string, digits: unknown): unknown {
  const number = readNumber(value);
  if (number === undefined) return value;
  const count = typeof digits === 'number' ? Math.min(Math.max(Math.trunc(digits), 0), 20) : undefined;
  const options =
    count === undefined
      ? { maximumFractionDigits: 10 }
      : { minimumFractionDigits: count, maximumFractionDigits: count };
  return numberFormat(locale, `number ${count}`, options).format(number);
}

function formatMoney(value: unknown, locale: string, currency: unknown): unknown {
  const number = readNumber(value);
  if (number === undefined) return value;
  // ISO 4217: three letters; what is none stands behind the number as it came.
  const isCode = typeof currency === 'string' && /^[A-Za-z]{3}$/.test(currency);
  if (!isCode) return `${String(formatNumber(number, locale, 2))} ${String(currency ?? '')}`.trimEnd();
  return numberFormat(locale, `money ${currency}`, { style: 'currency', currency }).format(number);
}
