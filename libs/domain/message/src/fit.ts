/** Brings a message to the size that a backend takes: one part, a cut one, or several numbered ones. */
import type { TextRules } from '#contract';
import { graphemeFloor, isPair } from './shorten.ts';
import { appended, blockEnd, flattened, outlineOf, sliceBlocks, type Halves } from './slice.ts';
import type { Block } from './tree.ts';

/** What a fit depends on: how the tree is written, and how long a text may be, in `unit`. */
interface Frame extends Pick<TextRules, 'maxChars' | 'unit' | 'overflow'> {
  write: (blocks: readonly Block[]) => string;
}

/** Most parts of one message; the last one is cut. A wall of text should not become a thousand SMS. */
export const maxParts = 100;

const ellipsis = '…';

/** Tells whether a text is within a size, without counting where the length alone says so. */
export function isWithin(text: string, { maxChars, unit }: Pick<TextRules, 'maxChars' | 'unit'>): boolean {
  if (text.length * 3 <= maxChars) return true;
  return sizeOf(text, unit) <= maxChars;
}

/** The length of a text in a unit. */
export function sizeOf(text: string, unit: TextRules['unit']): number {
  if (unit === 'utf16') return text.length;
  if (unit === 'utf8Bytes') return Buffer.byteLength(text, 'utf8');
  let pairs = 0;
  for (let at = 0; at < text.length - 1; at++) if (isPair(text, at)) pairs++;
  return text.length - pairs;
}

/** Writes a tree as the parts that fit the frame; several end with ` 1/3` and so on, a cut one with `…`. */
export function fit(blocks: readonly Block[], frame: Frame): string[] {
  const whole = frame.write(blocks);
  if (isWithin(whole, frame)) return [whole];
  if (frame.overflow === 'cut') return [frame.write(cut(blocks, frame, ellipsis))];
  for (const digits of [1, 2, 3]) {
    const parts = split(blocks, frame, digits);
    if (parts) return parts.map((part, index) => frame.write(appended(part, ` ${index + 1}/${parts.length}`)));
  }
  throw new Error('more parts than maxParts'); // Three digits number maxParts, so this is not reached.
}

function cut(blocks: readonly Block[], frame: Frame, ending: string): Block[] {
  return appended(take(blocks, frame, ending, 'tight').head, ending);
}

/** Splits into parts that leave room for marks of so many digits; nothing when that many digits do not suffice. */
function split(blocks: readonly Block[], frame: Frame, digits: number): Block[][] | undefined {
  const widest = ` ${'9'.repeat(digits)}/${'9'.repeat(digits)}`;
  const parts: Block[][] = [];
  let rest = blocks;
  while (rest.length > 0) {
    if (parts.length + 1 >= 10 ** digits) return undefined;
    if (mayFit(rest, frame) && isWithin(frame.write(appended(rest, widest)), frame)) return [...parts, [...rest]];
    if (parts.length + 1 === maxParts)
      return [...parts, cut(rest, { ...frame, maxChars: frame.maxChars - widest.length }, ellipsis)];
    const { head, tail } = take(rest, frame, widest, 'sensible');
    if (head.length > 0) parts.push(head);
    rest = tail;
  }
  return parts;
}

type Manner = 'tight' | 'sensible';

/** Two units of the outline, a surrogate pair, make at least one unit of any size; some slack for what is trimmed. */
function mostUnits(frame: Frame): number {
  return frame.maxChars * 2 + 64;
}

/** Rules out the hopeless without writing it. */
function mayFit(blocks: readonly Block[], frame: Frame): boolean {
  return outlineOf(blocks).length <= mostUnits(frame);
}

/** Takes as much from the front as fits together with its ending; at least something. */
function take(blocks: readonly Block[], frame: Frame, ending: string, manner: Manner): Halves<Block> {
  const outline = outlineOf(blocks);
  let low = 0;
  let high = Math.min(outline.length, mostUnits(frame));
  const candidates = sliceBlocks(blocks, high).head;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isWithin(frame.write(appended(sliceBlocks(candidates, middle).head, ending)), frame)) low = middle;
    else high = middle - 1;
  }
  // An escape more or less at the cut can make the size jump by a little, so a few shorter ones are tried.
  for (let position = low; position > Math.max(0, low - 64); position--) {
    const halves = sliceBlocks(blocks, place(outline, position, manner));
    if (halves.head.length === 0) break;
    if (isWithin(frame.write(appended(halves.head, ending)), frame)) return halves;
  }
  return takeBare(blocks, frame, ending, manner);
}

/** Where nothing fits with its markup: drops that, and in the end cuts inside a cluster, or passes over a character. */
function takeBare(blocks: readonly Block[], frame: Frame, ending: string, manner: Manner): Halves<Block> {
  const [first, ...rest] = blocks as [Block, ...Block[]];
  const isBare = first.type === 'paragraph' && first.inlines.every((node) => node.type === 'text');
  if (!isBare) return take([flattened(first), ...rest], frame, ending, manner);
  const outline = outlineOf([first]);
  const halves = sliceBlocks(blocks, isPair(outline, 0) ? 2 : 1);
  const fits = isWithin(frame.write(appended(halves.head, ending)), frame);
  return fits ? halves : { head: [], tail: manner === 'tight' ? [] : halves.tail };
}

/** The best place to cut at or before a position: the end of a block, of a line, of a word, or of a grapheme. */
function place(outline: string, position: number, manner: Manner): number {
  if (position >= outline.length) return position;
  const near = manner === 'tight' ? [32, 32, 32] : [position * 0.5, position * 0.5, position * 0.7];
  const endings = [new RegExp(blockEnd), /\n/, /\s/];
  for (const [index, ending] of endings.entries()) {
    const found = lastMatch(outline, position, position - near[index]!, ending);
    if (found > 0) return found;
  }
  return graphemeFloor(outline, position);
}

/** Position of the last character that fits the pattern, at or before `from` and after `down`; -1 for none. */
function lastMatch(text: string, from: number, down: number, pattern: RegExp): number {
  for (let at = from; at > down && at > 0; at--) if (pattern.test(text[at]!)) return at;
  return -1;
}
