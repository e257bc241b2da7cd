/** Who names whom in the rule book: what must exist before it is named, and what must not vanish while it is. */
import type { BookSettings, Fault, Group, NotifyStep, Recipient, Rule, Schedule } from '#contract';
import { hasLiquid, readMember, readTarget, type RuleReferences, type Target } from '#domain/rules';
import type { Noun, StoredBook } from '#platform/store';

/** One place in a definition that names another. */
export interface Reference {
  noun: Noun;
  slug: string;
  /** JSON pointer into the definition. */
  pointer: string;
}

/** Everything that a rule names. */
export function referencesOfRule(rule: Rule): Reference[] {
  return [...ofSteps(rule.notify, '/notify'), ...ofSteps(rule.otherwise, '/otherwise')];
}

/** Everything that the settings of the book name. */
export function referencesOfSettings(settings: BookSettings): Reference[] {
  return ofSteps(settings.catchAll, '/catchAll');
}

function ofSteps(steps: readonly NotifyStep[] | undefined, pointer: string): Reference[] {
  return (steps ?? []).flatMap((step, index) => {
    const at = `${pointer}/${index}`;
    const targets = step.to.flatMap((text, place) => ofText(text, `${at}/to/${place}`));
    const via = (step.via ?? []).map((slug, place): Reference => ({
      noun: 'backend',
      slug,
      pointer: `${at}/via/${place}`,
    }));
    const template: Reference[] = step.template
      ? [{ noun: 'template', slug: step.template, pointer: `${at}/template` }]
      : [];
    return [...targets, ...via, ...template];
  });
}

function ofText(text: string, pointer: string): Reference[] {
  const target = hasLiquid(text) ? text : readTarget(text);
  // With Liquid only an event tells whom it means.
  return typeof target === 'string' ? [] : ofTarget(target, pointer);
}

function ofTarget(target: Target, pointer: string): Reference[] {
  if (target.kind === 'room') return [{ noun: 'backend', slug: target.backend, pointer }];
  return 'slug' in target ? [{ noun: target.kind, slug: target.slug, pointer }] : [];
}

/** Everything that a recipient names. */
export function referencesOfRecipient(recipient: Recipient): Reference[] {
  const backends = recipient.addresses.map(({ backend }, index): Reference => ({
    noun: 'backend',
    slug: backend,
    pointer: `/addresses/${index}/backend`,
  }));
  const groups = (recipient.groups ?? []).map((slug, index): Reference => ({
    noun: 'group',
    slug,
    pointer: `/groups/${index}`,
  }));
  return [...backends, ...groups];
}

/** Everything that a group names. */
export function referencesOfGroup(group: Group): Reference[] {
  return (group.members ?? []).flatMap((text, index) => {
    const member = readMember(text);
    return typeof member === 'string' ? [] : ofTarget(member, `/members/${index}`);
  });
}

/** Everybody whom a schedule names. */
export function referencesOfSchedule({ rotations, overrides, holidays }: Schedule): Reference[] {
  const lists = { rotations, overrides, holidays };
  return Object.entries(lists).flatMap(([field, list]) =>
    (list ?? []).flatMap(({ members }, index) =>
      (members ?? []).map((slug, place): Reference => ({
        noun: 'recipient',
        slug,
        pointer: `/${field}/${index}/members/${place}`,
      })),
    ),
  );
}

const namesOf = new WeakMap<StoredBook, RuleReferences>();

/**
 * The names that a rule may refer to. Groups come into being by being named, so those that recipients name count too. Read once
 * per book, for whoever checks many rules by it.
 */
export function namesIn(book: StoredBook): RuleReferences {
  const known = namesOf.get(book);
  if (known) return known;
  const named = [...book.recipients.values()].flatMap((recipient) => recipient.groups ?? []);
  const names = {
    recipients: new Set(book.recipients.keys()),
    groups: new Set([...book.groups.keys(), ...named]),
    schedules: new Set(book.schedules.keys()),
    backends: new Set(book.backends.keys()),
    templates: new Set(book.templates.keys()),
  };
  namesOf.set(book, names);
  return names;
}

/**
 * The way by which a group would hold itself, from the group back to it: `['night', 'all', 'night']`. `undefined` when it
 * does not, by way of others neither. `group` stands for what the book may have under that name already.
 */
export function cycleOf(slug: string, group: Group, groups: ReadonlyMap<string, Group>): string[] | undefined {
  const seen = new Set<string>();
  const open: string[][] = [[slug]];
  for (let way = open.pop(); way; way = open.pop()) {
    const last = way.at(-1)!;
    for (const inner of groupsIn(last === slug ? group : groups.get(last))) {
      if (inner === slug) return [...way, slug];
      if (seen.has(inner)) continue;
      seen.add(inner);
      open.push([...way, inner]);
    }
  }
  return undefined;
}

function groupsIn(group: Group | undefined): string[] {
  return referencesOfGroup(group ?? {}).flatMap(({ noun, slug }) => (noun === 'group' ? [slug] : []));
}

/** The references to a noun that lead nowhere, as faults. */
export function missing(noun: 'recipient' | 'backend', references: readonly Reference[], book: StoredBook): Fault[] {
  const known: ReadonlyMap<string, unknown> = noun === 'recipient' ? book.recipients : book.backends;
  return references
    .filter((reference) => reference.noun === noun && !known.has(reference.slug))
    .map(({ slug, pointer }) => ({
      pointer,
      detail: `names the ${noun} ${slug}, which does not exist; create it first, or correct the name`,
    }));
}

/** Who names a definition, as faults that point at the referrers: `/rules/stock-low/notify/0/template`. */
export function referrersOf(noun: Noun, slug: string, book: StoredBook): Fault[] {
  return allReferences(book)
    .filter(({ reference }) => reference.noun === noun && reference.slug === slug)
    .map(({ place, reference }) => ({
      pointer: `${place}${reference.pointer}`,
      detail: `names the ${noun} \`${slug}\``,
    }));
}

/** Everything in a book that names something, with the place of the definition that does: `/rules/stock-low`. */
export function allReferences(book: StoredBook): { place: string; reference: Reference }[] {
  return [
    ...within('/rules', book.rules, referencesOfRule),
    ...within('/recipients', book.recipients, referencesOfRecipient),
    ...within('/groups', book.groups, referencesOfGroup),
    ...within('/schedules', book.schedules, referencesOfSchedule),
    ...referencesOfSettings(book.settings).map((reference) => ({ place: '/settings', reference })),
  ];
}

function within<T>(plural: string, definitions: ReadonlyMap<string, T>, referencesOf: (definition: T) => Reference[]) {
  return [...definitions].flatMap(([slug, definition]) =>
    referencesOf(definition).map((reference) => ({ place: `${plural}/${slug}`, reference })),
  );
}
