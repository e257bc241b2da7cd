/** What putting a folder of files would change in a book. */
import { type FileFault, type JsonValue, type RuleBookPlan } from '#contract';
import { placeOf, shelf, type BookChange, type StoredBook } from '#platform/store';
import { isDeepStrictEqual } from 'node:util';
import { faultsOfChanges } from '../check-changes.ts';
import { differencesOf } from '../differences.ts';
import { fileOf, folderNouns, type FileDefinition, type ReadFolder } from './book-files.ts';
import { inFile } from './yaml-file.ts';

/** Most faults that a plan lists. */
const mostFaults = 100;

/** The changes that a folder means for a book, and what people are told of them. */
export interface FolderPlan extends Omit<RuleBookPlan, 'revision' | 'applied'> {
  changes: BookChange[];
}

/** Compares a folder with a book. With `keep`, what is not in the folder stays. What cannot be read is neither changed nor removed. */
export async function planOf(book: StoredBook, folder: ReadFolder, keep: boolean): Promise<FolderPlan> {
  const plan: FolderPlan = { added: [], changed: [], removed: [], unchanged: 0, faults: [], changes: [] };
  for (const definition of folder.definitions) place(definition, book, plan);
  if (!keep) removeOthers(book, folder, plan);
  plan.faults = [...folder.faults, ...(await faultsOfPlan(book, folder, plan))].slice(0, mostFaults);
  return plan;
}

function place({ file, noun, slug, body }: FileDefinition, book: StoredBook, plan: FolderPlan): void {
  const present = shelf(book, noun).get(slug) as JsonValue | undefined;
  // Settings that set nothing are the same as none.
  const isNothing = noun === 'settings' && present === undefined && isDeepStrictEqual(body, {});
  if (isNothing || isDeepStrictEqual(present, body)) {
    if (!isNothing) plan.unchanged += 1;
    return;
  }
  plan.changes.push({ noun, slug, body });
  if (present === undefined) plan.added.push({ file, noun, slug });
  else plan.changed.push({ file, noun, slug, diff: differencesOf(present, body) });
}

function removeOthers(book: StoredBook, folder: ReadFolder, plan: FolderPlan): void {
  const named = new Set([...folder.definitions, ...folder.faults].map(({ file }) => file));
  for (const { noun } of folderNouns) {
    for (const slug of shelf(book, noun).keys()) {
      const file = fileOf(noun, slug);
      if (named.has(file)) continue;
      plan.changes.push({ noun, slug });
      plan.removed.push({ file, noun, slug });
    }
  }
}

async function faultsOfPlan(book: StoredBook, folder: ReadFolder, plan: FolderPlan): Promise<FileFault[]> {
  const byPlace = new Map(
    folder.definitions.map((definition) => [placeOf(definition.noun, definition.slug), definition]),
  );
  return (await faultsOfChanges(book, plan.changes)).map(({ pointer, detail }) => {
    const [place, rest] = splitPointer(pointer);
    const definition = byPlace.get(place);
    if (definition?.read) return inFile(definition.file, definition.read, { pointer: rest, detail });
    return { file: definition?.file ?? `${place.slice(1)}.yaml`, detail: `${rest} ${detail}`.trim() };
  });
}

/** `/rules/stock-low/match/type` → `/rules/stock-low` and `/match/type`; settings have no name. */
function splitPointer(pointer: string): [place: string, rest: string] {
  const steps = pointer.split('/');
  const length = steps[1] === 'settings' ? 2 : 3;
  const rest = steps.slice(length);
  return [steps.slice(0, length).join('/'), rest.length === 0 ? '' : `/${rest.join('/')}`];
}
