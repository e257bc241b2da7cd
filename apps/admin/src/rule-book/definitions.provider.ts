import { createDefinitions, DATABASE, type Database, type Definitions } from '#platform/store';

/** Injection token of the definitions. */
export const DEFINITIONS = Symbol('DEFINITIONS');

/** Makes the definitions out of the process's database. */
export const definitionsProvider = {
  provide: DEFINITIONS,
  useFactory: (database: Database): Definitions => createDefinitions(database),
  inject: [DATABASE],
};
