import { describe, expect, it } from '@jest/globals';
import { rule as ruleSchema, type Rule } from '#contract';
import { checkRule, type RuleReferences } from './check-rule.ts';

const references: RuleReferences = {
  recipients: new Set(['anna']),
  groups: new Set(['storekeepers']),
  backends: new Set(['mychat-hq', 'email']),
  templates: new Set(['stock-low']),
};

function ruleOf(more: Record<string, unknown>): Rule {
  return ruleSchema.parse({ match: { type: ['a'] }, notify: [{ to: ['recipient:anna'] }], ...more });
}

describe('checkRule', () => {
  it('accepts a rule whose every part can work', () => {
    const rule = ruleOf({
      when: 'data.qty < data.minQty',
      notify: [
        {
          to: [
            'group:storekeepers',
            'recipient:{{ data.managerId }}',
            'room:mychat-hq/Склад',
            'room:mychat-hq/{{ data.room }}',
            'room:{{ data.b }}/x',
          ],
          via: ['mychat-hq', 'email'],
          template: 'stock-low',
        },
      ],
      correlate: 'stock/{{ data.sku }}',
    });
    expect(checkRule(rule, references)).toEqual([]);
  });

  it('points at every part that cannot work, and says what to do', () => {
    const rule = ruleOf({
      match: { kind: ['a'] },
      when: 'data.qty <',
      notify: [
        { to: ['recipient:boris', 'group:drivers', 'room:irc/x'] },
        {
          to: ['anna', 'recipient:', 'room:mychat-hq', 'room:/x', 'person:anna'],
          via: ['email', 'sms'],
          template: 'gone',
        },
        { to: ['recipient:{{ data.id', '{{ data.to }}', 'room:irc/{{ data.room }}'] },
      ],
      correlate: '{{ data.sku',
    });
    const faults = checkRule(rule, references);
    expect(faults.map((fault) => fault.pointer)).toEqual([
      '/match/kind',
      '/when',
      '/notify/0/to/0',
      '/notify/0/to/1',
      '/notify/0/to/2',
      '/notify/1/to/0',
      '/notify/1/to/1',
      '/notify/1/to/2',
      '/notify/1/to/3',
      '/notify/1/to/4',
      '/notify/1/via/1',
      '/notify/1/template',
      '/notify/2/to/0',
      '/notify/2/to/1',
      '/notify/2/to/2',
      '/correlate',
    ]);
    const detail = (pointer: string): string | undefined => faults.find((fault) => fault.pointer === pointer)?.detail;
    expect(detail('/notify/0/to/0')).toBe(
      'names the recipient boris, which does not exist; create it first, or correct the name',
    );
    expect(detail('/notify/0/to/2')).toMatch(/names the backend irc/);
    expect(detail('/notify/1/to/0')).toMatch(/must be recipient:<slug>, group:<slug> or room:<backend>\/<address>/);
    expect(detail('/notify/1/to/1')).toMatch(/names no recipient/);
    expect(detail('/notify/1/to/2')).toMatch(/room:mychat-hq\/Sales/);
    expect(detail('/notify/1/via/1')).toMatch(/names the backend sms/);
    expect(detail('/notify/1/template')).toMatch(/names the template gone/);
    expect(detail('/notify/2/to/1')).toMatch(/must begin with recipient:/);
  });
});
