/** The four kinds of definition that have nothing to hide; backends, which have, are a feature of their own. */
import { group, recipient, rule, template } from '#contract';
import { faultsOfGroup, faultsOfRecipient, faultsOfRule, faultsOfTemplate } from './checks.ts';
import { definitionController } from './definition-controller.ts';
import { groupView, recipientView, ruleView, templateView } from './views.ts';

/** `/v1/rules`. */
export const RulesController = definitionController({
  noun: 'rule',
  plural: 'rules',
  section: 'Rules',
  schema: rule,
  view: ruleView,
  checked: 'A rule that could not work is refused: its pattern, its expression, its targets, and what it names.',
  check: faultsOfRule,
});

/** `/v1/recipients`. */
export const RecipientsController = definitionController({
  noun: 'recipient',
  plural: 'recipients',
  section: 'Recipients',
  schema: recipient,
  view: recipientView,
  checked: 'The backends of the addresses must exist and accept them; groups come into being by being named.',
  check: faultsOfRecipient,
});

/** `/v1/groups`. */
export const GroupsController = definitionController({
  noun: 'group',
  plural: 'groups',
  section: 'Groups',
  schema: group,
  view: groupView,
  checked: 'The members must exist.',
  check: faultsOfGroup,
});

/** `/v1/templates`. */
export const TemplatesController = definitionController({
  noun: 'template',
  plural: 'templates',
  section: 'Templates',
  schema: template,
  view: templateView,
  checked: 'A template that could not be rendered is refused.',
  check: faultsOfTemplate,
});
