import { Secret } from '#platform/config';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepKey } from './generated-keys.ts';

let parent: string;
let dataDir: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'vestnik-keys-'));
  dataDir = join(parent, 'not', 'there', 'yet');
});
afterEach(() => rm(parent, { recursive: true }));

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe('keepKey', () => {
  it('makes a key that cannot be guessed, for the eyes of this user alone', async () => {
    const one = await keepKey(dataDir, 'admin-api-key', undefined);
    const two = await keepKey(dataDir, 'secret-key', undefined);
    expect(one).toMatchObject({ isNew: true, file: join(dataDir, 'admin-api-key') });
    expect(one.value.reveal()).toMatch(/^vst_[A-Za-z0-9_-]{43}$/);
    expect(two.value.reveal()).not.toBe(one.value.reveal());
    expect(await modeOf(one.file!)).toBe('600');
  });

  it('keeps it over starts', async () => {
    const first = await keepKey(dataDir, 'admin-api-key', undefined);
    const second = await keepKey(dataDir, 'admin-api-key', undefined);
    expect(second.value.reveal()).toBe(first.value.reveal());
    expect(second).toMatchObject({ isNew: false, file: first.file });
  });

  it('takes the key that the environment gives, and leaves the kept one alone', async () => {
    const kept = await keepKey(dataDir, 'admin-api-key', undefined);
    const given = await keepKey(dataDir, 'admin-api-key', new Secret('a key of the environment'));
    expect(given.value.reveal()).toBe('a key of the environment');
    expect(given).toMatchObject({ isNew: false, file: undefined });
    expect((await readFile(kept.file!, 'utf8')).trim()).toBe(kept.value.reveal());
  });

  it('writes nothing when the key is given', async () => {
    await keepKey(dataDir, 'admin-api-key', new Secret('a key of the environment'));
    expect(existsSync(dataDir)).toBe(false);
  });

  it('makes a new one in place of an empty file, whoever could read that', async () => {
    await mkdir(dataDir, { recursive: true });
    const file = join(dataDir, 'admin-api-key');
    await writeFile(file, '\n');
    await chmod(file, 0o644);
    const made = await keepKey(dataDir, 'admin-api-key', undefined);
    expect(made.isNew).toBe(true);
    expect(await modeOf(file)).toBe('600');
    expect((await keepKey(dataDir, 'admin-api-key', undefined)).value.reveal()).toBe(made.value.reveal());
  });

  it('does not go on with a new key when the kept one cannot be read', async () => {
    await mkdir(join(dataDir, 'secret-key'), { recursive: true });
    await expect(keepKey(dataDir, 'secret-key', undefined)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});
