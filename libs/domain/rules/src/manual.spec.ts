import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { EventFacts, Rule } from '#contract';
import { patternBounds, whenBounds } from './bounds.ts';
import { checkPattern, topFields } from './pattern.ts';
import { compileRules } from './rule-set.ts';

interface Example {
  match: Rule['match'];
  fits: Partial<EventFacts>[];
  misses?: Partial<EventFacts>[];
}

const manual = readFileSync(new URL('../PATTERNS.md', import.meta.url), 'utf8');
const examples = [...manual.matchAll(/```json example\n([^`]+)```/g)].map(
  (found) => JSON.parse(found[1] as string) as Example,
);
const blank: EventFacts = { id: '1', source: 'erp', type: 'a.b', time: '2026-11-20T10:00:00Z', data: {} };

describe('the manual of the pattern language', () => {
  it('has an example for every operator and every top-level idea', () => {
    expect(examples.length).toBeGreaterThanOrEqual(15);
  });

  it.each(examples.map((example) => [JSON.stringify(example.match), example] as const))(
    'tells the truth about %s',
    (_, example) => {
      expect(checkPattern(example.match)).toEqual([]);
      const rules = compileRules([['example', { match: example.match }]]);
      for (const event of example.fits) expect([event, rules.match({ ...blank, ...event }).length]).toEqual([event, 1]);
      for (const event of example.misses ?? [])
        expect([event, rules.match({ ...blank, ...event }).length]).toEqual([event, 0]);
    },
  );

  it('names the bounds and top-level fields as they are', () => {
    const text = manual.replaceAll(/\s+/g, ' ');
    for (const bound of Object.values(patternBounds)) expect(text).toContain(bound.toLocaleString('en'));
    for (const bound of [
      whenBounds.nodes,
      whenBounds.loops,
      whenBounds.steps,
      whenBounds.regexChars,
      whenBounds.regexSize,
    ])
      expect(text).toContain(bound.toLocaleString('en'));
    for (const field of topFields) expect(text).toContain(`\`${field}\``);
  });
});
