import { describe, expect, it } from '@jest/globals';
import { rule as ruleSchema, type Rule } from '#contract';
import { checkMembers, checkRule, checkSteps, type RuleReferences } from './check-rule.ts';

const references: RuleReferences = {
  recipients: new Set(['anna']),
  groups: new Set(['storekeepers']),
  schedules: new Set(['night']),
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
            'role:nobody has it yet',
            'role:{{ data.role }}',
            'schedule:night',
            'attr:employeeNo=0815',
            'attr: employeeNo = {{ data.no }}',
            'followers:{{ subject }}',
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
    expect(detail('/notify/1/to/0')).toMatch(
      /^must be recipient:<slug>, group:<slug>, role:<role>, .* or room:<backend>\/<address>$/,
    );
    expect(detail('/notify/1/to/1')).toMatch(/names no recipient/);
    expect(detail('/notify/1/to/2')).toMatch(/room:mychat-hq\/Sales/);
    expect(detail('/notify/1/via/1')).toMatch(/names the backend sms/);
    expect(detail('/notify/1/template')).toMatch(/names the template gone/);
    expect(detail('/notify/2/to/1')).toMatch(/must begin with recipient:/);
  });

  it.each([
    ['schedule:gone', /names the schedule gone, which does not exist/],
    ['schedule:', /names no schedule after the colon/],
    ['role:', /names no role after the colon/],
    ['role:{a', /role of 1 to 128 characters without braces, such as role:storekeeper/],
    ['attr:employeeNo', /as attr:<name>=<value>, such as attr:employeeNo=0815/],
    ['attr:1=x', /as attr:<name>=<value>/],
    ['attr:employeeNo=', /as attr:<name>=<value>/],
    ['attr:{{ data.name }}=1', /must name the attribute before any Liquid/],
    ['attr:no good={{ data.no }}', /must name the attribute before any Liquid/],
    ['followers: ', /names no subject after the colon/],
  ])('refuses %s with the remedy, in `otherwise` as in `notify`', (to, detail) => {
    const faults = checkRule(
      ruleOf({ notify: [{ to: [to] }], otherwise: [{ to: ['recipient:anna', to] }] }),
      references,
    );
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/notify/0/to/0', '/otherwise/0/to/1']);
    for (const fault of faults) expect(fault.detail).toMatch(detail);
  });

  it('checks notify steps wherever they stand, and the members of groups', () => {
    const steps = ruleOf({ notify: [{ to: ['recipient:boris'], via: ['sms'], template: 'gone' }] }).notify;
    expect(checkSteps(steps, '/catchAll', references).map(({ pointer }) => pointer)).toEqual([
      '/catchAll/0/to/0',
      '/catchAll/0/via/0',
      '/catchAll/0/template',
    ]);
    const members = ['anna', 'recipient:anna', 'group:storekeepers', 'role:any', 'schedule:night'];
    expect(
      checkMembers([...members, 'boris', 'group:gone', 'room:email/x', 'role:', 'a:b'], '/members', references),
    ).toEqual([
      { pointer: '/members/5', detail: expect.stringMatching(/names the recipient boris/) },
      { pointer: '/members/6', detail: expect.stringMatching(/names the group gone/) },
      { pointer: '/members/7', detail: expect.stringMatching(/^must be a recipient by slug, or group:<slug>/) },
      { pointer: '/members/8', detail: expect.stringMatching(/names no role/) },
      { pointer: '/members/9', detail: expect.stringMatching(/^must be a recipient by slug/) },
    ]);
    expect(checkMembers(undefined, '/members', references)).toEqual([]);
  });
});
