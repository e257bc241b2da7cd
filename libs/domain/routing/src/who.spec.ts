import { describe, expect, it } from '@jest/globals';
import type { Group, Schedule } from '#contract';
import { followedSubjects, matchEvent } from './match.ts';
import { addresses, bookOf, event, people, plan, tell, type Parts } from './spec-world.ts';

/** Boris on week days of the 47th week, nobody before and after. */
const night: Schedule = {
  timeZone: 'Europe/Moscow',
  rotations: [
    { members: ['boris'], starts: '2026-11-16T00:00', until: '2026-11-21T00:00', every: { count: 1, unit: 'weeks' } },
  ],
};

const staff: Parts = {
  recipients: {
    ida: { roles: ['manager/MSK-1', 'keeper'], attributes: { employeeNo: '0815' } },
    jan: { roles: ['keeper'], attributes: { employeeNo: '0816', desk: '0815' } },
    kai: { groups: ['late'] },
  },
  groups: {
    all: { members: ['group:keepers', 'kai', 'schedule:night', 'recipient:ida'] },
    keepers: { members: ['role:keeper', 'group:all'] },
    late: { members: ['kai', 'group:late'] },
    empty: { members: ['group:hollow'] },
    hollow: {},
  },
  schedules: { night },
};

const told = (to: string[], more: Partial<Parts> = {}, given = event) =>
  plan({ ...staff, rules: { r: tell(to) }, ...more }, given);

describe('who is meant', () => {
  it('are those with a role or an attribute, also when only the event says which', () => {
    expect(people(told(['role:keeper']))).toEqual(['ida', 'jan']);
    expect(people(told(['role:manager/{{ data.place }}'], {}, { ...event, data: { place: 'MSK-1' } }))).toEqual([
      'ida',
    ]);
    expect(people(told(['attr:employeeNo=0815']))).toEqual(['ida']);
    expect(people(told(['attr:desk={{ data.no }}'], {}, { ...event, data: { no: '0815' } }))).toEqual(['jan']);
  });

  it('are those on call at the moment of routing', () => {
    expect(people(told(['schedule:night']))).toEqual(['boris']);
    const saturday = { now: new Date('2026-11-20T21:00:00Z') };
    const { deliveries, notes } = plan({ ...staff, rules: { r: tell(['schedule:night']) } }, event, saturday);
    expect(deliveries).toEqual([]);
    expect(notes[0]).toBe('Rule r: nobody is on call in the schedule night.');
  });

  it('are those in groups of groups, each once, with the way to them, also where groups name each other', () => {
    const { trail, deliveries } = told(['group:all']);
    expect(deliveries.map(({ recipient }) => recipient)).toEqual(['ida', 'jan', 'kai', 'boris']);
    expect(trail).toEqual([
      { rule: 'r', recipient: 'ida', through: ['group:all', 'group:keepers', 'role:keeper'], outcome: 'told' },
      { rule: 'r', recipient: 'jan', through: ['group:all', 'group:keepers', 'role:keeper'], outcome: 'told' },
      { rule: 'r', recipient: 'kai', through: ['group:all'], outcome: 'told' },
      { rule: 'r', recipient: 'boris', through: ['group:all', 'schedule:night'], outcome: 'told' },
    ]);
    expect(people(told(['group:late']))).toEqual(['kai']);
  });

  it('are found at the end of a long chain of groups, and the way there is told as far as anyone reads', () => {
    const chain = Array.from({ length: 20_000 }, (_, n): [string, Group] => [
      `c${n}`,
      { members: [`group:c${n + 1}`] },
    ]);
    const groups = { ...Object.fromEntries(chain), c20000: { members: ['boris'] } };
    const { trail } = told(['group:c0'], { groups });
    expect(trail).toMatchObject([{ recipient: 'boris', outcome: 'told' }]);
    expect(trail[0]?.through).toHaveLength(20);
  });

  it('are those who follow the subject of the event', () => {
    const parts = { rules: { r: tell(['followers:{{ subject }}']), s: tell(['recipient:anna']) } };
    const book = bookOf(parts);
    expect(followedSubjects(book, [matchEvent(book, event)])).toEqual(['sku/4711']);
    const followers = new Map([['sku/4711', ['boris', 'ghost']]]);
    const { deliveries, notes, trail } = plan(parts, event, { followers });
    expect(addresses(deliveries)).toEqual(['boris inbox/boris', 'anna inbox/anna']);
    expect(notes).toEqual(['Rule r: there is no recipient ghost.']);
    expect(trail[0]).toMatchObject({ recipient: 'boris', through: ['followers:sku/4711'] });
  });

  it('asks for no followers where no matched rule tells any, and for those of `otherwise` and of the catch-all', () => {
    const follows = (rule: object, catchAll?: string[]) => {
      const settings = catchAll ? { catchAll: [{ to: catchAll, strategy: 'first' as const }] } : {};
      const book = bookOf({
        rules: { r: rule, other: { match: { type: ['x'] }, ...tell(['followers:y']) } },
        settings,
      });
      return followedSubjects(book, [matchEvent(book, event)]);
    };
    expect(follows(tell(['recipient:anna', 'room:mychat-hq/x']))).toEqual([]);
    expect(follows({ ...tell(['recipient:anna']), otherwise: [{ to: ['followers:z'] }] }, [' followers: q '])).toEqual([
      'z',
      'q',
    ]);
    expect(follows(tell(['followers:{{ data.none }}', 'followers:{{ data.sku | nofilter }}']))).toEqual([]);
  });

  it.each([
    ['role:nobody', 'nobody has the role nobody'],
    ['attr:employeeNo=1', 'nobody has the attribute employeeNo=1'],
    ['followers:x', 'nobody follows x'],
    ['schedule:gone', 'there is no schedule gone'],
    ['group:empty', 'the group hollow has no members'],
  ])('says of %s that it leads to nobody', (to, why) => {
    expect(told([to]).notes[0]).toBe(`Rule r: ${why}.`);
  });
});

describe('a rule that finds nobody', () => {
  const catchAll = [{ to: ['recipient:jan'], strategy: 'first' as const }];
  const nobody = tell(['role:nobody', 'schedule:gone']);
  const why = 'Rule r found nobody (nobody has the role nobody; there is no schedule gone)';
  const last = (notes: string[]) => notes.at(-1);

  it('tells those of its `otherwise`', () => {
    const { deliveries, notes, trail } = told([], {
      rules: { r: { ...nobody, otherwise: [{ to: ['recipient:kai'] }] } },
      settings: { catchAll },
    });
    expect(addresses(deliveries)).toEqual(['kai inbox/kai']);
    expect(deliveries[0]?.rule).toBe('r');
    expect(last(notes)).toBe(`${why}, so its \`otherwise\` was told.`);
    expect(trail).toEqual([{ rule: 'r', recipient: 'kai', through: ['recipient:kai'], outcome: 'told' }]);
  });

  it('tells those of the catch-all of the book where it has no `otherwise`, or one that finds nobody either', () => {
    const plain = told([], { rules: { r: nobody }, settings: { catchAll } });
    expect(addresses(plain.deliveries)).toEqual(['jan inbox/jan']);
    expect(last(plain.notes)).toBe(`${why}, so the book's \`catchAll\` was told.`);
    const both = told([], {
      rules: { r: { ...nobody, otherwise: [{ to: ['recipient:ghost'] }] } },
      settings: { catchAll },
    });
    expect(addresses(both.deliveries)).toEqual(['jan inbox/jan']);
    expect(last(both.notes)).toBe(`${why}, nor did its \`otherwise\`, so the book's \`catchAll\` was told.`);
  });

  it('says so where nobody is left to be told', () => {
    expect(last(told([], { rules: { r: nobody } }).notes)).toBe(
      `${why}, and the book has no \`catchAll\`: nobody was told.`,
    );
    const settings = { catchAll: [{ to: ['recipient:ghost'], strategy: 'first' as const }] };
    expect(last(told([], { rules: { r: nobody }, settings }).notes)).toBe(
      `${why}, nor did the book's \`catchAll\`: nobody was told.`,
    );
  });

  it('counts people without a usable address as not found, and those whom another rule told as found', () => {
    const rules = { a: tell(['recipient:boris']), r: tell(['recipient:emil']), s: tell(['recipient:boris']) };
    const { deliveries } = told([], { rules, settings: { catchAll } });
    expect(deliveries.map(({ rule, recipient }) => `${rule} ${recipient}`)).toEqual(['a boris', 'r jan']);
  });

  it('is left alone when it is only tried out and tells nobody', () => {
    const { deliveries, notes } = told(['room:mychat-hq/x'], { settings: { catchAll } });
    expect([addresses(deliveries), notes]).toEqual([['room mychat-hq/x'], []]);
  });
});
