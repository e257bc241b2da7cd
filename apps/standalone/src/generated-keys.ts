import { Secret } from '#platform/config';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A key and where it came from. */
export interface KeptKey {
  value: Secret;
  /** Whether it was made just now. */
  isNew: boolean;
  /** File that keeps it; absent when the environment gave it. */
  file: string | undefined;
}

/** The key that the environment gave, else the one kept in `dataDir`, else a new one that is kept there (mode 0600). */
export async function keepKey(dataDir: string, name: string, given: Secret | undefined): Promise<KeptKey> {
  if (given) return { value: given, isNew: false, file: undefined };
  const file = join(dataDir, name);
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (kept?.trim()) return { value: new Secret(kept.trim()), isNew: false, file };
  const text = `vst_${randomBytes(32).toString('base64url')}`;
  await mkdir(dataDir, { recursive: true });
  // A file that is there already would keep its mode.
  await rm(file, { force: true });
  await writeFile(file, `${text}\n`, { mode: 0o600 });
  return { value: new Secret(text), isNew: true, file };
}
