/** Dates for people: `strftime` formats and the styles of Intl, in the recipient's time zone and language. */
import { dateFormat, type Place } from './locale.ts';

const styles: Readonly<Record<string, Intl.DateTimeFormatOptions>> = {
  short: { dateStyle: 'short', timeStyle: 'short' },
  medium: { dateStyle: 'medium', timeStyle: 'short' },
  long: { dateStyle: 'long', timeStyle: 'short' },
  full: { dateStyle: 'full', timeStyle: 'short' },
};

/** A moment, or a calendar day that belongs to no time zone. */
interface Moment {
  date: Date;
  isDay: boolean;
}

const isoDate = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** Numbers from here on are milliseconds since 1970, below they are seconds: in seconds it would be the year 5138. */
const firstMilliseconds = 1e11;

/**
 * Reads what events carry as a date: ISO 8601 (without an offset it is UTC; without a time it is a calendar day), or a
 * number of seconds or milliseconds since 1970. Everything else, also `now`, is no date: rendering has no clock.
 */
export function readMoment(value: unknown): Moment | undefined {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{9,13}$/.test(value))) {
    const number = Number(value);
    return momentOf(new Date(Math.abs(number) < firstMilliseconds ? number * 1000 : number), false);
  }
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  const found = isoDate.exec(text);
  if (!found) return undefined;
  if (text.length === 10) return momentOf(new Date(`${text}T00:00:00Z`), true);
  const whole = text.replace(' ', 'T').replace(',', '.');
  const offset = found[1]?.replace(
    /^([+-]\d\d):?(\d\d)?$/,
    (_, hours: string, minutes?: string) => `${hours}:${minutes ?? '00'}`,
  );
  const local = found[1] ? whole.slice(0, -found[1].length) : whole;
  return momentOf(new Date(local + (offset ?? 'Z')), false);
}

function momentOf(date: Date, isDay: boolean): Moment | undefined {
  return Number.isNaN(date.getTime()) ? undefined : { date, isDay };
}

/** Writes a moment by a `strftime` format or one of the styles `short`, `medium`, `long`, `full`. */
export function formatMoment(moment: Moment, format: string, place: Place): string {
  const there = moment.isDay ? { ...place, timeZone: 'UTC' } : place;
  const style = Object.hasOwn(styles, format) ? styles[format]! : undefined;
  if (!style) return strftime(moment.date, format, there);
  const { timeStyle, ...dayOnly } = style;
  return moment.isDay
    ? dateFormat(there, `day ${format}`, dayOnly).format(moment.date)
    : dateFormat(there, format, { ...dayOnly, ...(timeStyle ? { timeStyle } : {}) }).format(moment.date);
}

/** A moment as the calendar and the clock on the wall of a place show it. */
interface Wall {
  date: Date;
  place: Place;
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** Whether the format also holds a day: then some languages inflect the name of the month. */
  besideDay: boolean;
}

function wallOf(date: Date, place: Place, besideDay: boolean): Wall {
  const format = dateFormat({ locale: 'en-u-ca-gregory-nu-latn', timeZone: place.timeZone }, 'wall', {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  });
  const wall = { date, place, besideDay, year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  for (const { type, value } of format.formatToParts(date)) {
    if (type in wall) wall[type as 'year'] = Number(value);
  }
  return wall;
}

type Directive = (wall: Wall) => string | number;

/** Directives that are numbers, with the width they are padded to. */
const numbers: Readonly<Record<string, [width: number, Directive]>> = {
  Y: [4, (at) => at.year],
  y: [2, (at) => at.year % 100],
  m: [2, (at) => at.month],
  d: [2, (at) => at.day],
  e: [-2, (at) => at.day],
  H: [2, (at) => at.hour],
  k: [-2, (at) => at.hour],
  I: [2, (at) => at.hour % 12 || 12],
  l: [-2, (at) => at.hour % 12 || 12],
  M: [2, (at) => at.minute],
  S: [2, (at) => at.second],
  L: [3, (at) => at.date.getUTCMilliseconds()],
  j: [3, (at) => dayOfYear(at)],
  u: [1, (at) => weekday(at) || 7],
  w: [1, weekday],
  s: [1, (at) => Math.floor(at.date.getTime() / 1000)],
};

const names: Readonly<Record<string, Directive>> = {
  A: (at) => named(at, 'A', { weekday: 'long' }, 'weekday'),
  a: (at) => named(at, 'a', { weekday: 'short' }, 'weekday'),
  B: (at) => named(at, 'B', { month: 'long', ...(at.besideDay ? { day: 'numeric' } : {}) }, 'month'),
  b: (at) => named(at, 'b', { month: 'short', ...(at.besideDay ? { day: 'numeric' } : {}) }, 'month'),
  p: (at) => (at.hour < 12 ? 'AM' : 'PM'),
  P: (at) => (at.hour < 12 ? 'am' : 'pm'),
  Z: (at) => named(at, 'Z', { timeZoneName: 'short' }, 'timeZoneName'),
  z: (at) => offset(at).replace(':', ''),
  ':z': offset,
  c: (at) => formatMoment({ date: at.date, isDay: false }, 'medium', at.place),
  x: (at) => dateFormat(at.place, 'x', { dateStyle: 'short' }).format(at.date),
  X: (at) => dateFormat(at.place, 'X', { timeStyle: 'medium' }).format(at.date),
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
};

const shorthands: Readonly<Record<string, string>> = {
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  R: '%H:%M',
  D: '%m/%d/%y',
  h: '%b',
  r: '%I:%M:%S %p',
};

const directive = /%([-_0^]?)(:z|[A-Za-z%])/g;

function strftime(date: Date, format: string, place: Place): string {
  const whole = format.replace(directive, (found, _flag: string, letter: string) => shorthands[letter] ?? found);
  const wall = wallOf(date, place, /%[-_0^]?[de]/.test(whole));
  return whole.replace(directive, (found, flag: string, letter: string) => {
    const number = numbers[letter];
    if (number) return padded(number[1](wall), number[0], flag);
    const text = names[letter]?.(wall);
    if (text === undefined) return found;
    return flag === '^' ? String(text).toUpperCase() : String(text);
  });
}

/** `-` pads with nothing, `_` with spaces, `0` with zeros; a negative width pads with spaces by itself. */
function padded(value: string | number, width: number, flag: string): string {
  if (flag === '-') return String(value);
  const fill = flag === '_' || (width < 0 && flag !== '0') ? ' ' : '0';
  return String(value).padStart(Math.abs(width), fill);
}

function named(wall: Wall, key: string, options: Intl.DateTimeFormatOptions, part: string): string {
  const format = dateFormat(wall.place, `${key} ${wall.besideDay}`, options);
  return format.formatToParts(wall.date).find(({ type }) => type === part)?.value ?? '';
}

function utcOf(wall: Wall): number {
  return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
}

function weekday(wall: Wall): number {
  return new Date(utcOf(wall)).getUTCDay();
}

function dayOfYear(wall: Wall): number {
  return Math.floor((Date.UTC(wall.year, wall.month - 1, wall.day) - Date.UTC(wall.year, 0, 1)) / 86_400_000) + 1;
}

function offset(wall: Wall): string {
  const minutes = Math.round((utcOf(wall) - Math.floor(wall.date.getTime() / 1000) * 1000) / 60_000);
  const absolute = Math.abs(minutes);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(absolute / 60))}:${two(absolute % 60)}`;
}
