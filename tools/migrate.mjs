/** Brings the database at DATABASE_URL up to date with the built code, and ends. The apps do the same when they start. */
import './node-version.mjs';
import { Fault, runCommand } from './fault.mjs';
import { root } from './root.mjs';

await runCommand(async () => {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Fault('DATABASE_URL is not set.', 'Set it to the PostgreSQL that is to be migrated.');
  const { migrate } = await import(new URL('dist/libs/platform/store/src/migrate.js', root).href);
  const { applied } = await migrate(url);
  console.log(applied.length > 0 ? `✓ applied ${applied.join(', ')}` : '· the database is up to date');
});
