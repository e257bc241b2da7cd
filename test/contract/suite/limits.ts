import { expect, it } from '@jest/globals';
import type { TextRules } from '#contract';
import { toDialect } from '#domain/message';
import type { Bench } from './bench.ts';
import { torture } from './texts.ts';

const sizes: Record<TextRules['unit'], (text: string) => number> = {
  codePoints: (text) => Array.from(text).length,
  utf16: (text) => text.length,
  utf8Bytes: (text) => Buffer.byteLength(text),
};

/** One grapheme of seven code points, which must not be cut in two. */
const family = '👨‍👩‍👧‍👦';

/** Cases about the size of a message: what `domain/message` makes of it, and that it arrives as made. */
export function describeLimits(bench: () => Bench): void {
  const rulesOf = (): TextRules => {
    const { text } = bench().adapter.manifest;
    return { ...text, maxChars: text.maxChars.value };
  };

  /** Sends what the courier would send for some Markdown, and answers the texts that were sent. */
  async function deliver(markdown: string): Promise<string[]> {
    const { parts } = toDialect({ markdown }, rulesOf());
    for (const [at, text] of parts.entries()) {
      expect(await bench().send({ text, part: { index: at + 1, of: parts.length } })).toMatchObject({
        kind: 'delivered',
      });
    }
    const lines = (text: string | undefined) => text?.split(/\r?\n/);
    expect(
      bench()
        .running.received()
        .map((message) => lines(message.text)),
    ).toEqual(parts.map(lines));
    return parts;
  }

  it('delivers a text of exactly the limit whole', async () => {
    const text = 'x'.repeat(rulesOf().maxChars);
    expect(await deliver(text)).toEqual([text]);
  });

  it('cuts or splits a text of one more than the limit, and stays within it', async () => {
    const { maxChars, unit, overflow } = rulesOf();
    const parts = await deliver('x'.repeat(maxChars + 1));
    expect(parts).toHaveLength(overflow === 'split' ? 2 : 1);
    for (const part of parts) expect(sizes[unit](part)).toBeLessThanOrEqual(maxChars);
    if (overflow === 'cut') expect(parts[0]).toMatch(/^x+…$/);
  });

  it('counts Cyrillic in the unit of the backend', async () => {
    const { maxChars, unit } = rulesOf();
    const [first] = await deliver('Ы'.repeat(maxChars));
    expect(sizes[unit](first!)).toBeLessThanOrEqual(maxChars);
    if (unit !== 'utf8Bytes') expect(first).toBe('Ы'.repeat(maxChars));
  });

  it('does not cut an emoji in two', async () => {
    const { maxChars, unit } = rulesOf();
    for (let room = 1; room <= sizes[unit](family); room += 1) {
      bench().running.reset();
      const parts = await deliver('x'.repeat(maxChars - room) + family + 'tail');
      for (const part of parts) {
        expect(sizes[unit](part)).toBeLessThanOrEqual(maxChars);
        expect(part.replaceAll(family, '')).not.toMatch(/[\p{Surrogate}\p{Extended_Pictographic}\u200d]/u);
      }
    }
  });

  it('delivers the torture of markup as harmless text: nothing is lost that a reader must see, nothing forged', async () => {
    const [text] = await deliver(torture);
    expect(text).toContain('alert(1)');
    expect(bench().running.received()).toHaveLength(1);
  });
}
