/** What people edit: definitions, keys, secrets, the audit of it all; and the inbox they read. */
export type { Noun, StoredBook } from './book.ts';
export * from './definitions.ts';
export * from './sealer.ts';
export * from './keys.ts';
export * from './key-finder.ts';
export { createAudit, recordChange, type Audit, type AuditQuery, type Change } from './audit.ts';
export * from './mailbox.ts';
