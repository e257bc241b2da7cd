import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Decimal } from './decimal.ts';

/** Any amount with up to six digits after the point, as whole millionths and as text. */
const amount = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }).map((millionths) => {
  const digits = (millionths < 0n ? -millionths : millionths).toString().padStart(7, '0');
  const text = `${millionths < 0n ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
  return { millionths, text };
});

describe('decimal numbers', () => {
  it('calculate and compare like whole numbers of their last digit', () => {
    fc.assert(
      fc.property(amount, amount, (one, other) => {
        const [a, b] = [Decimal.of(one.text), Decimal.of(other.text)];
        expect(Math.sign(a.compare(b))).toBe(
          Number(one.millionths > other.millionths) - Number(one.millionths < other.millionths),
        );
        expect(a.plus(b).compare(new Decimal(one.millionths + other.millionths, 6))).toBe(0);
        expect(a.minus(b).compare(new Decimal(one.millionths - other.millionths, 6))).toBe(0);
        expect(a.times(b).compare(new Decimal(one.millionths * other.millionths, 12))).toBe(0);
      }),
    );
  });

  it.each(['', '.', '1.', '.5', '1e5', '1 000', '0x10', 'NaN', '1'.repeat(65)])('are not read from %j', (text) => {
    expect(() => Decimal.of(text)).toThrow(/cannot read/);
  });
});
