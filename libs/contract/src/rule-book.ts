import { z } from 'zod';
import { slug } from './ids.ts';
import { bookNoun, changedDefinition, comment } from './revision.ts';

/** Largest folder that `PUT /v1/rule-book` takes, in bytes of its JSON or tar: some 30,000 rules. */
export const ruleBookBytes = 32 * 1024 * 1024;

/** Largest single file of it, in bytes of UTF-8. */
export const ruleBookFileBytes = 1024 * 1024;

const exampleFile = `# yaml-language-server: $schema=../schemas/rule.json
match:
  type:
    - warehouse.stock.low
notify:
  - to:
      - group:storekeepers
`;

const files = z.record(z.string().max(300), z.string()).meta({
  description:
    'Path → text: `rules/stock-low.yaml`, `recipients/…`, `groups/…`, `templates/…`, `schedules/…`, `settings.yaml`. Files below `schemas/` are ' +
    'for editors, and not read.',
});

/** The rule book as a folder of YAML. */
export const ruleBookFolder = z
  .strictObject({
    revision: z
      .int()
      .optional()
      .meta({ description: 'Revision of the book that it shows; not read. Send it in `If-Match`.' }),
    files,
  })
  .meta({ id: 'RuleBookFolder', example: { revision: 42, files: { 'rules/stock-low.yaml': exampleFile } } });

/** The rule book as a folder of YAML. */
export type RuleBookFolder = z.infer<typeof ruleBookFolder>;

/** Something wrong with a file. */
export const fileFault = z
  .strictObject({
    file: z.string(),
    line: z.int().optional().meta({ description: 'Counted from 1.' }),
    column: z.int().optional().meta({ description: 'Counted from 1.' }),
    detail: z.string(),
  })
  .meta({
    id: 'FileFault',
    example: { file: 'rules/stock-low.yaml', line: 4, column: 7, detail: 'is not a known field here' },
  });

/** Something wrong with a file. */
export type FileFault = z.infer<typeof fileFault>;

const fileName = z.strictObject({ file: z.string(), noun: bookNoun, slug });

/** What putting a folder would change, or has changed. */
export const ruleBookPlan = z
  .strictObject({
    revision: z.int().meta({ description: 'Revision of the book: after the change, or as the plan found it.' }),
    applied: z.boolean(),
    added: z.array(fileName),
    changed: z.array(fileName.extend({ diff: changedDefinition.shape.diff })),
    removed: z.array(fileName),
    unchanged: z.int().meta({ description: 'How many definitions stay as they are.' }),
    faults: z.array(fileFault).meta({
      description:
        'Why it would be refused, at most 100. Definitions in files that cannot be read are in none of the lists.',
    }),
  })
  .meta({
    id: 'RuleBookPlan',
    example: {
      revision: 42,
      applied: false,
      added: [{ file: 'groups/night.yaml', noun: 'group', slug: 'night' }],
      changed: [
        {
          file: 'rules/stock-low.yaml',
          noun: 'rule',
          slug: 'stock-low',
          diff: [{ pointer: '/enabled', before: true, after: false }],
        },
      ],
      removed: [],
      unchanged: 12,
      faults: [],
    },
  });

/** What putting a folder would change, or has changed. */
export type RuleBookPlan = z.infer<typeof ruleBookPlan>;

const flag = z.enum(['true', 'false']).default('false');

/** How a folder is put. */
export const ruleBookQuery = z.strictObject({
  dryRun: flag.meta({ description: '`true`: change nothing, answer the plan.' }),
  keep: flag.meta({ description: '`true`: what is not in the folder stays. Otherwise it is removed.' }),
  comment: comment.optional(),
});

/** How a folder is put. */
export type RuleBookQuery = z.output<typeof ruleBookQuery>;
