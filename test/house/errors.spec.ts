/** Every code of the catalogue is answered somewhere. */
import { errorCatalogue } from '#contract';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { productFiles } from './sources.ts';
import { nodesOf, parse } from './syntax.ts';

/** The codes that a file gives to a refusal: in `new HouseError(…)`, or in the `super(…)` of a kind of it. */
function thrownIn(file: ts.SourceFile): string[] {
  return [...nodesOf(file)].filter(makesRefusal).flatMap(({ arguments: args }) => {
    const code = args?.[0];
    return code ? [...nodesOf(code)].filter(ts.isStringLiteral).map(({ text }) => text) : [];
  });
}

function makesRefusal(node: ts.Node): node is ts.NewExpression | ts.CallExpression {
  if (ts.isNewExpression(node)) return node.expression.getText() === 'HouseError';
  return ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword;
}

/** The codes that a framework's own refusals are translated to; `problem.ts` looks them up and throws by variable. */
function translatedIn(file: ts.SourceFile): string[] {
  return [...nodesOf(file)]
    .filter(ts.isPropertyAssignment)
    .map(({ initializer }) => initializer)
    .filter(ts.isStringLiteral)
    .map(({ text }) => text);
}

const files = productFiles.map((path) => parse(path));
const thrown = new Set(files.flatMap(thrownIn));
const translated = files.filter(({ fileName }) => fileName.endsWith('http/src/problem.ts')).flatMap(translatedIn);

describe('the error catalogue', () => {
  it.each(Object.keys(errorCatalogue))('has a code that is thrown: %s', (code) => {
    expect([...thrown, ...translated]).toContain(code);
  });
});
