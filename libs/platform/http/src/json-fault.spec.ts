import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { findJsonFault } from './json-fault.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('findJsonFault', () => {
  it.each([
    ['', 'Position 0 (line 1, column 1): expected a value, found the end.'],
    ['{"a": x}', 'Position 6 (line 1, column 7): expected a value, found `x`.'],
    ['{"a": 1\n "b": 2}', 'Position 9 (line 2, column 2): expected a comma or the closing bracket, found `"`.'],
    ['{a: 1}', 'Position 1 (line 1, column 2): expected a key in double quotes or `}`, found `a`.'],
    ['{"a": 1,}', 'Position 8 (line 1, column 9): expected a key in double quotes, found `}`.'],
    ['[1,]', 'Position 3 (line 1, column 4): expected a value, found `]`.'],
    ['{"a" 1}', 'Position 5 (line 1, column 6): expected a colon, found `1`.'],
    ['[1] 2', 'Position 4 (line 1, column 5): expected nothing more, found `2`.'],
    ['[1}', 'Position 2 (line 1, column 3): expected a comma or the closing bracket, found `}`.'],
    ['01', 'Position 1 (line 1, column 2): expected nothing more, found `1`.'],
    ['[👋]', 'Position 1 (line 1, column 2): expected a value or `]`, found `👋`.'],
    ['"a\nb"', 'Position 0 (line 1, column 1): expected a value, found `"`.'],
  ])('says where %j breaks and what was expected', (text, fault) => {
    expect(findJsonFault(text)).toBe(fault);
  });

  it('finds none in anything that is JSON', () => {
    fc.assert(fc.property(fc.json(), (text) => findJsonFault(text) === undefined));
  });

  it('agrees with JSON.parse on texts that are nearly JSON', () => {
    const nearly = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', ']', '{', ':', '0', ' ', '\\', 'e'))
      .map(([text, at, piece]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + piece + text.slice(place + 1);
      });
    fc.assert(
      fc.property(nearly, (text) => (findJsonFault(text) === undefined) === isJson(text)),
      { numRuns: 500 },
    );
  });

  it('does not fall over a text that is nested very deeply', () => {
    expect(findJsonFault('['.repeat(200_000))).toContain('Position 200000');
  });
});
