/** The book: everything that operators edit and routing reads, compiled once and brought up to date by its changes. */
import type { BookSettings, Fault, Group, Recipient, RetryPolicy, Rule, Schedule, Template } from '#contract';
import { checkTemplate, compileTemplate, type CompiledTemplate } from '#domain/message';
import { compileRules, type RuleSet } from '#domain/rules';
import { People } from './people.ts';
import { readySteps, type ReadyStep } from './ready.ts';

/** What routing needs to know of a backend. */
export interface RoutedBackend {
  type: string;
  retry?: RetryPolicy | undefined;
}

/** The book as it is stored, each noun by its slug. */
export interface Book {
  /** Revision of the book. */
  version: bigint;
  rules: ReadonlyMap<string, Rule>;
  recipients: ReadonlyMap<string, Recipient>;
  groups: ReadonlyMap<string, Group>;
  backends: ReadonlyMap<string, RoutedBackend>;
  templates: ReadonlyMap<string, Template>;
  schedules: ReadonlyMap<string, Schedule>;
  settings: BookSettings;
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

/** The book, ready to plan with. Treat it as closed: `planEvent`, `explainEvent` and `explainRule` take it. */
export interface CompiledBook {
  /** Revision of the book. */
  readonly version: bigint;
  /** What was left out because it does not compile. */
  readonly faults: readonly BookFault[];
  readonly rules: RuleSet;
  readonly recipients: ReadonlyMap<string, Recipient>;
  readonly backends: ReadonlyMap<string, RoutedBackend>;
  readonly templates: ReadonlyMap<string, ReadyTemplate>;
  readonly schedules: ReadonlyMap<string, Schedule>;
  /** The clock of rooms, and of recipients who have none. */
  readonly timeZone: string | undefined;
  /** Whom to tell when a rule finds nobody. */
  readonly catchAll: readonly ReadyStep[];
  readonly people: People;
}

/** One definition that is not what it was: changed, new, or gone. */
export interface BookChange {
  noun: string;
  slug: string;
}

/** Compiles a book. Tolerant: what does not compile is left out and listed in `faults`, and harms nothing else. */
export function compileBook(book: Book): CompiledBook {
  const rules = compileRules(book.rules);
  const { templates, faults } = compileTemplates(book.templates, new Map(), book.templates.keys());
  const people = new People(book.recipients, book.groups);
  return assemble(book, { rules, templates, templateFaults: faults, people });
}

/**
 * The compiled book after changes: `book` is as it is now, `changes` names all that differs from what `compiled` was made of. Costs
 * what changed, not what there is, and equals a fresh compilation. `compiled` still works, but only the newest book is fast to ask
 * and to update.
 */
export function updateBook(compiled: CompiledBook, book: Book, changes: readonly BookChange[]): CompiledBook {
  const slugsOf = (noun: string) => new Set(changes.filter((change) => change.noun === noun).map(({ slug }) => slug));
  const [rules, templates] = [slugsOf('rule'), slugsOf('template')];
  const isSamePeople = slugsOf('recipient').size === 0 && slugsOf('group').size === 0;
  const old = compiled.faults.filter(({ kind, slug }) => kind === 'template' && !templates.has(slug));
  const renewed = compileTemplates(book.templates, compiled.templates, templates);
  return assemble(book, {
    rules: rules.size === 0 ? compiled.rules : compiled.rules.update(changed(book.rules, rules)),
    templates: renewed.templates,
    templateFaults: [...old, ...renewed.faults],
    people: isSamePeople ? compiled.people : new People(book.recipients, book.groups),
  });
}

type Parts = Pick<CompiledBook, 'rules' | 'templates' | 'people'> & { templateFaults: BookFault[] };

function assemble(book: Book, { templateFaults, ...parts }: Parts): CompiledBook {
  const ruleFaults = [...parts.rules.faults].map(([slug, faults]): BookFault => ({ kind: 'rule', slug, faults }));
  return {
    ...parts,
    version: book.version,
    faults: [...inOrder(ruleFaults), ...inOrder(templateFaults)],
    recipients: book.recipients,
    backends: book.backends,
    schedules: book.schedules,
    timeZone: book.settings.timeZone,
    catchAll: readySteps(book.settings.catchAll),
  };
}

function inOrder(faults: readonly BookFault[]): BookFault[] {
  return faults.toSorted((one, other) => (one.slug < other.slug ? -1 : 1));
}

function changed(rules: ReadonlyMap<string, Rule>, slugs: Iterable<string>): [string, Rule | undefined][] {
  return [...slugs].map((slug) => [slug, rules.get(slug)]);
}

function compileTemplates(
  templates: ReadonlyMap<string, Template>,
  before: ReadonlyMap<string, ReadyTemplate>,
  slugs: Iterable<string>,
): { templates: Map<string, ReadyTemplate>; faults: BookFault[] } {
  const ready = new Map(before);
  const faults: BookFault[] = [];
  for (const slug of slugs) {
    const template = templates.get(slug);
    const compiled = template && readyTemplate(template);
    if (compiled && 'compiled' in compiled) ready.set(slug, compiled);
    else ready.delete(slug);
    if (compiled && 'faults' in compiled) faults.push({ kind: 'template', slug, faults: compiled.faults });
  }
  return { templates: ready, faults };
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
