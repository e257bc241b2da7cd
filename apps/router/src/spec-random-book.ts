/** A book and events made by chance, the same for the same seed: everything that a rule can say of who and how occurs in it. */
import {
  group,
  recipient,
  rule,
  schedule,
  type Group,
  type JsonValue,
  type Recipient,
  type Rule,
  type Schedule,
  type Template,
} from '#contract';
import type { Book } from '#domain/routing';

/** Chance that can be repeated. */
export interface Dice {
  /** A whole number below `limit`. */
  below(limit: number): number;
  /** True in so many of a hundred cases. */
  percent(share: number): boolean;
  one<T>(of: readonly T[]): T;
  /** Up to `most` of them, each once. */
  some<T>(of: readonly T[], most: number): T[];
}

/** Makes dice; the generator is mulberry32, of which nothing is asked but to be even and the same each time. */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  const one = <T>(of: readonly T[]): T => of[below(of.length)]!;
  return {
    below,
    percent: (share) => next() * 100 < share,
    one,
    some: (of, most) => [...new Set(Array.from({ length: below(most + 1) }, () => one(of)))],
  };
}

const names = (kind: string, count: number) => Array.from({ length: count }, (_, n) => `${kind}${n}`);
const people = names('p', 60);
const groups = names('g', 15);
const schedules = names('s', 6);
const roles = ['keeper', 'manager/MSK-1', 'driver', 'nobody yet'];
/** Kinds of event: each rule is for two of them. */
const types = 100;
const zones = ['Europe/Moscow', 'America/New_York', 'Asia/Kolkata', 'UTC'];
const backends = ['inbox', 'chat', 'mail', 'pager'];
const templates: Record<string, Template> = {
  plain: { text: 'Only {{ data.qty }} left' },
  personal: {
    title: '{{ type }}',
    text: 'Dear {{ recipient.displayName }}, {{ data.qty }} left',
    locales: { ru: { text: 'Осталось {{ data.qty }}' } },
  },
  timed: { text: 'At {{ time | date: "%H:%M" }}' },
  broken: { text: '{{ data.qty' },
};

/** Subjects that events are about and people follow. */
export const subjects = names('order/', 40);
/** Everyone in the book. */
export const everyone: readonly string[] = people;

function hours(dice: Dice) {
  const from = dice.one(['00:00', '06:00', '09:00', '18:30', '22:00']);
  const to = dice.one(['07:00', '12:00', '18:00', '24:00']);
  return [{ from, to, ...(dice.percent(50) ? { days: ['mon', 'wed', dice.one(['fri', 'sat'])] } : {}) }];
}

function recipientBy(dice: Dice): Recipient {
  return recipient.parse({
    displayName: `Person ${dice.below(1000)}`,
    // Some share an address, some have one that leads nowhere, some have none.
    addresses: dice.some([...backends, 'gone'], 4).map((backend) => ({ backend, to: `${backend}-${dice.below(50)}` })),
    groups: dice.some(groups, 1),
    roles: dice.percent(25) ? dice.some(roles.slice(0, 3), 2) : [],
    attributes: { employeeNo: String(dice.below(30)) },
    ...(dice.percent(70) ? { timeZone: dice.one(zones) } : {}),
    ...(dice.percent(30) ? { locale: dice.one(['ru', 'en']) } : {}),
    ...(dice.percent(20) ? { workingHours: hours(dice) } : {}),
    ...(dice.percent(20) ? { quietHours: hours(dice) } : {}),
  });
}

function groupBy(dice: Dice): Group {
  const others = [...groups, 'missing'].map((slug) => `group:${slug}`);
  const members = [
    ...dice.some(people, 3),
    ...dice.some(others, 2),
    ...dice.some(schedules, 1).map((slug) => `schedule:${slug}`),
  ];
  return group.parse(
    dice.percent(10) ? {} : { members: dice.percent(20) ? [...members, `role:${dice.one(roles)}`] : members },
  );
}

function scheduleBy(dice: Dice): Schedule {
  return schedule.parse({
    timeZone: dice.one(zones),
    rotations: [
      {
        members: [dice.one(people), dice.one(people), 'left-the-house'],
        starts: '2026-11-02T09:00',
        every: { count: 1 + dice.below(3), unit: dice.one(['hours', 'days', 'weeks']) },
        ...(dice.percent(50) ? { hours: hours(dice) } : {}),
      },
    ],
  });
}

function target(dice: Dice): string {
  return dice.one([
    () => `recipient:${dice.one(people)}`,
    () => `recipient:${dice.one(people)}`,
    () => 'recipient:{{ data.manager }}',
    () => `group:${dice.one(groups)}`,
    () => 'group:{{ data.team }}',
    () => `role:${dice.one(roles)}`,
    () => `schedule:${dice.one(schedules)}`,
    () => `attr:employeeNo=${dice.below(35)}`,
    () => 'attr:employeeNo={{ data.employee }}',
    () => 'followers:{{ subject }}',
    () => `followers:${dice.one(subjects)}`,
    () => `room:${dice.one([...backends, 'gone'])}/room-${dice.below(5)}`,
    () => 'room:chat/{{ data.team }}',
  ])();
}

function steps(dice: Dice) {
  return Array.from({ length: 1 + dice.below(2) }, () => ({
    to: Array.from({ length: 1 + dice.below(2) }, () => target(dice)),
    strategy: dice.percent(80) ? 'first' : 'all',
    ...(dice.percent(30) ? { via: [dice.one(backends), dice.one(backends)] } : {}),
    ...(dice.percent(50) ? { template: dice.one([...Object.keys(templates), 'none']) } : {}),
    ...(dice.percent(20) ? { fallbackAfterSeconds: 10 + dice.below(100) } : {}),
  }));
}

function match(dice: Dice): object {
  const data = dice.one([
    {},
    { data: { qty: [{ numeric: ['<', 5] }] } },
    { data: { team: [{ prefix: 'g1' }] } },
    { data: { manager: [{ exists: true }] } },
  ]);
  return { type: [`t${dice.below(types)}`, `t${dice.below(types)}`], ...data };
}

function ruleBy(dice: Dice): Rule {
  return rule.parse({
    match: match(dice),
    enabled: dice.percent(95),
    notify: steps(dice),
    ...(dice.percent(15) ? { when: 'data.qty > 2' } : {}),
    ...(dice.percent(30) ? { otherwise: steps(dice) } : {}),
    ...(dice.percent(40) ? { priority: dice.one(['low', 'normal', 'high', 'critical']) } : {}),
    ...(dice.percent(20) ? { workingHours: hours(dice) } : {}),
    ...(dice.percent(20) ? { quietHours: hours(dice) } : {}),
    ...(dice.percent(30) ? { correlate: 'team/{{ data.team }}' } : {}),
    ...(dice.percent(20) ? { validForSeconds: 60 + dice.below(1000) } : {}),
  });
}

/** A book with so many rules. */
export function randomBook(dice: Dice, rules: number): Book {
  const map = <T>(slugs: readonly string[], by: (dice: Dice) => T) => new Map(slugs.map((slug) => [slug, by(dice)]));
  return {
    version: BigInt(1 + dice.below(1000)),
    rules: map(names('r', rules), ruleBy),
    recipients: map(people, recipientBy),
    groups: map(groups, groupBy),
    schedules: map(schedules, scheduleBy),
    backends: new Map(backends.map((slug) => [slug, { type: 'inbox' }])),
    templates: new Map(Object.entries(templates)),
    settings: { timeZone: 'Asia/Tokyo', catchAll: [{ to: ['recipient:p0', 'room:chat/lost'], strategy: 'first' }] },
  };
}

/** What is random in an event. */
export function randomEvent(dice: Dice) {
  const data: JsonValue = {
    qty: dice.below(10),
    team: dice.one(groups),
    employee: String(dice.below(35)),
    ...(dice.percent(70) ? { manager: dice.one([...people, 'ghost']) } : {}),
  };
  return {
    type: `t${dice.below(types)}`,
    subject: dice.percent(80) ? dice.one(subjects) : undefined,
    correlationKey: dice.percent(30) ? `story/${dice.below(100)}` : undefined,
    data,
  };
}
