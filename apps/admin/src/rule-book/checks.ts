/**
 * What must hold before a definition is saved, beyond its shape. Pure: the book is the one under the lock of the change, or
 * that book with the change made.
 */
import type { BookSettings, Fault, Group, Recipient, Rule, Schedule, Template } from '#contract';
import { checkTemplate } from '#domain/message';
import { checkMembers, checkRule, checkSteps } from '#domain/rules';
import { checkSchedule } from '#domain/schedules';
import type { StoredBook } from '#platform/store';
import { refusedAddresses, refusedInSteps, refusedRooms } from './addresses.ts';
import { redExamples } from './examples.ts';
import { cycleOf, missing, namesIn, referencesOfRecipient, referencesOfSchedule } from './references.ts';

/** Faults of a rule: its own name, its condition, its targets, what it names, and what its examples say. */
export function faultsOfRule(slug: string, rule: Rule, book: StoredBook): Fault[] {
  const misnamed = rule.name !== undefined && rule.name !== slug;
  const name = misnamed ? [{ pointer: '/name', detail: `must be \`${slug}\`, as in the path` }] : [];
  const faults = [...name, ...checkRule(rule, namesIn(book)), ...refusedRooms(rule, book)];
  // What a condition says that could not work is worth nothing.
  return faults.length > 0 ? faults : redExamples(rule).map(({ pointer, why }) => ({ pointer, detail: why }));
}

/** Faults of a recipient: backends that do not exist, addresses that they would refuse. */
export function faultsOfRecipient(_slug: string, recipient: Recipient, book: StoredBook): Fault[] {
  return [...missing('backend', referencesOfRecipient(recipient), book), ...refusedAddresses(recipient, book)];
}

/** Faults of a group: members that do not exist, and the way by which it would hold itself. */
export function faultsOfGroup(slug: string, group: Group, book: StoredBook): Fault[] {
  const names = namesIn(book);
  const known = { ...names, groups: new Set(names.groups).add(slug) };
  const cycle = cycleOf(slug, group, book.groups);
  const detail = cycle && `would hold the group itself, by way of ${cycle.map((name) => `\`${name}\``).join(' → ')}`;
  return [...checkMembers(group.members, '/members', known), ...(detail ? [{ pointer: '/members', detail }] : [])];
}

/** Faults of a template: texts that could not be rendered. */
export function faultsOfTemplate(_slug: string, template: Template): Fault[] {
  return checkTemplate(template);
}

/** Faults of a schedule: turns and overrides that could never be, members that do not exist. */
export function faultsOfSchedule(_slug: string, schedule: Schedule, book: StoredBook): Fault[] {
  return [...checkSchedule(schedule), ...missing('recipient', referencesOfSchedule(schedule), book)];
}

/** Faults of the settings of the book: what `catchAll` names. */
export function faultsOfSettings(settings: BookSettings, book: StoredBook): Fault[] {
  const steps = settings.catchAll ?? [];
  return [...checkSteps(steps, '/catchAll', namesIn(book)), ...refusedInSteps(steps, '/catchAll', book)];
}
