/** Everything that can be known of a rule before an event comes: what would fail at run time is refused when it is saved. */
import type { Fault, Group, NotifyStep, Rule } from '#contract';
import { checkLiquid } from '#domain/message';
import { checkPattern, type PatternOptions } from './pattern.ts';
import { hasLiquid, kindOf, readMember, readTarget, type Member, type Target } from './target.ts';
import { checkWhen } from './when.ts';

/** The names that a rule may refer to. */
export interface RuleReferences {
  recipients: ReadonlySet<string>;
  groups: ReadonlySet<string>;
  schedules: ReadonlySet<string>;
  backends: ReadonlySet<string>;
  templates: ReadonlySet<string>;
}

/** Answers what is wrong with a rule, each fault with a JSON pointer into the rule and a sentence that names the remedy. */
export function checkRule(rule: Rule, references: RuleReferences, options: PatternOptions = {}): Fault[] {
  return [
    ...checkPattern(rule.match, '/match', options),
    ...(rule.when === undefined ? [] : checkWhen(rule.when)),
    ...checkSteps(rule.notify, '/notify', references),
    ...checkSteps(rule.otherwise ?? [], '/otherwise', references),
    ...(rule.correlate === undefined ? [] : checkLiquid(rule.correlate, '/correlate')),
  ];
}

/** The same for notify steps, wherever they stand: those of a rule, or the `catchAll` of the settings. `pointer` is their list. */
export function checkSteps(steps: readonly NotifyStep[], pointer: string, references: RuleReferences): Fault[] {
  return steps.flatMap((step, index) => checkStep(step, `${pointer}/${index}`, references));
}

/** The same for the members of a group. `pointer` is their list. */
export function checkMembers(members: Group['members'], pointer: string, references: RuleReferences): Fault[] {
  return (members ?? []).flatMap((text, index) => {
    const member = readMember(text);
    const at = `${pointer}/${index}`;
    return typeof member === 'string' ? [{ pointer: at, detail: member }] : checkExistence(member, at, references);
  });
}

function checkStep(step: NotifyStep, pointer: string, references: RuleReferences): Fault[] {
  const faults = step.to.flatMap((text, index) => checkTo(text, `${pointer}/to/${index}`, references));
  for (const [index, backend] of (step.via ?? []).entries()) {
    if (!references.backends.has(backend)) faults.push(unknown(`${pointer}/via/${index}`, 'backend', backend));
  }
  if (step.template !== undefined && !references.templates.has(step.template)) {
    faults.push(unknown(`${pointer}/template`, 'template', step.template));
  }
  return faults;
}

function unknown(pointer: string, kind: string, slug: string): Fault {
  return { pointer, detail: `names the ${kind} ${slug}, which does not exist; create it first, or correct the name` };
}

function checkTo(text: string, pointer: string, references: RuleReferences): Fault[] {
  if (hasLiquid(text)) return [...checkLiquid(text, pointer), ...checkForm(text, pointer, references)];
  const target = readTarget(text);
  return typeof target === 'string' ? [{ pointer, detail: target }] : checkExistence(target, pointer, references);
}

/** Roles, attributes and followers come and go with people, so that nobody has them today is no fault. */
function checkExistence(target: Target | Member, pointer: string, references: RuleReferences): Fault[] {
  const ifMissing = (known: ReadonlySet<string>, kind: string, slug: string): Fault[] =>
    known.has(slug) ? [] : [unknown(pointer, kind, slug)];
  switch (target.kind) {
    case 'recipient':
      return ifMissing(references.recipients, target.kind, target.slug);
    case 'group':
      return ifMissing(references.groups, target.kind, target.slug);
    case 'schedule':
      return ifMissing(references.schedules, target.kind, target.slug);
    case 'room':
      return ifMissing(references.backends, 'backend', target.backend);
    default:
      return [];
  }
}

/** With Liquid only what stands before it is certain: the kind, the name of an attribute, and for a room perhaps the backend. */
function checkForm(text: string, pointer: string, references: RuleReferences): Fault[] {
  const certain = text.slice(0, text.search(/\{[{%]/)).trim();
  const kind = kindOf(certain);
  if (kind === undefined) {
    const detail =
      'must begin with recipient:, group:, role:, schedule:, attr:, followers: or room: before any Liquid, such as ' +
      'recipient:{{ data.managerId }}';
    return [{ pointer, detail }];
  }
  if (kind === 'attr') return checkAttributeName(certain, pointer);
  const backend = kind === 'room' ? /^room:\s*([^/]*)\//.exec(certain)?.[1]?.trim() : undefined;
  return backend === undefined || references.backends.has(backend) ? [] : [unknown(pointer, 'backend', backend)];
}

function checkAttributeName(certain: string, pointer: string): Fault[] {
  // Any value will do for the one that only an event tells.
  const target = certain.includes('=') ? readTarget(`${certain}x`) : undefined;
  if (typeof target === 'object') return [];
  const detail =
    'must name the attribute before any Liquid, such as attr:employeeNo={{ data.manager }}; the name is of letters, digits, - and _';
  return [{ pointer, detail }];
}
