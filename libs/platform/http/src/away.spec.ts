import { describe, expect, it } from '@jest/globals';
import { isAway } from './away.ts';

const coded = (code: string) => Object.assign(new Error('x'), { code });

describe('isAway', () => {
  it.each(['ECONNREFUSED', 'ENOTFOUND', '57014', '57P01', '57P03', '08006', '53300', 'P1001', 'P2024'])(
    'knows %s',
    (code) => {
      expect(isAway(coded(code))).toBe(true);
    },
  );

  it.each(['23505', '42601', '40001', 'P2002', 'ERR_ASSERTION'])('leaves %s to be a bug or a refusal', (code) => {
    expect(isAway(coded(code))).toBe(false);
  });

  it('looks into causes, aggregates and what Prisma keeps of the driver', () => {
    expect(isAway(new Error('outer', { cause: new Error('middle', { cause: coded('08006') }) }))).toBe(true);
    expect(isAway(new AggregateError([new Error('v6'), coded('ECONNREFUSED')]))).toBe(true);
    expect(isAway(Object.assign(new Error('x'), { cause: { originalCode: '57P03' } }))).toBe(true);
  });

  it('knows the words of the pool where it gives no code', () => {
    expect(isAway(new Error('timeout exceeded when trying to connect'))).toBe(true);
    expect(isAway(new Error('Connection terminated unexpectedly'))).toBe(true);
    expect(isAway(new Error('Query read timeout'))).toBe(true);
  });

  it('is not led in circles, and takes anything', () => {
    const circle = new Error('a');
    circle.cause = circle;
    for (const value of [circle, undefined, null, 'ECONNREFUSED', 7]) expect(isAway(value)).toBe(false);
  });
});
