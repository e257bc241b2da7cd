/** The markdown dialect: CommonMark that reads back as the same tree. */
import { flatten } from './markdown-inlines.ts';
import { escaped, endsListNumber, isMarkup, nextState } from './marks.ts';
import { type Block, type Inline, type WriterTable } from './tree.ts';

/** Where running text stands: `line` allows no line break, `cell` no pipe either. */
type Place = 'flow' | 'line' | 'cell';

interface BlockContext {
  /** Whether a list follows another: it then takes the other bullet, or the two would read as one. */
  secondList: boolean;
}

const blockWriters: WriterTable<Block, BlockContext> = {
  title: (block) => writeInlines([{ type: 'strong', inlines: block.inlines }], 'line'),
  paragraph: (block) => writeInlines(block.inlines, 'flow'),
  heading: (block) => `${'#'.repeat(block.depth)} ${writeInlines(block.inlines, 'line')}`,
  code: (block) => {
    const fence = '`'.repeat(Math.max(3, longestRun(block.text) + 1));
    return `${fence}\n${block.text}\n${fence}`;
  },
  quote: (block) => indented(writeMarkdown(block.blocks), '> ', '> '),
  list: (block, { secondList }) =>
    block.items
      .map((item, index) => {
        const bullet = secondList ? '* ' : '- ';
        const marker = block.start === undefined ? bullet : `${block.start + index}${secondList ? ')' : '.'} `;
        return indented(writeItem(item), marker, ' '.repeat(marker.length));
      })
      .join('\n'),
  table: (block) => {
    const [head = [], ...rows] = block.rows;
    return [writeRow(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(writeRow)].join('\n');
  },
  rule: () => '---',
};

/** Writes a tree as Markdown in which nothing but the markup of the tree is markup. */
export function writeMarkdown(blocks: readonly Block[]): string {
  return writeBlocks(blocks, () => '\n\n');
}

function writeItem(item: readonly Block[]): string {
  return writeBlocks(item, (block, before) => (before.type === 'paragraph' && block.type === 'list' ? '\n' : '\n\n'));
}

function writeBlocks(blocks: readonly Block[], separator: (block: Block, before: Block) => string): string {
  let text = '';
  let secondList = false;
  blocks.forEach((block, index) => {
    const before = blocks[index - 1];
    secondList = block.type === 'list' && before?.type === 'list' && !secondList;
    if (before) text += separator(block, before);
    text += (blockWriters[block.type] as (node: Block, context: BlockContext) => string)(block, { secondList });
  });
  return text;
}

function writeRow(cells: readonly Inline[][]): string {
  return `| ${cells.map((cell) => writeInlines(cell, 'cell')).join(' | ')} |`;
}

function indented(text: string, first: string, rest: string): string {
  return (
    first + text.replace(/\n(?=(.?))/g, (_, next: string) => (next === '\n' ? '\n' + rest.trimEnd() : '\n' + rest))
  );
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

/** Characters of a text that may need an escape. */
const suspicious = /[\\`*_[\]<>#+\-.!|~=:@&()\s]/;

function writeInlines(nodes: readonly Inline[], place: Place): string {
  const segments = flatten(nodes, place !== 'flow');
  const flat = segments.map((segment) => segment.text).join('');
  let out = '';
  let at = 0;
  let state = 0;
  for (const segment of segments) {
    if (segment.raw) out += place === 'cell' ? segment.text.replaceAll('|', '\\|') : segment.text;
    for (let end = at + segment.text.length; at < end; at++) {
      if (!segment.raw) out += writeChar(flat, at, state, place);
      state = nextState(state, flat.charCodeAt(at));
    }
  }
  return out;
}

function writeChar(flat: string, at: number, state: number, place: Place): string {
  const char = flat[at]!;
  if (!suspicious.test(char)) return char;
  switch (char) {
    case '\n':
      return place === 'flow' && isInnerBreak(flat, at) ? '  \n' : escaped(char);
    case '|':
      return place === 'cell' ? '\\|' : char;
    case ')':
      return endsListNumber(flat, at, state) ? '\\)' : char;
    case '>':
      return state === 0 ? '\\>' : char;
    default:
      return /\s/.test(char) ? writeSpace(flat, at) : isMarkup(flat, at, state) ? escaped(char) : char;
  }
}

/** Space at the edge of a line would be trimmed; the two Unicode separators end a line for some of Markdown's rules. */
function writeSpace(flat: string, at: number): string {
  const char = flat[at]!;
  return isAtLineEdge(flat, at) || /[\u2028\u2029]/.test(char) ? `&#${char.charCodeAt(0)};` : char;
}

/** A line break needs something on both sides, else Markdown drops it. */
function isInnerBreak(flat: string, at: number): boolean {
  return at > 0 && at < flat.length - 1 && flat[at - 1] !== '\n';
}

function isAtLineEdge(flat: string, at: number): boolean {
  return at === 0 || at === flat.length - 1 || flat[at - 1] === '\n' || flat[at + 1] === '\n';
}
