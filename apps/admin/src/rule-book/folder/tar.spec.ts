import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromTar, toTar } from './tar.ts';

const files = new Map([
  ['rules/stock-low.yaml', 'match: {}\n'],
  ['settings.yaml', ''],
  ['templates/мало.yaml', `${'📦'.repeat(300)}\n`],
  [`rules/${'x'.repeat(63)}.yaml`, 'y'.repeat(512)],
]);

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'vestnik-tar-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('an archive', () => {
  it('reads back as the files that it was made of, and is the same every time', () => {
    expect(fromTar(toTar(files))).toEqual(files);
    expect(toTar(files).equals(toTar(new Map(files)))).toBe(true);
  });

  it('is understood by tar, and its archives are understood', () => {
    inFolder((folder) => {
      writeFileSync(join(folder, 'a.tar'), toTar(files));
      mkdirSync(join(folder, 'out'));
      execFileSync('tar', ['-xf', 'a.tar', '-C', 'out'], { cwd: folder });
      expect(readFileSync(join(folder, 'out/templates/мало.yaml'), 'utf8')).toBe(files.get('templates/мало.yaml'));
      const packed = execFileSync('tar', ['-C', 'out', '-c', '.'], { cwd: folder, maxBuffer: 1e7 });
      expect(new Map([...fromTar(packed)].sort())).toEqual(new Map([...files].sort()));
    });
  });

  const whole = toTar(new Map([['a', 'x'.repeat(600)]]));
  const linked = Buffer.from(toTar(new Map([['a', '']])));
  linked.write('2', 156);
  const sum = linked.subarray(0, 512).reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 32 : byte), 0);
  linked.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);

  it.each([
    ['is cut short', whole.subarray(0, 700)],
    ['is none', Buffer.alloc(2000, 'x')],
    ['is shorter than a block', Buffer.from('x')],
    ['holds a link', linked],
    ['holds what is no text', toTar(new Map([['a', 'x']])).fill(0xff, 512, 513)],
  ])('that %s is refused', (_what, archive) => {
    expect(() => fromTar(archive)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });

  it('may be empty', () => {
    expect(fromTar(toTar(new Map()))).toEqual(new Map());
  });
});
