/** How definitions look from outside: what people sent, with who changed it last and when. */
import {
  bookSettings,
  group,
  HouseError,
  pageQuery,
  recipient,
  rule,
  ruleTrouble,
  schedule,
  slug,
  template,
  type BookSettings,
  type Page,
} from '#contract';
import type { StoredDefinition } from '#platform/store';
import { z } from 'zod';

const history = {
  createdAt: z.string().meta({ description: 'ISO 8601.' }),
  updatedAt: z.string().meta({ description: 'ISO 8601.' }),
  updatedBy: z.string().meta({ description: 'Name of the API key of the last change.' }),
  revision: z.int().meta({ description: 'Number of the revision that changed it last; the `ETag` in double quotes.' }),
};

const exampleHistory = {
  createdAt: '2026-11-20T08:00:00.000Z',
  updatedAt: '2026-11-20T08:00:00.000Z',
  updatedBy: 'admin',
  revision: 42,
};

/** Makes the schema of a view out of the schema of a definition, with an example made of the definition's own. */
export function viewOf<T extends z.ZodRawShape>(definition: z.ZodObject<T>, id: string, exampleSlug: string) {
  const example = { slug: exampleSlug, ...(definition.meta()?.['example'] as object), ...exampleHistory };
  return definition.extend({ slug, ...history }).meta({ id, example });
}

const ruleWithTrouble = rule
  .extend({ trouble: ruleTrouble.optional().meta({ description: 'Absent while nothing goes wrong with its `when`.' }) })
  .meta({ example: rule.meta()!['example'] });

/** A rule as the API shows it, with what goes wrong with it. */
export const ruleView = viewOf(ruleWithTrouble, 'RuleView', 'stock-low');

/** A recipient as the API shows it. */
export const recipientView = viewOf(recipient, 'RecipientView', 'anna');

/** A group as the API shows it. */
export const groupView = viewOf(group, 'GroupView', 'storekeepers');

/** A template as the API shows it. */
export const templateView = viewOf(template, 'TemplateView', 'stock-low');

/** A schedule as the API shows it. */
export const scheduleView = viewOf(schedule, 'ScheduleView', 'warehouse');

/** The settings of the book as the API shows them. */
export const settingsView = bookSettings
  .extend({
    revision: z.int().meta({ description: 'Number of the revision that changed them last; 0: nobody has yet.' }),
    updatedAt: history.updatedAt.optional(),
    updatedBy: history.updatedBy.optional(),
  })
  .meta({
    id: 'SettingsView',
    example: {
      ...(bookSettings.meta()!['example'] as object),
      revision: 42,
      updatedAt: exampleHistory.updatedAt,
      updatedBy: exampleHistory.updatedBy,
    },
  });

/** The settings of the book as the API shows them. */
export type SettingsView = z.infer<typeof settingsView>;

/** Writes the settings of the book the way the API shows them; absent: nobody has set any. */
export function toSettingsView(stored: StoredDefinition | undefined): SettingsView {
  if (!stored) return { revision: 0 };
  const { updatedAt, updatedBy, revision } = toView(stored);
  return { ...(stored.body as BookSettings), revision, updatedAt, updatedBy };
}

/** A definition as the API shows it: its fields beside its history. */
export interface DefinitionView {
  slug: string;
  createdAt: string;
  updatedAt: string;
  updatedBy: string;
  revision: number;
  [field: string]: unknown;
}

/** Writes a stored definition the way the API shows it. */
export function toView(stored: StoredDefinition): DefinitionView {
  const fields = stored.body as Record<string, unknown>;
  return {
    slug: stored.slug,
    ...fields,
    createdAt: stored.createdAt.toISOString(),
    updatedAt: stored.updatedAt.toISOString(),
    updatedBy: stored.updatedBy,
    revision: Number(stored.revision),
  };
}

/** The query of a list by name. */
export const listQuery = pageQuery;

/** Makes a page out of `limit + 1` items that are sorted by name. */
export function pageByName<T>(list: string, items: readonly T[], limit: number, nameOf: (item: T) => string): Page<T> {
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  if (items.length <= limit || last === undefined) return { items: shown };
  return { items: shown, next: Buffer.from(`${list}:${nameOf(last)}`).toString('base64url') };
}

/** The name after which a page starts. Throws CURSOR_INVALID when the cursor is of another list. */
export function nameAfter(list: string, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const name = text.startsWith(`${list}:`) ? text.slice(list.length + 1) : undefined;
  if (name === undefined || !slug.safeParse(name).success) throw new HouseError('CURSOR_INVALID');
  return name;
}
