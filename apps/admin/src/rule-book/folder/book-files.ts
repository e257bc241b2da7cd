/** The rule book as files, and files as the rule book. */
import { bookSettings, faultsOf, slug as slugSchema, type FileFault, type JsonValue } from '#contract';
import {
  asStored,
  settingsSlug,
  shelf,
  unstorable,
  type BookChange,
  type Noun,
  type StoredBook,
} from '#platform/store';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { z } from 'zod';
import { nounOf, type Plural } from '../definition-kind.ts';
import { kinds } from '../kinds.ts';
import { inContractOrder } from './key-order.ts';
import { schemaFiles } from './schemas.ts';
import { inFile, readYaml, toYaml, type ReadFile } from './yaml-file.ts';

/** Nouns that the folder holds, with the schema of each. */
export const folderNouns: readonly { noun: Noun; schema: z.ZodType }[] = [
  ...Object.values(kinds).map(({ noun, schema }) => ({ noun, schema })),
  { noun: 'settings', schema: bookSettings },
];

const pluralOf = new Map(Object.entries(nounOf).map(([plural, noun]) => [noun as Noun, plural as Plural]));
const schemaOf = new Map(folderNouns.map(({ noun, schema }) => [noun, schema]));

/** The file of a definition: `rules/stock-low.yaml`, `settings.yaml`. */
export function fileOf(noun: Noun, slug: string): string {
  return noun === 'settings' ? 'settings.yaml' : `${pluralOf.get(noun)}/${slug}.yaml`;
}

/** How many files are written or read at a stretch, before others get their turn. */
const atAStretch = 50;

/** Texts by the body that they were made of: of a book that changes little, little is written anew. */
const textOf = new WeakMap<object, string>();

function write(noun: Noun, body: JsonValue): string {
  const known = textOf.get(body as object);
  if (known !== undefined) return known;
  const path = noun === 'settings' ? 'schemas/settings.json' : `../schemas/${noun}.json`;
  const text = toYaml(inContractOrder(body, schemaOf.get(noun)), path);
  textOf.set(body as object, text);
  return text;
}

/** Writes a book as files, by name; schemas for editors included, backends left out. */
export async function filesOfBook(book: StoredBook): Promise<Map<string, string>> {
  const files = schemaFiles();
  let turn = 0;
  for (const { noun } of folderNouns) {
    for (const [slug, body] of shelf(book, noun)) {
      files.set(fileOf(noun, slug), write(noun, body as JsonValue));
      turn += 1;
      if (turn % atAStretch === 0) await nextTurn();
    }
  }
  return new Map([...files].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** A definition that was read from a file. */
export interface FileDefinition extends BookChange {
  file: string;
  body: JsonValue;
  /** Absent where the file says what stands in the book already, so that nobody had to read it. */
  read?: ReadFile | undefined;
}

/** What files say. */
export interface ReadFolder {
  definitions: FileDefinition[];
  faults: FileFault[];
}

/** Reads files as definitions, each checked against its schema. Files that say what `book` says already are not parsed. */
export async function definitionsOfFiles(files: ReadonlyMap<string, string>, book: StoredBook): Promise<ReadFolder> {
  const folder: ReadFolder = { definitions: [], faults: [] };
  let turn = 0;
  for (const [file, text] of files) {
    if (isLeftOut(file)) continue;
    const name = nameOf(file);
    if ('detail' in name) folder.faults.push(name);
    else readDefinition(name, text, book, folder);
    turn += 1;
    if (turn % atAStretch === 0) await nextTurn();
  }
  return folder;
}

/** Hidden files are of tools (`.git`), and schemas are for editors. */
function isLeftOut(file: string): boolean {
  return file.startsWith('schemas/') || file.split('/').some((part) => /^\.[^.]/.test(part));
}

interface FileName {
  file: string;
  noun: Noun;
  slug: string;
}

function nameOf(file: string): FileName | FileFault {
  if (file === 'settings.yaml') return { file, noun: 'settings', slug: settingsSlug };
  const found = /^([^/]+)\/([^/]+)\.yaml$/.exec(file);
  const plural = found?.[1];
  if (!found || !isPlural(plural)) {
    const folders = Object.keys(nounOf).join('/…, ');
    const detail = `is no file of a rule book; there are settings.yaml and ${folders}/…, with names such as rules/stock-low.yaml`;
    return { file, detail };
  }
  const slug = slugSchema.safeParse(found[2]);
  if (!slug.success) return { file, detail: `the name before .yaml ${slug.error.issues[0]!.message}` };
  return { file, noun: nounOf[plural], slug: slug.data };
}

function isPlural(text: string | undefined): text is Plural {
  return text !== undefined && Object.hasOwn(nounOf, text);
}

function readDefinition({ file, noun, slug }: FileName, text: string, book: StoredBook, folder: ReadFolder): void {
  const present = shelf(book, noun).get(slug) as JsonValue | undefined;
  if (present !== undefined && write(noun, present) === text) {
    folder.definitions.push({ file, noun, slug, body: present });
    return;
  }
  const read = readYaml(file, text);
  if (Array.isArray(read)) return void folder.faults.push(...read);
  const parsed = schemaOf.get(noun)!.safeParse(read.value);
  const faults = parsed.success ? unstorable(parsed.data as JsonValue) : faultsOf(parsed.error.issues);
  if (parsed.success && faults.length === 0)
    folder.definitions.push({ file, noun, slug, body: asStored(parsed.data as JsonValue), read });
  else folder.faults.push(...faults.map((fault) => inFile(file, read, fault)));
}
