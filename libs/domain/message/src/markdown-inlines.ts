import { textOf, type Inline } from './tree.ts';

/** A piece of a line of Markdown: `raw` is markup as it stands, the rest is text that still needs escapes. */
interface Segment {
  raw: boolean;
  text: string;
}

const punctuation = /[\p{P}\p{S}]/u;
const word = /[\p{L}\p{N}]/u;

/**
 * Lays inlines out as segments. Emphasis that CommonMark would not read back as such (6.2, the flanking rules) is
 * dropped and its text kept. With `oneLine`, code that holds a line break or a pipe becomes text.
 */
export function flatten(nodes: readonly Inline[], oneLine: boolean): Segment[] {
  const line = new Line(oneLine);
  line.add(nodes, '');
  return line.segments;
}

class Line {
  readonly segments: Segment[] = [];
  private readonly oneLine: boolean;

  constructor(oneLine: boolean) {
    this.oneLine = oneLine;
  }

  /** Adds nodes; `after` is the character that follows the last of them, empty at the end. */
  add(nodes: readonly Inline[], after: string): void {
    nodes.forEach((node, index) => {
      const next = index + 1 < nodes.length ? firstChar(nodes[index + 1]!) || after : after;
      this.addNode(node, next);
    });
  }

  private addNode(node: Inline, after: string): void {
    switch (node.type) {
      case 'text':
        return this.push(false, node.text);
      case 'code':
        return this.addCode(node.text);
      case 'link':
        return this.addLink(node.href, node.inlines);
      default:
        return this.addEmphasis(node.type, node.inlines, after);
    }
  }

  private addCode(text: string): void {
    const lines = text.split('\n');
    if (this.oneLine && (lines.length > 1 || text.includes('|'))) return this.push(false, text);
    lines.forEach((line, index) => {
      if (index > 0) this.push(false, '\n');
      // Two spans side by side would read as one with a longer fence.
      if (line.trim() === '' || this.last() === '`') this.push(false, line);
      else this.push(true, codeSpan(line));
    });
  }

  private addLink(href: string, inlines: readonly Inline[]): void {
    const target = href.replace(
      /[\\<>|()]/g,
      (char) => '%' + char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0'),
    );
    if (textOf(inlines) === href && target === href) return this.push(true, `<${href}>`);
    // An exclamation mark before the bracket is seen as text and escaped there.
    this.push(true, '[');
    this.add(inlines, ']');
    this.push(true, `](${target.replace(/&(?=#?\w+;)/g, '&amp;')})`);
  }

  private addEmphasis(type: 'strong' | 'emphasis' | 'strike', inlines: Inline[], after: string): void {
    const delimiter = this.delimiter(type, after);
    if (!delimiter || !this.wouldRead(delimiter, inlines, after)) return this.add(inlines, after);
    this.push(true, delimiter);
    this.add(inlines, delimiter);
    this.push(true, delimiter);
  }

  private delimiter(type: 'strong' | 'emphasis' | 'strike', after: string): string {
    if (type !== 'emphasis') return type === 'strong' ? '**' : '~~';
    return word.test(this.last()) || word.test(after) || after === '~' ? '*' : '_';
  }

  /** Follows the flanking rules, and keeps delimiters of the same kind from touching. */
  private wouldRead(delimiter: string, inlines: readonly Inline[], after: string): boolean {
    const text = textOf(inlines);
    const first = edgeOf(inlines[0]!, text, 0);
    const last = edgeOf(inlines.at(-1)!, text, -1);
    const before = this.last();
    if (text === '' || /^\s|\s$/.test(text) || before === delimiter[0] || after[0] === delimiter[0]) return false;
    // A literal sign beside its delimiter is legal, but not every reader counts the run as it should.
    if (text.startsWith(delimiter[0]!) || text.endsWith(delimiter[0]!)) return false;
    return opens(first, before) && opens(last, after);
  }

  private push(raw: boolean, text: string): void {
    if (text !== '') this.segments.push({ raw, text });
  }

  private last(): string {
    return lastChar(this.segments.at(-1)?.text ?? '');
  }
}

/**
 * A delimiter beside punctuation on its inner side needs a space, punctuation or nothing on its outer side. Readers
 * with strikethrough do not count the tilde as punctuation.
 */
function opens(inner: string, outer: string): boolean {
  return !punctuation.test(inner) || outer === '' || /\s/.test(outer) || (outer !== '~' && punctuation.test(outer));
}

function edgeOf(node: Inline, text: string, at: 0 | -1): string {
  if (node.type !== 'text') return '*';
  return at === 0 ? String.fromCodePoint(text.codePointAt(0) ?? 0) : lastChar(text);
}

/** Emphasis and code count as their text, since they may turn out to be written as that. */
function firstChar(node: Inline): string {
  if (node.type === 'link') return '[';
  if (node.type === 'strike') return '~';
  if ('inlines' in node) return node.inlines[0] ? firstChar(node.inlines[0]) : '';
  return node.text === '' ? '' : String.fromCodePoint(node.text.codePointAt(0)!);
}

function lastChar(text: string): string {
  return /[\uDC00-\uDFFF]$/.test(text) ? text.slice(-2) : text.slice(-1);
}

function codeSpan(text: string): string {
  const fence = '`'.repeat(Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length)) + 1);
  const isPadded = /^`|`$|^ .* $/.test(text);
  return isPadded ? `${fence} ${text} ${fence}` : fence + text + fence;
}
