/** The files of the repository as the house specs read them: what git tracks or would track, never what is built. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Root of the repository. */
export const root = join(import.meta.dirname, '..', '..');

/** Every file by its path from the root; deleted ones and what git ignores are left out. */
export const allFiles: readonly string[] = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(root, path)))
  .sort();

/** Whether a file exists only for tests. */
export function isTest(path: string): boolean {
  return /^(test|libs\/testing)\/|\.spec\.ts$|\/spec-[^/]*\.ts$/.test(path);
}

/** Everything that is written in a programming language. */
export const codeFiles = allFiles.filter((path) => /\.(ts|tsx|mjs|js)$/.test(path));

/** What runs in production: the code of apps and libs without what is only for tests. */
export const productFiles = codeFiles.filter((path) => /^(apps|libs)\//.test(path) && !isTest(path));

/** Text of a file. */
export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Places, as `path:line`, where a pattern stands in the files. */
export function places(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
  );
}
