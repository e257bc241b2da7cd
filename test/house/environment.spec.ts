/** The environment is read in one place, and nothing is left half done, silenced or nameless. */
import { describe, expect, it } from '@jest/globals';
import { basename, dirname } from 'node:path';
import { allFiles, codeFiles, isTest, places } from './sources.ts';

const here = 'test/house/environment.spec.ts';
const others = codeFiles.filter((path) => path !== here);

describe('the environment', () => {
  it('is read by platform/config alone, besides tools, bench and tests', () => {
    const mayRead = /^(libs\/platform\/config|tools|bench)\//;
    const readers = others.filter((path) => !mayRead.test(path) && !isTest(path));
    expect(places(readers, /process\.env|process\[|\benv\b.*from '(node:)?process'/)).toEqual([]);
    expect(places(['libs/platform/config/src/load.ts'], /process\.env/)).toHaveLength(1);
  });
});

describe('the code', () => {
  it('holds nothing unfinished', () => {
    expect(places(others, /\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  });

  it('silences neither the compiler nor, without a reason, the linter', () => {
    expect(places(others, /@ts-(ignore|nocheck|expect-error)|eslint-disable(?!-next-line [\w/-]+ -- \w)/)).toEqual([]);
    // "As any other" is a phrase, `as any;` is not.
    expect(places(others, /\bas any\b(?! [a-z])|<any>|: any\b(?! [a-z])/)).toEqual([]);
  });

  it('skips no test and keeps none alone', () => {
    const tests = others.filter((path) => /\.spec\.ts$/.test(path) || path.startsWith('test/'));
    expect(tests.length).toBeGreaterThan(50);
    const skipped =
      /\b(it|test|describe)(\.each|\.concurrent)*\.(only|skip|todo|failing)\b|\b(xit|xtest|xdescribe|fit|fdescribe)\(/;
    expect(places(tests, skipped)).toEqual([]);
  });
});

describe('names', () => {
  it('of folders and files say what is in them', () => {
    const empty = new Set(['common', 'shared', 'utils', 'util', 'helpers', 'helper', 'core', 'misc']);
    const parts = (path: string) => [...dirname(path).split('/'), basename(path).replace(/\..*$/, '')];
    expect(allFiles.filter((path) => parts(path).some((part) => empty.has(part)))).toEqual([]);
  });
});
