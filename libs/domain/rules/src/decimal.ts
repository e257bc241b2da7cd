/** Exact decimal numbers for `when`: amounts of money arrive as texts such as "1234.50", and doubles would round them. */

/** Longest text of a decimal number, sign and point included; no amount of money is longer. */
const longest = 64;
const form = /^([+-]?)(\d+)(?:\.(\d+))?$/;

/** A decimal number: `units` divided by 10 to the power of `scale`. */
export class Decimal {
  readonly units: bigint;
  /** Digits after the point. */
  readonly scale: number;

  constructor(units: bigint, scale: number) {
    this.units = units;
    this.scale = scale;
  }

  /** Reads a number, or a text such as "-1234.50" (also with a decimal comma). Throws when it is neither. */
  static of(value: unknown): Decimal {
    if (value instanceof Decimal) return value;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint')
      throw new Error('decimal(...) takes a number or a text such as "1234.50"');
    const text = String(value).trim();
    const found = text.length <= longest ? form.exec(text.replace(',', '.')) : null;
    if (!found) throw new Error(`decimal(...) cannot read ${JSON.stringify(text.slice(0, 80))} as a decimal number`);
    const [, sign, whole, fraction = ''] = found;
    return new Decimal(BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`), fraction.length);
  }

  /** Negative, zero or positive, as this one is less than, equal to or greater than the other. */
  compare(other: Decimal): number {
    const [one, two] = aligned(this, other);
    return one < two ? -1 : Number(one > two);
  }

  plus(other: Decimal): Decimal {
    const [one, two, scale] = aligned(this, other);
    return new Decimal(one + two, scale);
  }

  minus(other: Decimal): Decimal {
    return this.plus(new Decimal(-other.units, other.scale));
  }

  times(other: Decimal): Decimal {
    return new Decimal(this.units * other.units, this.scale + other.scale);
  }
}

function aligned(one: Decimal, other: Decimal): [bigint, bigint, scale: number] {
  const scale = Math.max(one.scale, other.scale);
  const lift = ({ units, scale: own }: Decimal) => units * 10n ** BigInt(scale - own);
  return [lift(one), lift(other), scale];
}
