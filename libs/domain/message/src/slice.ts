/**
 * Cuts a tree in two without cutting markup. Positions count along the *outline* of the tree: its bare text, with one
 * `blockEnd` after every block, and with `solid` for what cannot be cut (links, rows of a table).
 */
import { rowInlines, textNode, textOf, type Block, type Inline } from './tree.ts';
import { writePlain } from './plain.ts';

/** Ends a block in an outline. */
export const blockEnd = '\u2029';
const solid = '\uFFFC';

/** Two halves of something cut. */
export interface Halves<Node> {
  head: Node[];
  tail: Node[];
}

/** The bare text of a tree, as long in UTF-16 units as the positions that `sliceBlocks` takes. */
export function outlineOf(blocks: readonly Block[]): string {
  let outline = '';
  for (const block of blocks) outline += outlineOfBlock(block) + blockEnd;
  return outline;
}

function outlineOfBlock(block: Block): string {
  switch (block.type) {
    case 'code':
      return block.text.replaceAll(blockEnd, ' ');
    case 'quote':
      return outlineOf(block.blocks);
    case 'list':
      return block.items.map(outlineOf).join('');
    case 'table':
      return block.rows.map((row) => solid.repeat(rowLength(row) - 1) + '\n').join('');
    case 'rule':
      return solid;
    default:
      return outlineOfInlines(block.inlines);
  }
}

function outlineOfInlines(nodes: readonly Inline[]): string {
  let outline = '';
  for (const node of nodes) {
    if (node.type === 'link') outline += solid.repeat(inlineLength(node));
    else outline += 'inlines' in node ? outlineOfInlines(node.inlines) : node.text.replaceAll(blockEnd, ' ');
  }
  return outline;
}

function inlineLength(node: Inline): number {
  if (node.type === 'link') return Math.max(1, textOf(node.inlines).length);
  return 'inlines' in node ? node.inlines.reduce((sum, inner) => sum + inlineLength(inner), 0) : node.text.length;
}

function rowLength(row: readonly Inline[][]): number {
  return rowInlines(row).reduce((sum, node) => sum + inlineLength(node), 1);
}

/** Cuts blocks at a position of their outline; what cannot be cut goes to the tail whole. White space at the cut goes. */
export function sliceBlocks(blocks: readonly Block[], position: number): Halves<Block> {
  const head: Block[] = [];
  let left = position;
  for (const [index, block] of blocks.entries()) {
    const length = outlineOfBlock(block).length + 1;
    // The end of a block may be left out: what counts is whether all of its text fits.
    if (length - 1 <= left) {
      head.push(block);
      left -= length;
      if (left > 0) continue;
      return { head, tail: blocks.slice(index + 1) };
    }
    const cut = sliceBlock(block, left);
    return { head: [...head, ...cut.head], tail: [...cut.tail, ...blocks.slice(index + 1)] };
  }
  return { head, tail: [] };
}

function sliceBlock(block: Block, left: number): Halves<Block> {
  switch (block.type) {
    case 'code':
      return halves(
        codeBlock(block.text.slice(0, left).replace(/\n$/, '')),
        codeBlock(block.text.slice(left).replace(/^\n/, '')),
      );
    case 'quote': {
      const { head, tail } = sliceBlocks(block.blocks, left);
      return {
        head: head.length > 0 ? [{ ...block, blocks: head }] : [],
        tail: tail.length > 0 ? [{ ...block, blocks: tail }] : [],
      };
    }
    case 'list':
      return sliceList(block, left);
    case 'table':
      return sliceTable(block, left);
    case 'rule':
      return { head: [], tail: [block] };
    default: {
      const { head, tail } = sliceInlines(block.inlines, left);
      const rest: Block = { ...block, inlines: trimStart(tail) };
      return halves({ ...block, inlines: trimEnd(head) }, rest);
    }
  }
}

/** The rest of an item that was cut comes without a marker, as it begins no item; the list then goes on. */
function sliceList(block: Extract<Block, { type: 'list' }>, position: number): Halves<Block> {
  let left = position;
  for (const [index, item] of block.items.entries()) {
    const length = outlineOf(item).length;
    if (length <= left) {
      left -= length;
      continue;
    }
    const cut = sliceBlocks(item, left);
    const taken = block.items.slice(0, index);
    if (cut.head.length > 0) taken.push(cut.head);
    const isCut = cut.head.length > 0;
    const rest = block.items.slice(isCut ? index + 1 : index);
    const from = block.start === undefined ? undefined : block.start + (isCut ? index + 1 : index);
    const tail: Block[] = isCut ? [...cut.tail] : [];
    if (rest.length > 0) tail.push({ type: 'list', start: from, items: rest });
    return { head: taken.length > 0 ? [{ ...block, items: taken }] : [], tail };
  }
  return { head: [block], tail: [] };
}

function sliceTable(block: Extract<Block, { type: 'table' }>, position: number): Halves<Block> {
  let left = position;
  const count = block.rows.findIndex((row) => (left -= rowLength(row)) < 0);
  if (count <= 0) return { head: [], tail: [block] };
  return {
    head: [{ ...block, rows: block.rows.slice(0, count) }],
    tail: [{ ...block, rows: block.rows.slice(count) }],
  };
}

function sliceInlines(nodes: readonly Inline[], position: number): Halves<Inline> {
  const head: Inline[] = [];
  let left = position;
  for (const [index, node] of nodes.entries()) {
    const length = inlineLength(node);
    if (length <= left) {
      head.push(node);
      left -= length;
      continue;
    }
    const rest = nodes.slice(index + 1);
    if (left === 0 || node.type === 'link') return { head, tail: [node, ...rest] };
    const [first, second] = sliceInline(node, left);
    return { head: [...head, first], tail: [second, ...rest] };
  }
  return { head, tail: [] };
}

function sliceInline(node: Exclude<Inline, { type: 'link' }>, left: number): [Inline, Inline] {
  if (!('inlines' in node))
    return [
      { ...node, text: node.text.slice(0, left) },
      { ...node, text: node.text.slice(left) },
    ];
  const { head, tail } = sliceInlines(node.inlines, left);
  return [
    { ...node, inlines: head },
    { ...node, inlines: tail },
  ];
}

function halves(head: Block, tail: Block): Halves<Block> {
  return { head: isEmpty(head) ? [] : [head], tail: isEmpty(tail) ? [] : [tail] };
}

function isEmpty(block: Block): boolean {
  return block.type === 'code' ? block.text === '' : 'inlines' in block && outlineOfInlines(block.inlines) === '';
}

function codeBlock(text: string): Block {
  return { type: 'code', text };
}

function trimStart(nodes: Inline[]): Inline[] {
  return trimAt(nodes, 0, (text) => text.trimStart());
}

function trimEnd(nodes: Inline[]): Inline[] {
  return trimAt(nodes, -1, (text) => text.trimEnd());
}

/** Trims the outermost text on one side, going on to the next where nothing of it is left. */
function trimAt(nodes: Inline[], side: 0 | -1, trim: (text: string) => string): Inline[] {
  const outer = nodes.at(side);
  if (!outer || outer.type === 'link') return nodes;
  const others = side === 0 ? nodes.slice(1) : nodes.slice(0, -1);
  const trimmed: Inline =
    'inlines' in outer
      ? { ...outer, inlines: trimAt(outer.inlines, side, trim) }
      : { ...outer, text: trim(outer.text) };
  if (inlineLength(trimmed) === 0) return trimAt(others, side, trim);
  return side === 0 ? [trimmed, ...others] : [...others, trimmed];
}

/** The same text without markup, so that it can be cut anywhere. */
export function flattened(block: Block): Block {
  return { type: 'paragraph', inlines: [textNode(writePlain([block]))] };
}

/** Puts a text at the very end of the last block, inside its markup. */
export function appended(blocks: readonly Block[], text: string): Block[] {
  const last = blocks.at(-1);
  const rest = blocks.slice(0, -1);
  if (!last) return [{ type: 'paragraph', inlines: [textNode(text.trimStart())] }];
  switch (last.type) {
    case 'code':
      return [...rest, { ...last, text: last.text + text }];
    case 'quote':
      return [...rest, { ...last, blocks: appended(last.blocks, text) }];
    case 'list':
      return [...rest, { ...last, items: [...last.items.slice(0, -1), appended(last.items.at(-1)!, text)] }];
    case 'table':
    case 'rule':
      return [...blocks, { type: 'paragraph', inlines: [textNode(text.trimStart())] }];
    default:
      return [...rest, { ...last, inlines: [...last.inlines, textNode(text)] } as Block];
  }
}
