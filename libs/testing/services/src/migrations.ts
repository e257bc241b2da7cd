import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Name of the database that fresh ones are copied from. */
export const templateName = 'vestnik_template';

/** The root of the repository, seen from this file. */
export function findRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'prisma', 'migrations'))) {
    if (folder === dirname(folder)) throw new Error('There is no folder prisma/migrations above this file.');
    folder = dirname(folder);
  }
  return folder;
}

/** Fingerprint of all migrations; the template carries it as its comment, so that an outdated one is noticed. */
export function migrationsFingerprint(root = findRoot()): string {
  const folder = join(root, 'prisma', 'migrations');
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name, 'migration.sql');
    if (existsSync(path)) hash.update(`${name}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}
