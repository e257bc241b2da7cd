import { z } from 'zod';
import { fault } from './errors.ts';
import { slug } from './ids.ts';
import { changedDefinition, comment } from './revision.ts';

/** A draft that is to be opened. */
export const newDraft = z
  .strictObject({ title: z.string().trim().min(1).max(200).optional(), comment: comment.optional() })
  .meta({ id: 'NewDraft', example: { title: 'Rules for the new warehouse' } });

const head = {
  id: z.string().meta({ description: '`drf_…`.' }),
  title: z.string().optional(),
  comment: z.string().optional(),
  author: z.string().meta({ description: 'Name of the API key that opened it.' }),
  createdAt: z.string().meta({ description: 'ISO 8601.' }),
  base: z.int().meta({ description: 'Revision of the book when the draft was opened.' }),
};

const exampleHead = {
  id: 'drf_0199d2a0-6c3f-7000-8000-00000000002a',
  title: 'Rules for the new warehouse',
  author: 'anna',
  createdAt: '2026-11-20T09:00:00.000Z',
  base: 41,
};

/** A draft as lists show it. */
export const draftSummary = z
  .strictObject({ ...head, count: z.int().meta({ description: 'How many definitions it changes.' }) })
  .meta({ id: 'DraftSummary', example: { ...exampleHead, count: 1 } });

/** A draft as lists show it. */
export type DraftSummary = z.infer<typeof draftSummary>;

/** One definition that a draft changes. */
export const draftChange = changedDefinition
  .extend({
    author: z.string().meta({ description: 'Who changed it in the draft last.' }),
    at: z.string().meta({ description: 'ISO 8601.' }),
    base: z.int().optional().meta({
      description: 'Revision of the live definition that the change was made on. Absent: there was none.',
    }),
    conflict: z.string().optional().meta({
      description:
        'There when somebody changed the live definition since. Publishing is refused until the definition is put into the draft again.',
    }),
  })
  .meta({
    id: 'DraftChange',
    example: {
      ...(changedDefinition.meta()!['example'] as object),
      author: 'anna',
      at: '2026-11-20T09:05:00.000Z',
      base: 40,
    },
  });

/** One definition that a draft changes. */
export type DraftChangeView = z.infer<typeof draftChange>;

/** A draft with what it would change in the book as it is now. */
export const draft = z
  .strictObject({ ...head, changes: z.array(draftChange) })
  .meta({ id: 'Draft', example: { ...exampleHead, changes: [draftChange.meta()!['example']] } });

/** A draft with what it would change. */
export type Draft = z.infer<typeof draft>;

/** What became of one example of a rule. */
export const exampleResult = z
  .strictObject({
    rule: slug,
    kind: z.enum(['mustMatch', 'mustNotMatch']),
    index: z.int().min(0),
    title: z.string().optional(),
    passed: z.boolean(),
    why: z.string(),
  })
  .meta({
    id: 'ExampleResult',
    example: {
      rule: 'stock-low',
      kind: 'mustMatch',
      index: 0,
      title: 'Three are left',
      passed: false,
      why: 'does not match: `data.qty` is 3, expected ["<",2]',
    },
  });

/** What became of one example of a rule. */
export type ExampleResult = z.infer<typeof exampleResult>;

/** Whether a draft could be published. */
export const draftReport = z
  .strictObject({
    faults: z.array(fault).meta({ description: 'Why it would be refused; pointers such as `/rules/stock-low/match`.' }),
    conflicts: z.array(fault).meta({ description: 'Definitions that were changed live since the draft took them up.' }),
    examples: z.array(exampleResult).meta({ description: 'Of the rules that the draft changes.' }),
  })
  .meta({ id: 'DraftReport', example: { faults: [], conflicts: [], examples: [exampleResult.meta()!['example']] } });

/** Whether a draft could be published. */
export type DraftReport = z.infer<typeof draftReport>;

/** How a draft is published. */
export const publishRequest = z
  .strictObject({ comment: comment.optional().meta({ description: "Absent: the draft's own comment, or its title." }) })
  .meta({ id: 'PublishRequest', example: { comment: 'The new warehouse opens on Monday' } });

/** How a draft is published. */
export type PublishRequest = z.infer<typeof publishRequest>;
