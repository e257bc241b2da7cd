/** Everything that can be known of a rule before an event comes: what would fail at run time is refused when it is saved. */
import type { Fault, NotifyStep, Rule } from '#contract';
import { checkLiquid } from '#domain/message';
import { checkPattern, type PatternOptions } from './pattern.ts';
import { hasLiquid, readTarget, type Target } from './target.ts';
import { checkWhen } from './when.ts';

/** The names that a rule may refer to. */
export interface RuleReferences {
  recipients: ReadonlySet<string>;
  groups: ReadonlySet<string>;
  backends: ReadonlySet<string>;
  templates: ReadonlySet<string>;
}

/** Answers what is wrong with a rule, each fault with a JSON pointer into the rule and a sentence that names the remedy. */
export function checkRule(rule: Rule, references: RuleReferences, options: PatternOptions = {}): Fault[] {
  return [
    ...checkPattern(rule.match, '/match', options),
    ...(rule.when === undefined ? [] : checkWhen(rule.when)),
    ...rule.notify.flatMap((step, index) => checkStep(step, `/notify/${index}`, references)),
    ...(rule.correlate === undefined ? [] : checkLiquid(rule.correlate, '/correlate')),
  ];
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

function checkExistence(target: Target, pointer: string, references: RuleReferences): Fault[] {
  if (target.kind === 'room') {
    return references.backends.has(target.backend) ? [] : [unknown(pointer, 'backend', target.backend)];
  }
  const known = target.kind === 'recipient' ? references.recipients : references.groups;
  return known.has(target.slug) ? [] : [unknown(pointer, target.kind, target.slug)];
}

/** With Liquid only what stands before it is certain: the kind and, for a room, perhaps the backend. */
function checkForm(text: string, pointer: string, references: RuleReferences): Fault[] {
  const certain = text.slice(0, text.search(/\{[{%]/)).trim();
  if (!/^(recipient|group|room):/.test(certain)) {
    return [
      {
        pointer,
        detail: 'must begin with recipient:, group: or room: before any Liquid, such as recipient:{{ data.managerId }}',
      },
    ];
  }
  const backend = /^room:\s*([^/]*)\//.exec(certain)?.[1]?.trim();
  return backend === undefined || references.backends.has(backend) ? [] : [unknown(pointer, 'backend', backend)];
}
