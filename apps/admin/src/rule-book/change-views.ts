/** How changes of the book look from outside. */
import {
  mostNamesInList,
  toPublicId,
  type ChangeAction,
  type ChangedDefinition,
  type Draft,
  type DraftChangeView,
  type DraftSummary,
  type Fault,
  type JsonValue,
  type Revision,
  type RevisionSummary,
} from '#contract';
import {
  placeOf,
  shelf,
  type DraftChange,
  type DraftHead,
  type RevisionHead,
  type RevisionInShort,
  type StoredBook,
  type StoredChange,
  type StoredDraft,
} from '#platform/store';
import { differencesOf } from './differences.ts';

/** What became of a definition that was there before, or not, and is there now, or not. */
export function actionOf(before: boolean, after: boolean): ChangeAction {
  if (!before) return 'added';
  return after ? 'changed' : 'removed';
}

/** Writes a revision for a list. */
export function toRevisionSummary(revision: RevisionInShort): RevisionSummary {
  const { added, changed, removed, names } = revision;
  return {
    ...headOf(revision),
    counts: { added, changed, removed },
    changes: names
      .slice(0, mostNamesInList)
      .map(({ noun, slug, before, after }) => ({ noun, slug, action: actionOf(before, after) })),
  };
}

/** Writes a revision with everything that it changed. */
export function toRevision(revision: RevisionHead & { changes: readonly StoredChange[] }): Revision {
  const changes = revision.changes.map(({ noun, slug, before, after }) =>
    changedDefinitionOf({ noun, slug }, before ?? undefined, after ?? undefined),
  );
  const count = (action: ChangeAction) => changes.filter((change) => change.action === action).length;
  const counts = { added: count('added'), changed: count('changed'), removed: count('removed') };
  return { ...headOf(revision), counts, changes };
}

function headOf({ number, at, author, comment, kind }: RevisionHead) {
  return { number: Number(number), at: at.toISOString(), author, ...(comment === null ? {} : { comment }), kind };
}

/** Writes what became of a definition. */
export function changedDefinitionOf(
  { noun, slug }: Pick<ChangedDefinition, 'noun' | 'slug'>,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): ChangedDefinition {
  const action = actionOf(before !== undefined, after !== undefined);
  return { noun, slug, action, diff: differencesOf(before, after) };
}

/** Writes a draft for a list. */
export function toDraftSummary(draft: DraftHead & { count: number }): DraftSummary {
  return { ...draftHeadOf(draft), count: draft.count };
}

/** Writes a draft with what it would change in the book of now. */
export function toDraft(draft: StoredDraft, live: StoredBook, conflicts: readonly Fault[]): Draft {
  const conflictAt = new Map(conflicts.map(({ pointer, detail }) => [pointer, detail]));
  return { ...draftHeadOf(draft), changes: draft.changes.map((change) => draftChangeOf(change, live, conflictAt)) };
}

function draftChangeOf(
  change: DraftChange,
  live: StoredBook,
  conflictAt: ReadonlyMap<string, string>,
): DraftChangeView {
  const { noun, slug, body, base, author, at } = change;
  const conflict = conflictAt.get(placeOf(noun, slug));
  return {
    ...changedDefinitionOf({ noun, slug }, shelf(live, noun).get(slug) as JsonValue | undefined, body),
    author,
    at: at.toISOString(),
    ...(base === undefined ? {} : { base: Number(base) }),
    ...(conflict === undefined ? {} : { conflict }),
  };
}

function draftHeadOf({ id, title, comment, author, createdAt, base }: DraftHead) {
  return {
    id: toPublicId('draft', id),
    ...(title === undefined ? {} : { title }),
    ...(comment === undefined ? {} : { comment }),
    author,
    createdAt: createdAt.toISOString(),
    base: Number(base),
  };
}
