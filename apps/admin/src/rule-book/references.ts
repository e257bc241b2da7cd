/** Who names whom in the rule book: what must exist before it is named, and what must not vanish while it is. */
import type { Fault, Group, Recipient, Rule } from '#contract';
import { hasLiquid, readTarget, type RuleReferences } from '#domain/rules';
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
  return rule.notify.flatMap((step, index) => {
    const at = `/notify/${index}`;
    const targets = step.to.flatMap((text, place) => ofTarget(text, `${at}/to/${place}`));
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

function ofTarget(text: string, pointer: string): Reference[] {
  const target = hasLiquid(text) ? text : readTarget(text);
  // With Liquid only an event tells whom it means.
  if (typeof target === 'string') return [];
  if (target.kind === 'room') return [{ noun: 'backend', slug: target.backend, pointer }];
  return [{ noun: target.kind, slug: target.slug, pointer }];
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
  return (group.members ?? []).map((slug, index): Reference => ({
    noun: 'recipient',
    slug,
    pointer: `/members/${index}`,
  }));
}

/** The names that a rule may refer to. Groups come into being by being named, so those that recipients name count too. */
export function namesIn({ recipients, groups, backends, templates }: StoredBook): RuleReferences {
  const named = [...recipients.values()].flatMap((recipient) => recipient.groups ?? []);
  return {
    recipients: new Set(recipients.keys()),
    groups: new Set([...groups.keys(), ...named]),
    backends: new Set(backends.keys()),
    templates: new Set(templates.keys()),
  };
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
  return [
    ...naming('rules', book.rules, referencesOfRule),
    ...naming('recipients', book.recipients, referencesOfRecipient),
    ...naming('groups', book.groups, referencesOfGroup),
  ];

  function naming<T>(
    plural: string,
    definitions: ReadonlyMap<string, T>,
    referencesOf: (definition: T) => Reference[],
  ): Fault[] {
    return [...definitions].flatMap(([name, definition]) =>
      referencesOf(definition)
        .filter((reference) => reference.noun === noun && reference.slug === slug)
        .map(({ pointer }) => ({ pointer: `/${plural}/${name}${pointer}`, detail: `names the ${noun} \`${slug}\`` })),
    );
  }
}
