/** Locales and time zones as a recipient has them, and the costly formatters of Intl, made once for each. */

/** Where and for whom a text is written. */
export interface Place {
  /** BCP 47 language tag that Intl knows. */
  locale: string;
  /** IANA time zone that Intl knows. */
  timeZone: string;
}

/** Most formatters that are kept; more than that and all are made anew. */
const keptFormatters = 2000;

const dateFormats = new Map<string, Intl.DateTimeFormat>();
const numberFormats = new Map<string, Intl.NumberFormat>();
const checked = new Map<string, boolean>();

/** Settles locale and time zone: what is absent or unknown to Intl becomes `en` and `UTC`. */
export function placeOf(locale: string | undefined, timeZone: string | undefined): Place {
  return {
    locale: locale && isKnown('locale', locale) ? locale : 'en',
    timeZone: timeZone && isKnown('zone', timeZone) ? timeZone : 'UTC',
  };
}

function isKnown(kind: 'locale' | 'zone', name: string): boolean {
  return kept(checked, `${kind} ${name}`, () => {
    try {
      new Intl.DateTimeFormat(kind === 'locale' ? name : 'en', kind === 'zone' ? { timeZone: name } : {});
      return true;
    } catch {
      return false; // Intl has no question, only a RangeError.
    }
  });
}

/** Formats dates for a place; `key` names the options. */
export function dateFormat(
  { locale, timeZone }: Place,
  key: string,
  options: Intl.DateTimeFormatOptions,
): Intl.DateTimeFormat {
  return kept(
    dateFormats,
    `${key} ${locale} ${timeZone}`,
    () => new Intl.DateTimeFormat(locale, { ...options, timeZone }),
  );
}

/** Formats numbers in a locale; `key` names the options. Throws a RangeError on options that Intl refuses. */
export function numberFormat(locale: string, key: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return kept(numberFormats, `${key} ${locale}`, () => new Intl.NumberFormat(locale, options));
}

/**
 * Finds the variant for a locale: the exact one, then without its last part, and so on down to the language. Case does
 * not matter.
 */
export function variantFor<Variant>(variants: Readonly<Record<string, Variant>>, locale: string): Variant | undefined {
  const byName = new Map(Object.entries(variants).map(([name, variant]) => [name.toLowerCase(), variant]));
  const parts = locale.toLowerCase().split('-');
  for (let count = parts.length; count > 0; count--) {
    const found = byName.get(parts.slice(0, count).join('-'));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Answers from a map, or makes the answer and keeps it. */
export function kept<Value>(map: Map<string, Value>, key: string, make: () => Value, most = keptFormatters): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  if (map.size >= most) map.clear();
  map.set(key, made);
  return made;
}
