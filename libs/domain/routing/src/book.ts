/** The book: everything that operators edit and routing reads, compiled once per change. */
import type { Fault, Group, NotifyStep, Recipient, RetryPolicy, Rule, Template } from '#contract';
import { checkTemplate, compileTemplate, type CompiledTemplate } from '#domain/message';
import { compileRules, hasLiquid, readTarget, type RuleSet, type Target } from '#domain/rules';

/** What routing needs to know of a backend. */
export interface RoutedBackend {
  type: string;
  retry?: RetryPolicy | undefined;
}

/** The book as it is stored, each noun by its slug. */
export interface Book {
  rules: ReadonlyMap<string, Rule>;
  recipients: ReadonlyMap<string, Recipient>;
  groups: ReadonlyMap<string, Group>;
  backends: ReadonlyMap<string, RoutedBackend>;
  templates: ReadonlyMap<string, Template>;
}

/** A rule or template that does not compile and is left out. */
export interface BookFault {
  kind: 'rule' | 'template';
  slug: string;
  faults: readonly Fault[];
}

/** A template, and whether its text depends on who reads it. */
export interface ReadyTemplate {
  compiled: CompiledTemplate;
  personal: boolean;
}

/** One `to` of a rule: read already, or to be rendered for each event. */
export type ReadyTarget = { text: string; target: Target | string } | { text: string; liquid: true };

/** One notify step of a rule. */
export interface ReadyStep {
  step: NotifyStep;
  targets: readonly ReadyTarget[];
}

/** The book, ready to plan with. Treat it as closed: `planEvent`, `explainEvent` and `explainRule` take it. */
export interface CompiledBook {
  /** What was left out because it does not compile. */
  readonly faults: readonly BookFault[];
  readonly rules: RuleSet;
  readonly recipients: ReadonlyMap<string, Recipient>;
  readonly backends: ReadonlyMap<string, RoutedBackend>;
  readonly templates: ReadonlyMap<string, ReadyTemplate>;
  /** Members of each group, in order: those it names, then those who name it, by slug. */
  readonly members: ReadonlyMap<string, readonly string[]>;
  /** Notify steps by slug of the rule. */
  readonly steps: ReadonlyMap<string, readonly ReadyStep[]>;
}

/** Compiles a book. Tolerant: what does not compile is left out and listed in `faults`, and harms nothing else. */
export function compileBook(book: Book): CompiledBook {
  const faults: BookFault[] = [];
  const rules = compileRules(book.rules);
  for (const [slug, found] of rules.faults) faults.push({ kind: 'rule', slug, faults: found });
  const templates = new Map<string, ReadyTemplate>();
  for (const [slug, template] of book.templates) {
    const ready = readyTemplate(template);
    if ('compiled' in ready) templates.set(slug, ready);
    else faults.push({ kind: 'template', slug, faults: ready.faults });
  }
  const steps = new Map([...book.rules].map(([slug, rule]) => [slug, readySteps(rule.notify)]));
  return {
    faults,
    rules,
    recipients: book.recipients,
    backends: book.backends,
    templates,
    members: membersOf(book),
    steps,
  };
}

/** Prepares notify steps, so that what does not depend on the event is read once. */
export function readySteps(notify: readonly NotifyStep[]): ReadyStep[] {
  return notify.map((step) => ({
    step,
    targets: step.to.map((text) => (hasLiquid(text) ? { text, liquid: true } : { text, target: readTarget(text) })),
  }));
}

function readyTemplate(template: Template): ReadyTemplate | { faults: readonly Fault[] } {
  const faults = checkTemplate(template);
  if (faults.length > 0) return { faults };
  try {
    // A word in the text is enough: taking a template for personal costs time, the reverse would greet the wrong person.
    return { compiled: compileTemplate(template), personal: JSON.stringify(template).includes('recipient') };
  } catch (error) {
    return { faults: [{ pointer: '', detail: error instanceof Error ? error.message : String(error) }] };
  }
}

/** A group comes into being by being defined, or by a recipient naming it. */
function membersOf(book: Book): Map<string, readonly string[]> {
  const members = new Map<string, Set<string>>();
  for (const [slug, group] of book.groups) members.set(slug, new Set(group.members));
  for (const slug of [...book.recipients.keys()].sort()) {
    for (const group of book.recipients.get(slug)?.groups ?? []) {
      const set = members.get(group) ?? new Set();
      members.set(group, set.add(slug));
    }
  }
  return new Map([...members].map(([slug, set]) => [slug, [...set]]));
}
