import type { Fault } from '#contract';
import type { sections } from '#platform/http';
import type { Database, StoredBook } from '#platform/store';
import type { z } from 'zod';

/** The nouns of the book that people edit as they are, by the word that paths and folders use for them. */
export const nounOf = {
  rules: 'rule',
  recipients: 'recipient',
  groups: 'group',
  templates: 'template',
  schedules: 'schedule',
} as const;

/** The word that paths and folders use for a kind. */
export type Plural = keyof typeof nounOf;

/** A kind of definition, as data. */
export interface DefinitionKind {
  noun: (typeof nounOf)[Plural];
  plural: Plural;
  section: keyof typeof sections;
  schema: z.ZodType;
  view: z.ZodType;
  /** What a PUT checks beyond the shape, in one sentence. */
  checked: string;
  /** What is shown beside definitions of these slugs, though nobody wrote it. */
  beside?(database: Pick<Database, 'pool'>, slugs: readonly string[]): Promise<ReadonlyMap<string, object>>;
  /** What is wrong with a definition that fits the schema, beside the other definitions of `book`, before or after the change. */
  check(slug: string, definition: never, book: StoredBook): Fault[];
}
