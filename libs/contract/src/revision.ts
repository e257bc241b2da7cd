import { z } from 'zod';
import { jsonValue } from './event.ts';
import { slug } from './ids.ts';
import { pageQuery } from './page.ts';

/** What the book is made of. */
export const bookNoun = z
  .enum(['rule', 'recipient', 'group', 'template', 'schedule', 'settings', 'backend'])
  .meta({ id: 'BookNoun', example: 'rule' });

/** How a revision came about. */
export const revisionKind = z.enum(['change', 'publish', 'restore', 'import']).meta({
  id: 'RevisionKind',
  description:
    '`change`: one definition was put or deleted. `publish`: a draft went live. `restore`: a roll-back. `import`: the book was put as a folder.',
});

/** How a revision came about. */
export type RevisionKind = z.infer<typeof revisionKind>;

/** What became of a definition. */
export const changeAction = z.enum(['added', 'changed', 'removed']).meta({ id: 'ChangeAction' });

/** What became of a definition. */
export type ChangeAction = z.infer<typeof changeAction>;

/** One place in which two states of a definition differ. */
export const difference = z
  .strictObject({
    pointer: z.string().meta({ description: 'JSON pointer (RFC 6901) into the definition; empty: the whole of it.' }),
    before: jsonValue.optional().meta({ description: 'Absent: there was nothing.' }),
    after: jsonValue.optional().meta({ description: 'Absent: there is nothing any more.' }),
  })
  .meta({ id: 'Difference', example: { pointer: '/match/data/qty/0/numeric/1', before: 10, after: 20 } });

/** One place in which two states of a definition differ. */
export type Difference = z.infer<typeof difference>;

/** A definition that changed. */
export const changedName = z
  .strictObject({ noun: bookNoun, slug, action: changeAction })
  .meta({ id: 'ChangedName', example: { noun: 'rule', slug: 'stock-low', action: 'changed' } });

/** A definition that changed. */
export type ChangedName = z.infer<typeof changedName>;

/** A definition that changed, and how. */
export const changedDefinition = changedName.extend({ diff: z.array(difference) }).meta({
  id: 'ChangedDefinition',
  example: {
    noun: 'rule',
    slug: 'stock-low',
    action: 'changed',
    diff: [{ pointer: '/match/data/qty/0/numeric/1', before: 10, after: 20 }],
  },
});

/** A definition that changed, and how. */
export type ChangedDefinition = z.infer<typeof changedDefinition>;

const head = {
  number: z.int().meta({ description: 'The version of the book after it.' }),
  at: z.string().meta({ description: 'ISO 8601.' }),
  author: z.string().meta({ description: 'Name of the API key.' }),
  comment: z.string().optional(),
  kind: revisionKind,
  counts: z.strictObject({ added: z.int(), changed: z.int(), removed: z.int() }),
};

const exampleHead = {
  number: 42,
  at: '2026-11-20T09:00:00.000Z',
  author: 'anna',
  comment: 'Warn earlier before Christmas',
  kind: 'change',
  counts: { added: 0, changed: 1, removed: 0 },
} as const;

/** How many names a revision shows in a list. */
export const mostNamesInList = 20;

/** A revision as lists show it. */
export const revisionSummary = z
  .strictObject({
    ...head,
    changes: z.array(changedName).meta({ description: `The first ${mostNamesInList}, by noun and name.` }),
  })
  .meta({ id: 'RevisionSummary', example: { ...exampleHead, changes: [changedName.meta()!['example']] } });

/** A revision as lists show it. */
export type RevisionSummary = z.infer<typeof revisionSummary>;

/** One revision with everything that it changed. */
export const revision = z
  .strictObject({ ...head, changes: z.array(changedDefinition) })
  .meta({ id: 'Revision', example: { ...exampleHead, changes: [changedDefinition.meta()!['example']] } });

/** One revision with everything that it changed. */
export type Revision = z.infer<typeof revision>;

/** Why a change is made. */
export const comment = z
  .string()
  .trim()
  .min(1)
  .max(1000)
  .meta({ description: 'Why the change is made; kept with its revision.', example: 'Warn earlier before Christmas' });

/** How revisions are asked for. */
export const revisionQuery = pageQuery.extend({
  noun: bookNoun.optional(),
  slug: slug.optional(),
  author: z.string().max(200).optional().meta({ description: 'Name of an API key.' }),
});

/** How revisions are asked for. */
export type RevisionQuery = z.output<typeof revisionQuery>;

/** How a revision is restored. */
export const restoreRequest = z
  .strictObject({
    comment: comment.optional(),
    nouns: z
      .array(bookNoun.exclude(['backend']))
      .min(1)
      .optional()
      .meta({ description: 'Restore only these. Absent: everything but backends.' }),
  })
  .meta({ id: 'RestoreRequest', example: { comment: 'Back to how it was before the move' } });

/** How a revision is restored. */
export type RestoreRequest = z.infer<typeof restoreRequest>;
