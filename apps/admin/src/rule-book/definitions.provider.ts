import {
  createDefinitions,
  createDrafts,
  createRevisions,
  DATABASE,
  type Database,
  type Definitions,
  type Drafts,
  type Revisions,
} from '#platform/store';

/** Injection token of the definitions. */
export const DEFINITIONS = Symbol('DEFINITIONS');

/** Injection token of the history of the book. */
export const REVISIONS = Symbol('REVISIONS');

/** Injection token of the drafts. */
export const DRAFTS = Symbol('DRAFTS');

/** Makes the definitions out of the process's database. */
export const definitionsProvider = {
  provide: DEFINITIONS,
  useFactory: (database: Database): Definitions => createDefinitions(database),
  inject: [DATABASE],
};

/** Makes the history of the book out of the process's database. */
export const revisionsProvider = {
  provide: REVISIONS,
  useFactory: (database: Database): Revisions => createRevisions(database),
  inject: [DATABASE],
};

/** Makes the drafts out of the process's database. */
export const draftsProvider = {
  provide: DRAFTS,
  useFactory: (database: Database): Drafts => createDrafts(database),
  inject: [DATABASE],
};
