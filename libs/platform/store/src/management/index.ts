/** What people edit: definitions, keys, secrets, the audit of it all; and the inbox they read. */
export {
  emptyBook,
  placeOf,
  settingsSlug,
  shelf,
  unstorable,
  withChanges,
  type BookChange,
  type Noun,
  type StoredBook,
} from './book.ts';
export * from './definitions.ts';
export { asStored, bookChannel, type Authorship, type MadeRevision, type StoredDefinition } from './edit.ts';
export * from './revisions.ts';
export * from './drafts.ts';
export type { BookDelta } from './changes.ts';
export { insist, type Precondition, type Present, type Tags } from './precondition.ts';
export * from './sealer.ts';
export * from './keys.ts';
export * from './key-finder.ts';
export { createAudit, recordChange, type Audit, type AuditQuery, type Change } from './audit.ts';
export * from './mailbox.ts';
export * from './follows.ts';
export * from './backtests.ts';
export * from './rule-trouble.ts';
