import { Tokenizer, Lexer, type Token, type Tokens } from 'marked';
import { decodeReferences } from './references.ts';
import { textNode, type Block, type Inline } from './tree.ts';

/** HTML is no markup here: it reads as text, and each dialect writes it as such. */
class TextOnlyTokenizer extends Tokenizer {
  override html(): undefined {
    return undefined;
  }

  override tag(): undefined {
    return undefined;
  }
}

/** Gets every literal piece of text, so that marks can be turned back. */
type Literal = (text: string) => string;

const asItIs: Literal = (text) => text;

/**
 * Reads Markdown (CommonMark with the tables, strikethrough and autolinks of GitHub) into a tree. HTML stays text,
 * images become links, line breaks stay, links to anything but http, https and mailto lose their target.
 */
export function parseMarkdown(markdown: string, literal: Literal = asItIs): Block[] {
  const lexer = new Lexer({ gfm: true, tokenizer: new TextOnlyTokenizer() });
  return new TreeBuilder(literal).blocks(lexer.lex(markdown));
}

class TreeBuilder {
  private readonly literal: Literal;

  constructor(literal: Literal) {
    this.literal = literal;
  }

  blocks(tokens: readonly Token[]): Block[] {
    const blocks: Block[] = [];
    for (const token of tokens) {
      // In a tight list running text stands without a paragraph, and so does a check box before it.
      if (token.type === 'text' || token.type === 'checkbox') this.addLoose(blocks, token);
      else blocks.push(...(this.block(token) ?? []));
    }
    return blocks;
  }

  private addLoose(blocks: Block[], token: Token): void {
    const inlines = this.inlines([token]);
    const last = blocks.at(-1);
    if (last?.type === 'paragraph') last.inlines = joined([...last.inlines, ...inlines]);
    else if (inlines.length > 0) blocks.push({ type: 'paragraph', inlines });
  }

  private block(token: Token): Block[] | undefined {
    switch (token.type) {
      case 'paragraph':
        return this.paragraph((token as Tokens.Paragraph).tokens);
      case 'heading':
        return [
          {
            type: 'heading',
            depth: (token as Tokens.Heading).depth,
            inlines: this.inlines((token as Tokens.Heading).tokens),
          },
        ];
      case 'code':
        return [{ type: 'code', text: this.literal((token as Tokens.Code).text) }];
      case 'blockquote':
        return [{ type: 'quote', blocks: this.blocks((token as Tokens.Blockquote).tokens) }];
      case 'list':
        return [this.list(token as Tokens.List)];
      case 'table':
        return [this.table(token as Tokens.Table)];
      case 'hr':
        return [{ type: 'rule' }];
      default:
        return undefined;
    }
  }

  private paragraph(tokens: readonly Token[]): Block[] {
    const inlines = this.inlines(tokens);
    return inlines.length > 0 ? [{ type: 'paragraph', inlines }] : [];
  }

  private list(token: Tokens.List): Block {
    const items = token.items.map((item) => this.blocks(item.tokens));
    return token.ordered ? { type: 'list', start: Number(token.start), items } : { type: 'list', items };
  }

  private table(token: Tokens.Table): Block {
    const rows = [token.header, ...token.rows];
    return { type: 'table', rows: rows.map((row) => row.map((cell) => this.inlines(cell.tokens))) };
  }

  inlines(tokens: readonly Token[]): Inline[] {
    return joined(
      tokens.flatMap((token, index) => {
        // Spaces at the start of a line mean nothing, also after a hard line break.
        const afterBreak = token.type === 'text' && tokens[index - 1]?.type === 'br';
        const source = afterBreak ? { ...token, raw: token.raw.replace(/^[ \t]+/, '') } : token;
        return this.inline(source);
      }),
    );
  }

  private inline(token: Token): Inline[] {
    switch (token.type) {
      case 'strong':
        return this.wrapped('strong', token as Tokens.Strong);
      case 'em':
        return this.wrapped('emphasis', token as Tokens.Em);
      case 'del':
        return this.wrapped('strike', token as Tokens.Del);
      case 'codespan':
        return [{ type: 'code', text: this.literal((token as Tokens.Codespan).text) }];
      case 'br':
        return [textNode('\n')];
      case 'escape':
        return [textNode((token as Tokens.Escape).text)];
      case 'checkbox':
        return [textNode((token as Tokens.Checkbox).checked ? '[x] ' : '[ ] ')];
      case 'link':
        return this.link(token as Tokens.Link);
      case 'image':
        return this.link(token as Tokens.Image);
      default:
        // In `text` some character references are resolved already, others not; `raw` has them all.
        return 'tokens' in token && token.tokens ? this.inlines(token.tokens) : [textNode(this.text(token.raw))];
    }
  }

  private wrapped(type: 'strong' | 'emphasis' | 'strike', token: Tokens.Strong | Tokens.Em | Tokens.Del): Inline[] {
    const inlines = this.inlines(token.tokens);
    return inlines.length > 0 ? [{ type, inlines }] : [];
  }

  private link(token: Tokens.Link | Tokens.Image): Inline[] {
    // In an autolink the target is literal; elsewhere character references are resolved.
    const isLiteral = token.type === 'link' && token.autolink === true;
    const inlines = isLiteral ? [textNode(this.literal(token.text))] : this.inlines(token.tokens);
    const href = this.literal(isLiteral ? token.href : decodeReferences(token.href))
      .trim()
      .replaceAll(' ', '%20');
    if (/^(?:https?:\/\/|mailto:)[^\s\p{Cc}]+$/iu.test(href)) return [{ type: 'link', href, inlines }];
    return inlines;
  }

  /** Spaces around a line break of the source mean nothing; those that a value brought stand as marks by now. */
  private text(source: string): string {
    const lines = source.includes('\n') ? source.replace(/[ \t]*\n[ \t]*/g, '\n') : source;
    return this.literal(decodeReferences(lines));
  }
}

function joined(nodes: readonly Inline[]): Inline[] {
  const out: Inline[] = [];
  for (const node of nodes) {
    const last = out.at(-1);
    if (node.type !== 'text') out.push(node);
    else if (last?.type === 'text') out[out.length - 1] = textNode(last.text + node.text);
    else if (node.text !== '') out.push(node);
  }
  return out;
}
