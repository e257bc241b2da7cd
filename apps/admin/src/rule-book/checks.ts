/** What must hold before a definition is saved, beyond its shape. Pure: the book is the one under the lock of the change. */
import type { Fault, Group, Recipient, Rule, Template } from '#contract';
import { checkTemplate } from '#domain/message';
import { checkRule } from '#domain/rules';
import type { StoredBook } from '#platform/store';
import { refusedAddresses, refusedRooms } from './addresses.ts';
import { missing, namesIn, referencesOfGroup, referencesOfRecipient } from './references.ts';

/** Faults of a rule: its own name, its condition, its targets, and what it names. */
export function faultsOfRule(slug: string, rule: Rule, book: StoredBook): Fault[] {
  const misnamed = rule.name !== undefined && rule.name !== slug;
  const name = misnamed ? [{ pointer: '/name', detail: `must be \`${slug}\`, as in the path` }] : [];
  return [...name, ...checkRule(rule, namesIn(book)), ...refusedRooms(rule, book)];
}

/** Faults of a recipient: backends that do not exist, addresses that they would refuse. */
export function faultsOfRecipient(_slug: string, recipient: Recipient, book: StoredBook): Fault[] {
  return [...missing('backend', referencesOfRecipient(recipient), book), ...refusedAddresses(recipient, book)];
}

/** Faults of a group: members that do not exist. */
export function faultsOfGroup(_slug: string, group: Group, book: StoredBook): Fault[] {
  return missing('recipient', referencesOfGroup(group), book);
}

/** Faults of a template: texts that could not be rendered. */
export function faultsOfTemplate(_slug: string, template: Template): Fault[] {
  return checkTemplate(template);
}
