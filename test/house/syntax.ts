/** The syntax trees of the sources, for rules that text alone cannot tell. */
import ts from 'typescript';
import { read } from './sources.ts';

/** A statement that exports something under a name. */
export interface Export {
  name: string;
  documented: boolean;
  line: number;
}

/** A function with its length in lines that hold code. */
export interface MeasuredFunction {
  place: string;
  lines: number;
  /** Whether it has statements of its own; `(x) => x.id` has not. */
  hasBody: boolean;
}

/** Reads a file into its tree. */
export function parse(path: string, text = read(path)): ts.SourceFile {
  return ts.createSourceFile(
    path,
    text,
    ts.ScriptTarget.Latest,
    true,
    path.endsWith('x') ? ts.ScriptKind.TSX : undefined,
  );
}

/** The node and everything below it. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  // Iterating over the children would visit every punctuation mark.
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

/**
 * Line numbers, from 0, that hold code; blank lines and those with nothing but comments do not. Looks at how lines begin,
 * which is much quicker than asking the tree for its tokens.
 */
export function codeLines(file: ts.SourceFile): Set<number> {
  const lines = new Set<number>();
  let inComment = false;
  for (const [index, line] of file.text.split('\n').entries()) {
    const text = line.trim();
    const begins = !inComment && text.startsWith('/*');
    if (text !== '' && !inComment && !begins && !text.startsWith('//')) lines.add(index);
    const end = text.indexOf('*/');
    if (begins || inComment) inComment = end === -1;
    if (begins && end !== -1 && end + 2 < text.length) lines.add(index);
  }
  return lines;
}

/** Lines with nothing but comment. */
export function commentLineCount(file: ts.SourceFile, code: ReadonlySet<number>): number {
  return file.text.split('\n').filter((line, index) => line.trim() !== '' && !code.has(index)).length;
}

/** All functions of a file with their lengths. */
export function functionsOf(file: ts.SourceFile, code: ReadonlySet<number>): MeasuredFunction[] {
  return [...nodesOf(file)].filter(isFunction).flatMap((node) => {
    if (!node.body) return [];
    const first = file.getLineAndCharacterOfPosition(node.getStart(file)).line;
    const last = file.getLineAndCharacterOfPosition(node.getEnd()).line;
    let lines = 0;
    for (let line = first; line <= last; line += 1) if (code.has(line)) lines += 1;
    return [{ place: `${file.fileName}:${first + 1}`, lines, hasBody: ts.isBlock(node.body) }];
  });
}

function isFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node;
}

/** What a file exports by statements of its own; what it passes on from others is documented there. */
export function exportsOf(file: ts.SourceFile): Export[] {
  return file.statements.flatMap((statement) => {
    if (!ts.canHaveModifiers(statement)) return [];
    if (!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    const documented = ts.getJSDocCommentsAndTags(statement).some((doc) => ts.isJSDoc(doc) && Boolean(doc.comment));
    const { line } = file.getLineAndCharacterOfPosition(statement.getStart(file));
    return namesOf(statement).map((name) => ({ name, documented, line: line + 1 }));
  });
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map((declaration) => declaration.name.getText());
  const { name } = statement as ts.DeclarationStatement;
  return [name?.getText() ?? 'default'];
}
