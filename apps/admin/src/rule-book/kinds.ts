/** The five kinds of definition that have nothing to hide; backends, which have, are a feature of their own. */
import { group, recipient, rule, schedule, template } from '#contract';
import { troublesOf } from '#platform/store';
import { faultsOfGroup, faultsOfRecipient, faultsOfRule, faultsOfSchedule, faultsOfTemplate } from './checks.ts';
import type { DefinitionKind } from './definition-kind.ts';
import { groupView, recipientView, ruleView, scheduleView, templateView } from './views.ts';

const rules: DefinitionKind = {
  noun: 'rule',
  plural: 'rules',
  section: 'Rules',
  schema: rule,
  view: ruleView,
  checked:
    'A rule that could not work is refused: its pattern, its expression, its targets, what it names, and examples that say otherwise.',
  check: faultsOfRule,
  beside: async (database, slugs) => {
    const troubles = await troublesOf(database, slugs);
    return new Map([...troubles].map(([rule, trouble]) => [rule, { trouble }]));
  },
};

const recipients: DefinitionKind = {
  noun: 'recipient',
  plural: 'recipients',
  section: 'Recipients',
  schema: recipient,
  view: recipientView,
  checked: 'The backends of the addresses must exist and accept them; groups come into being by being named.',
  check: faultsOfRecipient,
};

const groups: DefinitionKind = {
  noun: 'group',
  plural: 'groups',
  section: 'Groups',
  schema: group,
  view: groupView,
  checked: 'The members must exist, and no group may hold itself, by way of others included.',
  check: faultsOfGroup,
};

const templates: DefinitionKind = {
  noun: 'template',
  plural: 'templates',
  section: 'Templates',
  schema: template,
  view: templateView,
  checked: 'A template that could not be rendered is refused.',
  check: faultsOfTemplate,
};

const schedules: DefinitionKind = {
  noun: 'schedule',
  plural: 'schedules',
  section: 'Schedules',
  schema: schedule,
  view: scheduleView,
  checked: 'The members must exist, and no entry may be one that could never have an effect.',
  check: faultsOfSchedule,
};

/** The kinds, by the word that paths and folders use for them. */
export const kinds = { rules, recipients, groups, templates, schedules } as const;
