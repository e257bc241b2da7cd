/** Pages that are made from the code are committed, and must be what the code makes. */
import { referenceFiles } from '#platform/reference';
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

describe('a generated page', () => {
  it.each(referenceFiles())('is up to date: $path (`npm run docs` writes it)', ({ path, text }) => {
    expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')).toBe(text);
  });
});
