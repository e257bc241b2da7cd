import type { Dialect, Message, TextRules } from '#contract';
import { fit, isWithin } from './fit.ts';
import { writeHtml } from './html.ts';
import { kept } from './locale.ts';
import { writeMarkdown } from './markdown.ts';
import { parseMarkdown } from './parse.ts';
import { writePlain } from './plain.ts';
import { singleLine } from './shorten.ts';
import { textNode, type Block } from './tree.ts';

/** Text in the dialect and size of a backend; several parts are to be sent in order. */
export interface FittedText {
  /** Only where the rules keep the title separate. */
  title?: string;
  /** At least one. */
  parts: string[];
}

const writers: Record<Dialect, (blocks: readonly Block[]) => string> = {
  plain: writePlain,
  markdown: writeMarkdown,
  html: writeHtml,
};

/** Anything that Markdown could take for markup; generous, as a miss costs only time. */
const perhapsMarkup = /[\\`*_[\]<>&|~#@=]|:\/\/|www\.|^[ \t]|^[-+:]|^\d+[.)]|[ \t\r\0]$/im;

/**
 * Turns a message into the dialect of a backend and brings it to its size. A title that goes inline stands above the
 * text, in bold where the dialect has bold. A message without text consists of its title.
 */
export function toDialect(message: Message, rules: TextRules): FittedText {
  const { markdown } = message;
  const title = message.title === undefined ? '' : singleLine(message.title);
  const isSeparate = rules.title === 'separate' && title !== '';
  const inline = isSeparate ? '' : title;
  const parts = quickPlain(inline, markdown, rules) ?? fitted(inline, markdown, rules);
  const isBlank = parts.length === 1 && parts[0] === '';
  if (!isSeparate) return { parts };
  return { title, parts: isBlank ? fitted(title, '', rules) : parts };
}

function fitted(title: string, markdown: string, rules: TextRules): string[] {
  const text = treeOf(markdown);
  const blocks: readonly Block[] = title === '' ? text : [{ type: 'title', inlines: [textNode(title)] }, ...text];
  const { maxChars, unit, overflow } = rules;
  return fit(blocks, { write: writers[rules.dialect], maxChars, unit, overflow });
}

/** The last few long texts: a message to a group is read once, not once for each of its members. */
const longTrees = new Map<string, readonly Block[]>();

const longText = { fromChars: 2000, keep: 16 };

function treeOf(markdown: string): readonly Block[] {
  if (markdown.length < longText.fromChars) return parseMarkdown(markdown);
  return kept(longTrees, markdown, () => parseMarkdown(markdown), longText.keep);
}

/** Most messages are a few lines without any markup: as plain text they are what they are. */
function quickPlain(title: string, markdown: string, rules: TextRules): string[] | undefined {
  if (rules.dialect !== 'plain' || perhapsMarkup.test(markdown)) return undefined;
  const body = markdown.replace(/\n{3,}/g, '\n\n').replace(/^\n+|\n+$/g, '');
  const text = title === '' || body === '' ? title + body : `${title}\n${body}`;
  return isWithin(text, rules) ? [text] : undefined;
}
