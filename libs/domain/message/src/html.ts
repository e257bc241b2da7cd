/** The html dialect: a small safe subset; whatever the message holds, only the tags named here come out. */
import { rowInlines, type Block, type Inline, type WriterTable } from './tree.ts';

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const inlineWriters: WriterTable<Inline, void> = {
  text: (node) => escapeHtml(node.text).replaceAll('\n', '<br>'),
  code: (node) => `<code>${escapeHtml(node.text)}</code>`,
  strong: (node) => `<b>${writeInlines(node.inlines)}</b>`,
  emphasis: (node) => `<i>${writeInlines(node.inlines)}</i>`,
  strike: (node) => `<s>${writeInlines(node.inlines)}</s>`,
  link: (node) => `<a href="${escapeHtml(node.href)}">${writeInlines(node.inlines)}</a>`,
};

const blockWriters: WriterTable<Block, void> = {
  title: (block) => `<p><b>${writeInlines(block.inlines)}</b></p>`,
  paragraph: (block) => `<p>${writeInlines(block.inlines)}</p>`,
  heading: (block) => `<p><b>${writeInlines(block.inlines)}</b></p>`,
  code: (block) => `<pre>${escapeHtml(block.text)}</pre>`,
  quote: (block) => `<blockquote>${writeHtml(block.blocks)}</blockquote>`,
  list: (block) => {
    const items = block.items.map((item) => `<li>${writeItem(item)}</li>`).join('');
    if (block.start === undefined) return `<ul>${items}</ul>`;
    return block.start === 1 ? `<ol>${items}</ol>` : `<ol start="${block.start}">${items}</ol>`;
  },
  table: (block) => `<p>${block.rows.map((row) => writeInlines(rowInlines(row))).join('<br>')}</p>`,
  rule: () => '<p>———</p>',
};

/** Writes a tree as HTML of `b i s code pre a ul ol li br p blockquote`; all else is escaped. */
export function writeHtml(blocks: readonly Block[]): string {
  return blocks.map(writeBlock).join('');
}

function writeBlock(block: Block): string {
  return (blockWriters[block.type] as (node: Block) => string)(block);
}

/** An item of one paragraph needs no `<p>`; chat clients would put empty lines around it. */
function writeItem(item: readonly Block[]): string {
  return item
    .map((block) => (block.type === 'paragraph' ? writeInlines(block.inlines) : writeBlock(block)))
    .join('<br>');
}

function writeInlines(nodes: readonly Inline[]): string {
  let text = '';
  for (const node of nodes) text += (inlineWriters[node.type] as (node: Inline) => string)(node);
  return text;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => references[char]!);
}
