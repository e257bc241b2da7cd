/** Whatever a file offers to others says what it is. */
import { describe, expect, it } from '@jest/globals';
import { codeFiles, isTest } from './sources.ts';
import { codeLines, commentLineCount, exportsOf, parse } from './syntax.ts';

const files = codeFiles.filter(
  (path) => /^(apps|libs)\/.*\/src\/.*\.tsx?$/.test(path) && !/\.spec\.ts$|\/spec-[^/]*\.ts$/.test(path),
);
const parsed = files.map((path) => parse(path));

describe('doc comments', () => {
  it('stand on every export', () => {
    const exported = parsed.flatMap((file) => exportsOf(file).map((found) => ({ ...found, path: file.fileName })));
    expect(exported.length).toBeGreaterThan(300);
    const bare = exported.filter(({ documented }) => !documented);
    expect(bare.map(({ path, line, name }) => `${path}:${line} ${name}`)).toEqual([]);
  });

  it('make up a sensible part of the code', () => {
    let code = 0;
    let comments = 0;
    for (const file of parsed.filter(({ fileName }) => !isTest(fileName))) {
      const lines = codeLines(file);
      code += lines.size;
      comments += commentLineCount(file, lines);
    }
    const percent = (100 * comments) / (code + comments);
    process.stdout.write(`comments: ${percent.toFixed(1)} % of ${code + comments} lines\n`);
    expect(percent).toBeGreaterThan(8);
    expect(percent).toBeLessThan(25);
  });
});

describe('the measure itself', () => {
  it('sees an export without a comment, and one whose comment is not a doc comment', () => {
    const file = parse(
      'x.ts',
      '/** Documented. */\nexport const a = 1;\nexport const b = 1;\n// No.\nexport class C {}\nconst d = 1;\n',
    );
    expect(exportsOf(file).filter(({ documented }) => !documented)).toEqual([
      { name: 'b', documented: false, line: 3 },
      { name: 'C', documented: false, line: 5 },
    ]);
  });
});
