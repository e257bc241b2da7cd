/** A fresh database with everything that changes the book, for the specs of this folder. */
import type { JsonValue } from '#contract';
import { freshDatabase } from '#testing/services';
import { openDatabase, type Database } from '../database.ts';
import { createDefinitions, type Definitions } from './definitions.ts';
import { createDrafts, type Drafts } from './drafts.ts';
import { createRevisions, type Revisions } from './revisions.ts';

/** The store of one spec. */
export interface SpecStore {
  database: Database;
  definitions: Definitions;
  revisions: Revisions;
  drafts: Drafts;
  close(): Promise<void>;
}

/** Opens a store on a database of its own. */
export async function openStore(): Promise<SpecStore> {
  const fresh = await freshDatabase();
  const database = openDatabase({ connectionString: fresh.url, poolSize: 8, onError: () => undefined });
  return {
    database,
    definitions: createDefinitions(database),
    revisions: createRevisions(database),
    drafts: createDrafts(database),
    close: async () => {
      await database.close();
      await fresh.drop();
    },
  };
}

/** A template that says `text`: the plainest definition there is. */
export const saying = (text: string): JsonValue => ({ text });
