import { describe, expect, it } from '@jest/globals';
import { diagnose, portWasTaken, remnantsLinger } from './failures.ts';
import { explainFileError, StartError } from './start-error.ts';

const cases: readonly [sign: string, output: string, message: RegExp, remedy: RegExp][] = [
  [
    'a full disk',
    'FATAL:  could not write lock file "postmaster.pid": No space left on device',
    /disk is full/,
    /DATA_DIR/,
  ],
  [
    'a missing library on Linux',
    'postgres: error while loading shared libraries: libstdc++.so.6: cannot open shared object file',
    /library libstdc\+\+\.so\.6/,
    /DATABASE_URL/,
  ],
  ['a missing library on macOS', 'dyld: Library not loaded: @rpath/libz.dylib', /@rpath\/libz\.dylib/, /DATABASE_URL/],
  ['a system without glibc', 'Error: spawnSync /x/bin/postgres ENOENT', /GNU C library/, /glibc/],
  ['a noexec mount', 'Error: spawnSync /x/bin/postgres EACCES', /may not be executed/, /noexec/],
  ['a root without rights', 'Error: spawnSync /x/bin/postgres EPERM', /may not become another user/, /ordinary user/],
  ['little memory', 'FATAL:  could not map anonymous shared memory: Cannot allocate memory', /not enough memory/, /MB/],
  ['another version', 'FATAL:  database files are incompatible with server', /another version/, /pg_dump/],
  ['damage', 'PANIC:  could not locate a valid checkpoint record at 0/1', /damaged/, /backup/],
  ['foreign files', 'FATAL:  data directory "/x" has wrong ownership', /may not be read/, /owner/],
  ['something new', 'LOG:  starting\nFATAL:  the moon is full\nLOG:  over', /FATAL: {2}the moon is full/, /log/],
  ['silence', '', /it said nothing/, /log/],
];

describe('diagnose', () => {
  it.each(cases)('puts %s into one line with a remedy', (_sign, output, message, remedy) => {
    const error = diagnose(output, '/data/postgres.log');
    expect(error).toBeInstanceOf(StartError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
    expect(error.message).toContain('/data/postgres.log');
    expect(error.remedy).toMatch(remedy);
  });

  it('knows a port that someone else has taken, which is worth another try', () => {
    expect(portWasTaken('LOG:  could not bind IPv4 address "127.0.0.1": Address already in use')).toBe(true);
    expect(portWasTaken('FATAL:  No space left on device')).toBe(false);
  });

  it('knows a predecessor that is still on its way out, which is worth another try', () => {
    expect(remnantsLinger('FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use')).toBe(true);
    expect(remnantsLinger('FATAL:  No space left on device')).toBe(false);
  });
});

describe('explainFileError', () => {
  it.each(['ENOSPC', 'EACCES', 'EROFS', 'ENOTDIR', 'EDQUOT'])('explains %s with the path', (code) => {
    const explained = explainFileError(Object.assign(new Error('raw'), { code }), '/data');
    expect(explained).toBeInstanceOf(StartError);
    expect((explained as StartError).message).toMatch(/^Cannot write to \/data: /);
  });

  it('leaves what it does not know, and what is explained already, as it is', () => {
    const bug = new TypeError('bug');
    const known = new StartError('message', 'remedy');
    expect(explainFileError(bug, '/data')).toBe(bug);
    expect(explainFileError(known, '/data')).toBe(known);
  });
});
