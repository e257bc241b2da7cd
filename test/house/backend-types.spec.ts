/**
 * Nothing but the folder of an adapter knows its backend type; the registry names it on two lines, import and list entry.
 *
 * A line names the type `t` when it holds
 * 1. an import from the adapter's project (`#backends/t`) or from inside its folder,
 * 2. an identifier that such an import brought in, or
 * 3. the text literal `'t'`, the only way to ask for a type.
 * `inbox` and `webhook` are also words of the API (`/v1/inbox`, `webhookId`), so words inside longer texts and names do not
 * count. Nor does a literal that is the value of a field `backend` or `slug`: a slug is chosen by people, and the examples
 * like `inbox`. Examples in the API document and the demo data are documentation and may name types.
 */
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { allFiles, productFiles } from './sources.ts';
import { nodesOf, parse } from './syntax.ts';

const registry = 'libs/backends/registry/src/index.ts';
const demo = 'apps/standalone/src/demo.ts';

const types = [
  ...new Set(allFiles.flatMap((path) => /^libs\/backends\/([^/]+)\/src\//.exec(path)?.slice(1) ?? [])),
].filter((name) => name !== 'kit' && name !== 'registry');

/** Lines that name the type, as `path:line`. */
function naming(type: string, file: ts.SourceFile): string[] {
  const imported = new Set<string>();
  const lines = new Set<number>();
  for (const node of nodesOf(file)) {
    if (ts.isImportDeclaration(node) && leadsTo(type, node.moduleSpecifier)) {
      for (const inner of nodesOf(node)) {
        if (ts.isImportSpecifier(inner) || ts.isNamespaceImport(inner)) imported.add(inner.name.text);
      }
    }
    const names =
      (ts.isStringLiteralLike(node) && (leadsTo(type, node) || (node.text === type && !isSlugOrExample(node)))) ||
      (ts.isIdentifier(node) && imported.has(node.text));
    if (names) lines.add(file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1);
  }
  return [...lines].map((line) => `${file.fileName}:${line}`);
}

function leadsTo(type: string, specifier: ts.Expression): boolean {
  return ts.isStringLiteralLike(specifier) && new RegExp(`(^#|/)backends/${type}(/|$)`).test(specifier.text);
}

function isSlugOrExample(literal: ts.Node): boolean {
  const field = nameOf(literal.parent);
  if (field === 'backend' || field === 'slug') return true;
  for (let node = literal.parent; !ts.isSourceFile(node); node = node.parent) {
    if (/^(\w+E|e)xamples?$/.test(nameOf(node) ?? '')) return true;
  }
  return false;
}

/** Name of the field or constant whose value a node is made of. */
function nameOf(node: ts.Node): string | undefined {
  return ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node) ? node.name.getText() : undefined;
}

describe('a backend type', () => {
  const files = productFiles.filter((path) => path !== demo).map((path) => parse(path));

  it.each(types)('is named on two lines outside of its folder, both of the registry: %s', (type) => {
    const outside = files.filter(({ fileName }) => !fileName.startsWith(`libs/backends/${type}/`));
    const places = outside.flatMap((file) => naming(type, file));
    expect(places).toEqual([expect.stringContaining(registry), expect.stringContaining(registry)]);
  });

  it('is each that there is', () => {
    expect(types).toEqual(expect.arrayContaining(['inbox', 'mychat', 'webhook']));
  });
});

describe('the rule itself', () => {
  const count = (text: string) => naming('inbox', parse('x.ts', text)).length;

  it('sees imports, entries, comparisons and lists', () => {
    expect(count(`import { adapter as box } from '#backends/inbox';\nconst list = [box];`)).toBe(2);
    expect(count(`import * as box from '#backends/inbox';\nf(box.adapter);`)).toBe(2);
    expect(count(`import { x } from '../../backends/inbox/src/send.ts';`)).toBe(1);
    expect(count(`export { x } from '#backends/inbox';\nconst y = await import('#backends/inbox');`)).toBe(2);
    expect(count(`if (type === 'inbox') f();`)).toBe(1);
    expect(count('const known = { type: `inbox` };\nswitch (t) {\n  case "inbox":\n}')).toBe(2);
  });

  it('overlooks words of the API, slugs, examples and comments', () => {
    const text = `const path = '/v1/inbox';\nconst a = { backend: 'inbox' };\nconst example = { type: 'inbox' };\n// 'inbox'\nconst inbox = 1;`;
    expect(count(text)).toBe(0);
  });
});
