/** ACCEPT: doors in. Commits, then answers. */
export { IngestModule } from './ingest.module.ts';
