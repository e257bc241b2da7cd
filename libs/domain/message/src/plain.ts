/** The plain dialect: text for systems that show every character as it is. */
import { rowInlines, showsTarget, textOf, type Block, type Inline, type WriterTable } from './tree.ts';

const inlineWriters: WriterTable<Inline, void> = {
  text: (node) => node.text,
  code: (node) => node.text,
  strong: (node) => writeInlines(node.inlines),
  emphasis: (node) => writeInlines(node.inlines),
  strike: (node) => writeInlines(node.inlines),
  link: (node) => (showsTarget(node) ? textOf(node.inlines) : `${writeInlines(node.inlines)} (${node.href})`),
};

const blockWriters: WriterTable<Block, void> = {
  title: (block) => writeInlines(block.inlines),
  paragraph: (block) => writeInlines(block.inlines),
  heading: (block) => writeInlines(block.inlines),
  code: (block) => block.text,
  quote: (block) => prefixed(writePlain(block.blocks), '> '),
  list: (block) =>
    block.items
      .map((item, index) => hung(block.start === undefined ? '• ' : `${block.start + index}. `, item))
      .join('\n'),
  table: (block) => block.rows.map((row) => writeInlines(rowInlines(row))).join('\n'),
  rule: () => '———',
};

/** Writes a tree as plain text: links as `text (url)`, emphasis dropped, bullets as `•`, line breaks kept. */
export function writePlain(blocks: readonly Block[]): string {
  let text = '';
  blocks.forEach((block, index) => {
    if (index > 0) text += blocks[index - 1]!.type === 'title' ? '\n' : '\n\n';
    text += writeBlock(block);
  });
  return text;
}

function writeBlock(block: Block): string {
  return (blockWriters[block.type] as (node: Block) => string)(block);
}

function writeInlines(nodes: readonly Inline[]): string {
  let text = '';
  for (const node of nodes) text += (inlineWriters[node.type] as (node: Inline) => string)(node);
  return text;
}

function hung(marker: string, item: readonly Block[]): string {
  const text = item.map(writeBlock).join('\n');
  return marker + text.replaceAll('\n', '\n' + ' '.repeat(marker.length));
}

function prefixed(text: string, prefix: string): string {
  return prefix + text.replaceAll('\n', '\n' + prefix);
}
