/** A message as a tree, the form between Markdown and the dialects. A newline in a text is a line break. */

/** One node type for each of several names that share a shape. */
type Each<Name extends string, Shape> = { [Type in Name]: { type: Type } & Shape }[Name];

/** Running text and what may stand in it. */
export type Inline =
  | { type: 'text'; text: string }
  | { type: 'code'; text: string }
  | Each<'strong' | 'emphasis' | 'strike', { inlines: Inline[] }>
  /** `href` is http, https or mailto, whole and checked. */
  | { type: 'link'; href: string; inlines: Inline[] };

/** What stands below one another. */
export type Block =
  /** A title is that of the message, put above its text. */
  | Each<'title' | 'paragraph', { inlines: Inline[] }>
  | { type: 'heading'; depth: number; inlines: Inline[] }
  | { type: 'code'; text: string }
  | { type: 'quote'; blocks: Block[] }
  /** `start` is the number of the first item; absent for bullets. */
  | { type: 'list'; start?: number | undefined; items: Block[][] }
  /** Rows of cells; the first row is the head. */
  | { type: 'table'; rows: Inline[][][] }
  | { type: 'rule' };

/** A function for each type of a node; what a dialect is made of. */
export type WriterTable<Node extends { type: string }, Context> = {
  [Type in Node['type']]: (node: Extract<Node, { type: Type }>, context: Context) => string;
};

/** A text node. */
export function textNode(text: string): Inline {
  return { type: 'text', text };
}

/** The bare text of inlines, without markup and without the targets of links. */
export function textOf(inlines: readonly Inline[]): string {
  let text = '';
  for (const node of inlines) text += 'inlines' in node ? textOf(node.inlines) : node.text;
  return text;
}

/** Tells whether a link shows its own target, so that writing both would say it twice. */
export function showsTarget(link: Extract<Inline, { type: 'link' }>): boolean {
  const text = textOf(link.inlines);
  return link.href === text || link.href === `mailto:${text}` || link.href === `http://${text}`;
}

/** The inlines of all cells of a row, with a separator between them. */
export function rowInlines(row: readonly Inline[][], separator = ' | '): Inline[] {
  return row.flatMap((cell, index) => (index === 0 ? cell : [textNode(separator), ...cell]));
}
