import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimDataDir } from './data-dir-lock.ts';

let dataDir: string;
let path: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'vestnik-lock-'));
  path = join(dataDir, 'vestnik.lock');
});
afterEach(() => rmSync(dataDir, { recursive: true }));

describe('claimDataDir', () => {
  it('refuses a second claim, naming the pid, the time and the note of the first', async () => {
    await claimDataDir(dataDir, 'http://localhost:3000');
    const refusal = await claimDataDir(dataDir, '').catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      name: 'StartError',
      message: expect.stringMatching(
        new RegExp(`already running on ${dataDir}: pid ${process.pid}, since \\d{4}-.*, http://localhost:3000\\.$`),
      ),
      remedy: expect.stringContaining(`kill ${process.pid}`),
    });
  });

  it('is free again after it was given back', async () => {
    const release = await claimDataDir(dataDir, '');
    release();
    expect(existsSync(path)).toBe(false);
    await expect(claimDataDir(dataDir, '')).resolves.toBeInstanceOf(Function);
  });

  it('takes over from a holder that is gone', async () => {
    writeFileSync(path, JSON.stringify({ pid: 2 ** 22 + 1, birth: 'boot:1', since: new Date(0), note: '' }));
    await claimDataDir(dataDir, '');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
    expect(readdirSync(dataDir)).toEqual(['vestnik.lock']);
  });

  it('takes over from a holder whose pid now belongs to another process', async () => {
    writeFileSync(path, JSON.stringify({ pid: process.pid, birth: 'boot:1', since: new Date(0), note: '' }));
    await claimDataDir(dataDir, '');
    expect(JSON.parse(readFileSync(path, 'utf8')).birth).not.toBe('boot:1');
  });

  it('takes over a lock that was cut off while it was written', async () => {
    writeFileSync(path, '{"pi');
    utimesSync(path, 0, 0);
    await expect(claimDataDir(dataDir, '')).resolves.toBeInstanceOf(Function);
  });

  it('does not remove a lock that another process has taken over since', async () => {
    const release = await claimDataDir(dataDir, '');
    writeFileSync(path, 'of another');
    release();
    expect(readFileSync(path, 'utf8')).toBe('of another');
  });

  it('explains a folder that cannot be written', async () => {
    writeFileSync(join(dataDir, 'file'), '');
    await expect(claimDataDir(join(dataDir, 'file'), '')).rejects.toMatchObject({ name: 'StartError' });
  });
});
