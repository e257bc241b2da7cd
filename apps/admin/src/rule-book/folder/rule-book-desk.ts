import { HouseError, toPointer, type FileFault, type RuleBookPlan } from '#contract';
import { RUNTIME, type Runtime } from '#platform/runtime';
import { insist, type Editor, type Revisions, type StoredBook } from '#platform/store';
import { Inject, Injectable } from '@nestjs/common';
import { REVISIONS } from '../definitions.provider.ts';
import { definitionsOfFiles, filesOfBook } from './book-files.ts';
import { planOf, type FolderPlan } from './plan.ts';

/** How a folder is put. */
export interface PutWish {
  editor: Editor;
  dryRun: boolean;
  keep: boolean;
}

/** Shows the rule book as a folder of files, and makes it what a folder says. */
@Injectable()
export class RuleBookDesk {
  readonly #runtime: Runtime;
  readonly #revisions: Revisions;

  constructor(@Inject(RUNTIME) runtime: Runtime, @Inject(REVISIONS) revisions: Revisions) {
    this.#runtime = runtime;
    this.#revisions = revisions;
  }

  /** The book as files, by name. */
  async show(): Promise<{ revision: number; files: Map<string, string> }> {
    const book = await this.#freshBook();
    return { revision: Number(book.version), files: await filesOfBook(book) };
  }

  /**
   * Plans what a folder would change and, unless it is a dry run, changes it as one revision. Throws PRECONDITION_FAILED, and
   * for what is no dry run DEFINITION_INVALID with the faults.
   */
  async put(files: ReadonlyMap<string, string>, { editor, dryRun, keep }: PutWish): Promise<RuleBookPlan> {
    const present = await this.#freshBook();
    const folder = await definitionsOfFiles(files, present);
    const planFor = (book: StoredBook): Promise<FolderPlan> => {
      insist(editor.precondition, 'The book', { tag: String(book.version) });
      return planOf(book, folder, keep);
    };
    if (dryRun) return shown(await planFor(present), present.version, false);
    let made: { plan: FolderPlan; version: bigint } | undefined;
    const by = { author: editor.author, comment: editor.comment, kind: 'import' } as const;
    const number = await this.#revisions.make(by, async (book) => {
      const plan = await planFor(book);
      if (plan.faults.length > 0) throw new HouseError('DEFINITION_INVALID', { faults: plan.faults.map(asFault) });
      made = { plan, version: book.version };
      return plan.changes;
    });
    return shown(made!.plan, number ?? made!.version, true);
  }

  /** The very definitions that this process knows already, so that their texts need not be made again. */
  async #freshBook(): Promise<StoredBook> {
    const { book, definitions } = this.#runtime;
    await book.atLeast(await definitions.version());
    return book.current();
  }
}

function shown({ changes: _changes, ...plan }: FolderPlan, version: bigint, applied: boolean): RuleBookPlan {
  return { revision: Number(version), applied, ...plan };
}

function asFault({ file, line, column, detail }: FileFault) {
  const place = line === undefined ? '' : `line ${line}, column ${column}: `;
  return { pointer: toPointer(['files', file]), detail: `${place}${detail}` };
}
