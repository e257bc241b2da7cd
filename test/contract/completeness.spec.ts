import { describe, expect, it } from '@jest/globals';
import { defineAdapter, delivered, type Manifest } from '#backends/kit';
import { allAdapters } from '#backends/registry';
import { simulators } from '#testing/simulators';
import { z } from 'zod';
import { findGaps } from './completeness.ts';

const settings = z.strictObject({});
const manifest: Manifest<typeof settings> = {
  type: 'pigeon',
  label: 'Pigeon',
  docsUrl: 'https://example.com',
  settings,
  address: { description: 'A loft.', example: 'north' },
  text: {
    dialect: 'plain',
    title: 'inline',
    maxChars: { value: 20, source: 'a leg' },
    unit: 'codePoints',
    overflow: 'cut',
  },
  limits: { concurrency: 1, timeoutMs: 1000 },
  abilities: ['person'],
  offline: 'lost',
  dedupe: 'none',
};
const pigeon = defineAdapter({ manifest, send: () => Promise.resolve(delivered()) });

describe('the completeness check', () => {
  it('finds every backend type of the registry simulated', () => {
    expect(findGaps(allAdapters(), simulators)).toEqual([]);
  });

  it('names a backend type that was registered without a simulator', () => {
    const gaps = findGaps([...allAdapters(), pigeon], simulators);
    expect(gaps).toEqual(['pigeon: no simulator; add one to libs/testing/simulators and to its list']);
  });

  it('names a simulator whose backend type is gone, and a type registered twice', () => {
    const [first, ...others] = allAdapters();
    const type = first!.manifest.type;
    expect(findGaps(others, simulators)).toEqual([`${type}: simulated, but not in the registry`]);
    expect(findGaps([first!, ...allAdapters()], simulators)).toEqual([`${type}: registered twice`]);
  });
});
