import { describe, expect, it } from '@jest/globals';
import type { Template } from '#contract';
import { planEvent } from './plan.ts';
import { addresses, bookOf, event, plan, tell, type Parts } from './spec-world.ts';

describe('whom a rule tells', () => {
  it('tells a recipient at the first address, with the other existing ones as fallbacks for five minutes each', () => {
    const { rules, deliveries, notes } = plan({ rules: { r: tell(['recipient:anna']) } });
    expect({ rules, notes }).toEqual({ rules: ['r'], notes: [] });
    expect(deliveries).toMatchObject([
      {
        rule: 'r',
        recipient: 'anna',
        backend: 'inbox',
        to: 'anna',
        toKind: 'person',
        fallbacks: [
          { backend: 'mychat-hq', to: '17' },
          { backend: 'mychat-hq', to: '18' },
        ],
        giveUpSeconds: 300,
      },
    ]);
  });

  it('follows the order of `via`, and the patience that the rule asks for', () => {
    const { deliveries } = plan({
      rules: { r: tell(['recipient:anna'], { via: ['gone', 'mychat-hq', 'inbox'], fallbackAfterSeconds: 20 }) },
    });
    expect(addresses(deliveries)).toEqual(['anna mychat-hq/17']);
    expect(deliveries[0]).toMatchObject({
      fallbacks: [
        { backend: 'mychat-hq', to: '18' },
        { backend: 'inbox', to: 'anna' },
      ],
      giveUpSeconds: 20,
    });
  });

  it('tells all addresses with strategy `all`, without fallbacks', () => {
    const { deliveries } = plan({ rules: { r: tell(['recipient:anna'], { strategy: 'all' }) } });
    expect(addresses(deliveries)).toEqual(['anna inbox/anna', 'anna mychat-hq/17', 'anna mychat-hq/18']);
    expect(deliveries.every((one) => one.fallbacks.length === 0 && !('giveUpSeconds' in one))).toBe(true);
  });

  it('tells the members that a group names and those who name the group', () => {
    const { deliveries, notes } = plan({ rules: { r: tell(['group:storekeepers']) } });
    expect(addresses(deliveries)).toEqual(['boris inbox/boris', 'anna inbox/anna']);
    expect(notes).toEqual(['Rule r: there is no recipient fred.']);
  });

  it('tells rooms, and recipients that the event names', () => {
    const { deliveries } = plan({
      rules: { r: tell(['room:mychat-hq/{{ data.room }}', 'recipient: {{ data.manager }} ']) },
    });
    expect(addresses(deliveries)).toEqual(['room mychat-hq/Склад', 'boris inbox/boris']);
    expect(deliveries[0]).not.toHaveProperty('recipient');
  });

  it('says in a note whom it could not tell, and tells the others', () => {
    const to = [
      'recipient:nobody',
      'group:gone',
      'group:nobody',
      'room:irc/x',
      'recipient:{{ data.none }}',
      'recipient:dora',
      'recipient:emil',
      'recipient:boris',
    ];
    const { deliveries, notes } = plan({
      rules: { r: tell(to), s: tell(['recipient:boris'], { via: ['mychat-hq'] }) },
    });
    expect(addresses(deliveries)).toEqual(['boris inbox/boris']);
    expect(notes).toEqual([
      'Rule r: there is no recipient nobody.',
      'Rule r: there is no group gone.',
      'Rule r: the group nobody has no members.',
      'Rule r: there is no backend irc for the room x.',
      expect.stringMatching(
        /^Rule r: nobody was told by recipient:\{\{ data\.none \}\}, which gave "recipient:": it names no recipient/,
      ),
      'Rule r: dora has only addresses on backends that do not exist (gone).',
      'Rule r: emil has no address.',
      'Rule s: boris has no address on mychat-hq.',
    ]);
  });

  it('tells one address of an event once, and notes which rule told it', () => {
    const { rules, deliveries, notes } = plan({
      rules: {
        a: tell(['recipient:boris', 'room:mychat-hq/x']),
        b: tell(['group:storekeepers', 'room:mychat-hq/x', 'room:inbox/boris']),
      },
    });
    expect(rules).toEqual(['a', 'b']);
    expect(addresses(deliveries)).toEqual([
      'boris inbox/boris',
      'room mychat-hq/x',
      'anna inbox/anna',
      'room inbox/boris',
    ]);
    expect(notes).toContain('Rule b: boris (boris on inbox) is already told by rule a.');
    expect(notes).toContain('Rule b: the room x on mychat-hq is already told by rule a.');
  });

  it('keeps no more notes than anyone would read', () => {
    const to = Array.from({ length: 300 }, (_, index) => `recipient:p${index}`);
    const { notes } = plan({ rules: { r: tell(to) } });
    expect(notes).toHaveLength(101);
    expect(notes[100]).toBe('And 200 more notes of this kind.');
  });

  it('notes a rule whose `when` could not be evaluated', () => {
    const { rules, notes } = plan({ rules: { r: { ...tell(['recipient:anna']), when: 'data.gone > 1' } } });
    expect({ rules, notes }).toEqual({
      rules: [],
      notes: ['Rule r did not match: when could not be evaluated: No such key: gone.'],
    });
  });
});

describe('what a delivery carries', () => {
  const template: Template = {
    title: 'Low: {{ data.sku }}',
    text: 'Only {{ data.qty }} left{% if recipient %}, {{ recipient.displayName }}{% endif %}.',
    locales: { ru: { text: 'Осталось {{ data.qty }}.' } },
  };

  it('carries the template in the words of each reader', () => {
    const { deliveries } = plan({
      rules: { r: tell(['recipient:anna', 'recipient:boris', 'room:mychat-hq/x'], { template: 'low' }) },
      templates: { low: template },
    });
    expect(deliveries.map((one) => one.message)).toEqual([
      { title: 'Low: 4711', markdown: 'Осталось 3.' },
      { title: 'Low: 4711', markdown: 'Only 3 left, Boris.' },
      { title: 'Low: 4711', markdown: 'Only 3 left.' },
    ]);
  });

  it('carries a readable text of the event where there is no template, in the time zone of the reader', () => {
    const { deliveries } = plan({ rules: { r: tell(['recipient:anna', 'recipient:boris']) } });
    expect(deliveries[0]?.message.markdown).toMatch(/Europe/);
    expect(deliveries[1]?.message.markdown).toMatch(/UTC/);
  });

  it('falls back to the plain text with a note when a template is missing or fails', () => {
    const book = bookOf({
      rules: { a: tell(['recipient:anna'], { template: 'gone' }), b: tell(['recipient:boris'], { template: 'low' }) },
    });
    const failing = {
      compiled: {
        render: (): never => {
          throw new Error('boom\nat line 1');
        },
      },
      personal: true,
    };
    const { deliveries, notes } = planEvent({ ...book, templates: new Map([['low', failing]]) }, event);
    expect(deliveries.map((one) => one.message.title)).toEqual(['stock.low: sku/4711', 'stock.low: sku/4711']);
    expect(notes).toEqual([
      'Rule a: there is no working template gone, so the plain text of the event was sent.',
      'Rule b: the template low failed (boom), so the plain text of the event was sent.',
    ]);
  });

  it('carries the correlation key of the rule, else that of the event', () => {
    const key = (rule: object, given = event): unknown =>
      plan({ rules: { r: { ...tell(['recipient:anna']), ...rule } } }, given).deliveries[0]?.correlationKey;
    expect(key({ correlate: 'stock/{{ data.sku }}' })).toBe('stock/4711');
    expect(key({})).toBe('from-event');
    expect(key({ correlate: '{{ data.none }}' })).toBe('from-event');
    expect(key({}, { ...event, correlationKey: undefined })).toBeUndefined();
  });

  it('carries the retry policy of the rule over that of the backend', () => {
    const backends = { inbox: { type: 'inbox', retry: { scheduleSeconds: [1], maxAgeSeconds: 60 } } };
    const retry = (parts: Parts): unknown => plan(parts).deliveries[0]?.retry;
    expect(retry({ backends, rules: { r: { ...tell(['recipient:anna']), retry: { maxAgeSeconds: 5 } } } })).toEqual({
      scheduleSeconds: [1],
      maxAgeSeconds: 5,
    });
    expect(retry({ backends, rules: { r: tell(['recipient:anna']) } })).toEqual({
      scheduleSeconds: [1],
      maxAgeSeconds: 60,
    });
    expect(retry({ rules: { r: tell(['recipient:anna']) } })).toBeUndefined();
  });
});

describe('a book with faults', () => {
  it('leaves out what does not compile, lists it, and routes by the rest', () => {
    const book = bookOf({
      rules: {
        bad: { match: { typo: ['a'] }, ...tell(['recipient:anna']) },
        good: tell(['recipient:boris'], { template: 'broken' }),
      },
      templates: { broken: { text: '{{ data.qty' } },
    });
    expect(book.faults.map(({ kind, slug }) => `${kind} ${slug}`)).toEqual(['rule bad', 'template broken']);
    const planned = planEvent(book, event);
    expect(planned.rules).toEqual(['good']);
    expect(addresses(planned.deliveries)).toEqual(['boris inbox/boris']);
    expect(planned.notes).toEqual([
      'Rule good: there is no working template broken, so the plain text of the event was sent.',
    ]);
  });
});
