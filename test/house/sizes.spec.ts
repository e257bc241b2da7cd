/** Small files and small functions: a reader holds them in the head. */
import { describe, expect, it } from '@jest/globals';
import { codeFiles, isTest, read } from './sources.ts';
import { codeLines, functionsOf, parse } from './syntax.ts';

const mostFileLines = 350;
const mostFunctionLines = 60;
/** The function around the cases of a spec is a list rather than a function. */
const mostSpecFunctionLines = 200;
const mostMedianLines = 12;

const measured = codeFiles.flatMap((path) => {
  const file = parse(path);
  return functionsOf(file, codeLines(file)).map((found) => ({ ...found, path }));
});

describe('sizes', () => {
  it(`no file is longer than ${mostFileLines} lines`, () => {
    const long = codeFiles.filter((path) => read(path).trimEnd().split('\n').length > mostFileLines);
    expect(long).toEqual([]);
  });

  it(`no function is longer than ${mostFunctionLines} lines, in specs ${mostSpecFunctionLines}`, () => {
    const long = measured.filter(
      ({ path, lines }) => lines > (isTest(path) ? mostSpecFunctionLines : mostFunctionLines),
    );
    expect(long.map(({ place, lines }) => `${place} has ${lines} lines`)).toEqual([]);
  });

  it(`half of the functions are no longer than ${mostMedianLines} lines`, () => {
    const sizes = measured
      .filter(({ path, hasBody }) => hasBody && !isTest(path))
      .map(({ lines }) => lines)
      .sort((a, b) => a - b);
    const median = sizes[Math.floor(sizes.length / 2)];
    process.stdout.write(`median function: ${median} lines (of ${sizes.length} with a body)\n`);
    expect(sizes.length).toBeGreaterThan(300);
    expect(median).toBeLessThanOrEqual(mostMedianLines);
  });
});

describe('the measure itself', () => {
  it('counts lines that hold code, not blanks and comments', () => {
    const file = parse('x.ts', 'export function f() {\n\n  // Why.\n  /** a */\n  return `\n  x`; // tail\n}\n');
    expect(functionsOf(file, codeLines(file))).toEqual([{ place: 'x.ts:1', lines: 4, hasBody: true }]);
  });
});
