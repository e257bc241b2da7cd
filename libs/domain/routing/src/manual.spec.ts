import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { rule, trailOutcome } from '#contract';
import { checkRule } from '#domain/rules';

const manual = readFileSync(new URL('../../../../docs/routing.md', import.meta.url), 'utf8');
const examples = [...manual.matchAll(/```yaml\n([^`]+)```/g)].map((found) => found[1]!);
const references = {
  recipients: new Set(['anna']),
  groups: new Set(['managers', 'storekeepers']),
  schedules: new Set(['night']),
  backends: new Set(['mychat-hq']),
  templates: new Set(['stock-low']),
};

describe('the manual of routing', () => {
  it.each(examples)('shows a rule that can be saved: %s', (text) => {
    expect(checkRule(rule.parse(parse(text)), references)).toEqual([]);
  });

  it('shows only targets that there are', () => {
    const table = manual.slice(manual.indexOf('| `to` |'), manual.indexOf('**Groups**'));
    const targets = [...table.matchAll(/`([a-z]+:[^`]+)`/g)].map((found) => found[1]!);
    expect(targets.length).toBeGreaterThanOrEqual(9);
    expect(checkRule(rule.parse({ match: { type: ['x'] }, notify: [{ to: targets }] }), references)).toEqual([]);
  });

  it('names every outcome of a trail', () => {
    const named = [...manual.slice(manual.indexOf('| `outcome`')).matchAll(/^\| `(\w+)` \|/gm)].map(
      (found) => found[1],
    );
    expect(named.slice(1)).toEqual([...trailOutcome.options]);
  });
});
