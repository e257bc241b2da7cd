import { describe, expect, it } from '@jest/globals';
import { explainAnswer, rule as ruleSchema, type Template } from '#contract';
import { explainEvent } from './explain.ts';
import { planEvent } from './plan.ts';
import { addresses, bookOf, circumstances, event, plan, tell, type Parts } from './spec-world.ts';

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
      rules: { r: tell(to), s: tell(['recipient:carl', 'recipient:anna'], { via: ['mychat-hq'] }) },
      recipients: { carl: {} },
    });
    expect(addresses(deliveries)).toEqual(['boris inbox/boris', 'anna mychat-hq/17']);
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
      'Rule s: carl has no address on mychat-hq.',
    ]);
  });

  it('keeps no more notes than anyone would read', () => {
    const to = Array.from({ length: 300 }, (_, index) => `recipient:p${index}`);
    const { notes } = plan({ rules: { r: tell(to) } });
    expect(notes).toHaveLength(103);
    expect(notes.slice(100)).toEqual([
      'Rule r found nobody (there is no recipient p0; there is no recipient p1; there is no recipient p2; …), and the book has no ' +
        '`catchAll`: nobody was told.',
      'The list of recipients ends after 200; 100 more are not in it.',
      'And 200 more notes of this kind.',
    ]);
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
    const { deliveries, notes } = planEvent({ ...book, templates: new Map([['low', failing]]) }, event, circumstances);
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

describe('what a delivery carries of the patience of its rule', () => {
  const to = ['recipient:anna', 'recipient:boris', 'room:mychat-hq/x'];

  it.each(['send', 'hold', 'fallback'] as const)(
    'carries `whenOffline: %s` for persons, never for rooms, beside the fallbacks as they are',
    (whenOffline) => {
      const asked = plan({ rules: { r: tell(to, { whenOffline, fallbackAfterSeconds: 20 }) } }).deliveries;
      const silent = plan({ rules: { r: tell(to, { fallbackAfterSeconds: 20 }) } }).deliveries;
      expect(asked.map((one) => one.whenOffline)).toEqual([whenOffline, whenOffline, undefined]);
      expect(asked.map(({ whenOffline: _, ...rest }) => rest)).toEqual(silent);
      expect(silent.some((one) => 'whenOffline' in one)).toBe(false);
      expect(asked[2]).not.toHaveProperty('whenOffline');
      expect(asked[0]).toMatchObject({ fallbacks: [{ to: '17' }, { to: '18' }], giveUpSeconds: 20 });
    },
  );

  it('keeps what each step of a rule says apart, also with strategy `all`', () => {
    const steps = [
      { to: ['recipient:anna'], strategy: 'all', whenOffline: 'hold' },
      { to: ['recipient:boris'], whenOffline: 'send' },
    ];
    const { deliveries } = plan({ rules: { r: { notify: steps } } });
    expect(deliveries.map((one) => one.whenOffline)).toEqual(['hold', 'hold', 'hold', 'send']);
  });

  it('carries how long the news is worth delivering, also to rooms, where the rule says so', () => {
    const { deliveries } = plan({
      rules: { a: { ...tell(to), validForSeconds: 90.5 }, b: tell(['room:mychat-hq/y']) },
    });
    expect(deliveries.map((one) => one.validForSeconds)).toEqual([90.5, 90.5, 90.5, undefined]);
    expect(deliveries[3]).not.toHaveProperty('validForSeconds');
  });

  it('is refused in a rule when it makes no sense', () => {
    const pointers = (candidate: object): string[] =>
      (ruleSchema.safeParse({ match: {}, ...candidate }).error?.issues ?? []).map((issue) => issue.path.join('/'));
    const month = 30 * 86_400;
    expect(pointers({ ...tell(to, { whenOffline: 'hold' }), validForSeconds: month })).toEqual([]);
    expect(pointers(tell(to, { whenOffline: 'later' }))).toEqual(['notify/0/whenOffline']);
    for (const validForSeconds of [0, -1, month + 1, '60']) {
      expect(pointers({ ...tell(to), validForSeconds })).toEqual(['validForSeconds']);
    }
  });

  it('is left out of explanations, which answer what they did before', () => {
    const book = bookOf({ rules: { r: { ...tell(to, { whenOffline: 'hold' }), validForSeconds: 60 } } });
    const answer = explainEvent(book, event, circumstances);
    expect(explainAnswer.parse(answer)).toEqual(answer);
    expect(answer.deliveries[0]).not.toHaveProperty('whenOffline');
    expect(answer.deliveries[0]).not.toHaveProperty('validForSeconds');
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
    const planned = planEvent(book, event, circumstances);
    expect(planned.rules).toEqual(['good']);
    expect(addresses(planned.deliveries)).toEqual(['boris inbox/boris']);
    expect(planned.notes).toEqual([
      'Rule good: there is no working template broken, so the plain text of the event was sent.',
    ]);
  });
});
