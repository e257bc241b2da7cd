/** PostgreSQL inside Vestnik, for whoever has none: nothing to install, nothing to configure, gone with the process. */
export { startEmbeddedPostgres, type EmbeddedOptions, type EmbeddedPostgres } from './embedded-postgres.ts';
export { StartError } from './start-error.ts';
export { freePort } from './free-port.ts';
