/** One YAML file: written the same way every time, read with the place of everything in it. */
import { ruleBookFileBytes, type Fault, type FileFault, type JsonValue } from '#contract';
import { isAlias, isMap, isScalar, LineCounter, parseDocument, stringify, visit, type Document, type Node } from 'yaml';

/** Deepest nesting of a file. */
const mostLevels = 100;

/** A file that was read; `place` finds the line and column of a JSON pointer into it. */
export interface ReadFile {
  value: JsonValue;
  place(pointer: string): { line?: number; column?: number };
}

/** Writes a value as YAML. Long lines are not folded, and texts of several lines are written as such. */
export function toYaml(value: JsonValue, schemaPath: string): string {
  const head = `# yaml-language-server: $schema=${schemaPath}\n`;
  return head + stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, version: '1.2' });
}

/** Reads YAML that stands for JSON: no aliases (a few can stand for gigabytes), no tags, no name twice. Answers the faults otherwise. */
export function readYaml(file: string, text: string): ReadFile | FileFault[] {
  if (Buffer.byteLength(text) > ruleBookFileBytes)
    return [
      { file, detail: `is larger than ${ruleBookFileBytes} bytes; split it, or leave out what it does not need` },
    ];
  const lines = new LineCounter();
  try {
    // Twice the same name is looked for below: the library would compare each with each.
    const document = parseDocument(text, {
      lineCounter: lines,
      stringKeys: true,
      uniqueKeys: false,
      prettyErrors: false,
    });
    const faults = faultsIn(document, file, lines);
    if (faults.length > 0) return faults;
    const value = document.toJS() as JsonValue;
    return { value, place: (pointer) => placeIn(document, pointer, lines) };
  } catch (error) {
    // The parser goes into depth by recursion, so what exhausts the stack is nested too deeply.
    const detail = error instanceof RangeError ? 'is nested too deeply' : `cannot be read: ${(error as Error).message}`;
    return [{ file, detail }];
  }
}

/** Says where in a file a fault of its definition is. */
export function inFile(file: string, read: ReadFile, { pointer, detail }: Fault): FileFault {
  const field = pointer === '' ? '' : `${pointer} `;
  return { file, ...read.place(pointer), detail: `${field}${detail}` };
}

function faultsIn(document: Document, file: string, lines: LineCounter): FileFault[] {
  const faults = [...document.errors, ...document.warnings].map(({ pos, message }): FileFault => {
    const { line, col } = lines.linePos(pos[0]);
    return { file, line, column: col, detail: `is not valid YAML here: ${message}` };
  });
  if (faults.length > 0) return faults;
  const refuse = (node: Node, detail: string) => void faults.push({ file, ...startOf(node, lines), detail });
  visit(document, {
    Node: (_key, node, path) => {
      // Each collection on the way down counts as two: itself, and the pair in it.
      if (path.length > 2 * mostLevels) {
        refuse(node, `is nested more than ${mostLevels} levels deep`);
        return visit.BREAK;
      }
      if (isAlias(node)) refuse(node, 'is an alias (`*…`); write it out');
      if (isScalar(node) && typeof node.value === 'number' && !Number.isFinite(node.value))
        refuse(node, 'must be a finite number');
      if (isMap(node)) {
        twice(node.items).forEach((key) => refuse(key, 'stands here twice; keep one of them'));
        protoKeys(node.items).forEach((key) => refuse(key, 'the name `__proto__` is not accepted in any object'));
      }
      return undefined;
    },
  });
  return faults;
}

function twice(items: readonly { key: unknown }[]): Node[] {
  const seen = new Set<unknown>();
  return items.flatMap(({ key }) => {
    const name = isScalar(key) ? String(key.value) : key;
    if (seen.has(name)) return [key as Node];
    seen.add(name);
    return [];
  });
}

function protoKeys(items: readonly { key: unknown }[]): Node[] {
  return items.flatMap(({ key }) => (isScalar(key) && key.value === '__proto__' ? [key as Node] : []));
}

function startOf(node: Node, lines: LineCounter): { line?: number; column?: number } {
  if (!node.range) return {};
  const { line, col } = lines.linePos(node.range[0]);
  return { line, column: col };
}

/** What a pointer leads to, or the innermost thing around it that there is. */
function placeIn(document: Document, pointer: string, lines: LineCounter): { line?: number; column?: number } {
  const path = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  for (let length = path.length; length > 0; length -= 1) {
    const keys = path.slice(0, length).map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    const node = document.getIn(keys, true) as Node | undefined;
    if (node?.range) return startOf(node, lines);
  }
  return {};
}
