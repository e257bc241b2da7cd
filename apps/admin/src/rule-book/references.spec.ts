import type { Group, Recipient, Rule } from '#contract';
import { emptyBook, type StoredBook } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import {
  cycleOf,
  missing,
  namesIn,
  referencesOfGroup,
  referencesOfRecipient,
  referencesOfRule,
  referencesOfSchedule,
  referencesOfSettings,
  referrersOf,
} from './references.ts';

const step = (to: string[], extras = {}): Rule['notify'][number] => ({ to, strategy: 'first', ...extras });
const rule = (...notify: Rule['notify']): Rule => ({ enabled: true, match: {}, notify });
const anna: Recipient = { displayName: 'Anna', addresses: [{ backend: 'home', to: 'anna' }], groups: ['packers'] };
const book = (parts: Partial<StoredBook> = {}): StoredBook => ({ ...emptyBook(), ...parts });

describe('the references of a definition', () => {
  it('of a rule are its targets, its backends and its templates, each with its place', () => {
    const found = referencesOfRule(
      rule(step(['group:packers']), step(['recipient:anna', 'room:hall/Склад 1'], { via: ['home'], template: 'low' })),
    );
    expect(found).toEqual([
      { noun: 'group', slug: 'packers', pointer: '/notify/0/to/0' },
      { noun: 'recipient', slug: 'anna', pointer: '/notify/1/to/0' },
      { noun: 'backend', slug: 'hall', pointer: '/notify/1/to/1' },
      { noun: 'backend', slug: 'home', pointer: '/notify/1/via/0' },
      { noun: 'template', slug: 'low', pointer: '/notify/1/template' },
    ]);
  });

  it('of a rule are none where Liquid or nonsense stands', () => {
    expect(referencesOfRule(rule(step(['recipient:{{ data.managerId }}', 'somebody'])))).toEqual([]);
  });

  it('of a recipient are backends and groups, of a group its members', () => {
    expect(referencesOfRecipient(anna)).toEqual([
      { noun: 'backend', slug: 'home', pointer: '/addresses/0/backend' },
      { noun: 'group', slug: 'packers', pointer: '/groups/0' },
    ]);
    expect(referencesOfGroup({ members: ['anna'] })).toEqual([
      { noun: 'recipient', slug: 'anna', pointer: '/members/0' },
    ]);
    expect(referencesOfGroup({} as Group)).toEqual([]);
  });
});

describe('names that lead nowhere', () => {
  it('are faults at their place, for the noun that was asked for', () => {
    const faults = missing('backend', referencesOfRecipient(anna), book());
    expect(faults).toEqual([{ pointer: '/addresses/0/backend', detail: expect.stringContaining('home') }]);
    const backends = new Map([['home', { type: 'inbox', settings: {} }]]);
    expect(missing('backend', referencesOfRecipient(anna), book({ backends }))).toEqual([]);
  });

  it('are never groups that a recipient names: those come into being by it', () => {
    expect(namesIn(book({ recipients: new Map([['anna', anna]]) })).groups).toEqual(new Set(['packers']));
  });
});

describe('the referrers of a definition', () => {
  const full = book({
    rules: new Map([['low', rule(step(['group:packers'], { template: 'low' }))]]),
    recipients: new Map([['anna', anna]]),
    groups: new Map([['packers', { members: ['anna'] }]]),
  });

  it.each([
    ['template', 'low', ['/rules/low/notify/0/template']],
    ['group', 'packers', ['/rules/low/notify/0/to/0', '/recipients/anna/groups/0']],
    ['backend', 'home', ['/recipients/anna/addresses/0/backend']],
    ['recipient', 'anna', ['/groups/packers/members/0']],
    ['backend', 'other', []],
    ['rule', 'low', []],
  ] as const)('of the %s %s are found', (noun, slug, pointers) => {
    expect(referrersOf(noun, slug, full).map((fault) => fault.pointer)).toEqual(pointers);
  });
});

describe('the references of schedules, settings and steps that come otherwise', () => {
  it('are found with their places', () => {
    const every = { count: 1, unit: 'weeks' } as const;
    const schedule = {
      timeZone: 'UTC',
      rotations: [{ members: ['anna'], starts: '2026-11-02T09:00', every }],
      overrides: [{ from: '2026-11-20T18:00', to: '2026-11-21T09:00', members: [] }],
      holidays: [{ date: '2027-01-01' }, { date: '2027-01-02', members: ['anna', 'boris'] }],
    };
    expect(referencesOfSchedule(schedule).map(({ slug, pointer }) => [slug, pointer])).toEqual([
      ['anna', '/rotations/0/members/0'],
      ['anna', '/holidays/1/members/0'],
      ['boris', '/holidays/1/members/1'],
    ]);
    expect(referencesOfSettings({ catchAll: [step(['schedule:night', 'role:boss'])] })).toEqual([
      { noun: 'schedule', slug: 'night', pointer: '/catchAll/0/to/0' },
    ]);
    const otherwise = { ...rule(step(['attr:no=1'])), otherwise: [step(['group:all'], { template: 'low' })] };
    expect(referencesOfRule(otherwise).map(({ pointer }) => pointer)).toEqual([
      '/otherwise/0/to/0',
      '/otherwise/0/template',
    ]);
    expect(referencesOfGroup({ members: ['recipient:anna', 'group:x', 'role:y', 'schedule:z', 'room:a/b'] })).toEqual([
      { noun: 'recipient', slug: 'anna', pointer: '/members/0' },
      { noun: 'group', slug: 'x', pointer: '/members/1' },
      { noun: 'schedule', slug: 'z', pointer: '/members/3' },
    ]);
  });
});

describe('a group inside groups', () => {
  const groups = new Map<string, Group>([
    ['a', {}],
    ['b', { members: ['anna', 'group:c'] }],
    ['c', { members: ['group:d', 'group:a'] }],
    ['d', { members: ['group:b'] }],
  ]);

  it.each<[string, string[], string[] | undefined]>([
    ['a', ['group:b'], ['a', 'b', 'c', 'a']],
    ['a', ['group:a'], ['a', 'a']],
    ['a', ['anna', 'group:nowhere'], undefined],
    ['e', ['group:b'], undefined],
  ])('is found to hold itself, or not: %s with %j', (slug, members, way) => {
    expect(cycleOf(slug, { members }, groups)).toEqual(way);
  });
});
