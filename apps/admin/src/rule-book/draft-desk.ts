import { fromPublicId, HouseError, type Draft, type DraftReport, type Revision } from '#contract';
import type { Definitions, Drafts, Revisions, StoredDraft } from '#platform/store';
import { Inject, Injectable } from '@nestjs/common';
import { toDraft, toRevision } from './change-views.ts';
import { examplesOfChanges, faultsOfChanges } from './check-changes.ts';
import { DEFINITIONS, DRAFTS, REVISIONS } from './definitions.provider.ts';

/** Shows drafts beside the live book, tells whether they could be published, and publishes them. */
@Injectable()
export class DraftDesk {
  readonly #drafts: Drafts;
  readonly #definitions: Definitions;
  readonly #revisions: Revisions;

  constructor(
    @Inject(DRAFTS) drafts: Drafts,
    @Inject(DEFINITIONS) definitions: Definitions,
    @Inject(REVISIONS) revisions: Revisions,
  ) {
    this.#drafts = drafts;
    this.#definitions = definitions;
    this.#revisions = revisions;
  }

  /** Shows a draft with what it would change in the book of now. Throws NOT_FOUND. */
  async show(id: string): Promise<Draft> {
    const draft = await this.#find(id);
    const [live, conflicts] = await Promise.all([this.#definitions.loadBook(), this.#drafts.conflicts(draft)]);
    return toDraft(draft, live, conflicts);
  }

  /** Tells whether a draft could be published as it is, and what became of the examples of its rules. Throws NOT_FOUND. */
  async check(id: string): Promise<DraftReport> {
    const draft = await this.#find(id);
    const [live, conflicts] = await Promise.all([this.#definitions.loadBook(), this.#drafts.conflicts(draft)]);
    return {
      faults: await faultsOfChanges(live, draft.changes),
      conflicts,
      examples: examplesOfChanges(draft.changes),
    };
  }

  /** Publishes a draft and answers the revision. Throws what `Drafts.publish` throws. */
  async publish(id: string, by: { author: string; comment?: string | undefined }): Promise<Revision> {
    const number = await this.#drafts.publish(bareId(id), by, faultsOfChanges);
    return toRevision((await this.#revisions.get(number))!);
  }

  async #find(id: string): Promise<StoredDraft> {
    const draft = await this.#drafts.get(bareId(id));
    if (!draft) throw noDraft(id);
    return draft;
  }
}

/** The bare id of a draft. Throws NOT_FOUND for a text that cannot be one. */
export function bareId(id: string): string {
  const bare = fromPublicId('draft', id);
  if (bare === undefined) throw noDraft(id);
  return bare;
}

/** The refusal of a draft that is not there. */
export function noDraft(id: string): HouseError {
  return new HouseError('NOT_FOUND', {
    detail: `There is no draft \`${id}\`; it may have been published or discarded.`,
  });
}
