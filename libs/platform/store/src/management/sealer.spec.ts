import { describe, expect, it } from '@jest/globals';
import { secretMask } from '#contract';
import { createSealer, maskSealed, SealBroken } from './sealer.ts';

const sealer = createSealer('a-secret-key-of-the-house');

describe('the sealer', () => {
  it('opens what it sealed, whatever kind of value that is', () => {
    for (const value of ['пароль 🔑', 42, null, { user: 'a', list: [1, 'b'] }])
      expect(sealer.open(sealer.seal(value))).toEqual(value);
  });

  it('opens sealed values deep inside others and leaves the rest alone', () => {
    const settings = {
      url: 'https://a.example',
      auth: [{ token: sealer.seal('t') }],
      $sealed: 1,
      both: { $sealed: 'x', more: 1 },
    };
    expect(sealer.open(settings)).toEqual({ ...settings, auth: [{ token: 't' }] });
  });

  it('keeps the plain text out of what is stored, and never seals twice alike', () => {
    const [first, second] = [sealer.seal('hunter2-hunter2'), sealer.seal('hunter2-hunter2')];
    expect(JSON.stringify(first)).not.toContain('hunter2');
    expect(first.$sealed).toMatch(/^v1:[0-9a-f]{8}:[\w-]+$/);
    expect(first.$sealed).not.toBe(second.$sealed);
  });

  it('opens in another process with the same SECRET_KEY', () => {
    expect(createSealer('a-secret-key-of-the-house').open(sealer.seal('t'))).toBe('t');
  });

  it('says that SECRET_KEY is another one', () => {
    const other = createSealer('some-other-key-of-theirs');
    const open = () => other.open({ token: sealer.seal('t') });
    expect(open).toThrow(SealBroken);
    expect(open).toThrow('SECRET_KEY');
  });

  it('refuses a value that was altered, cut or is of an unknown form', () => {
    const { $sealed } = sealer.seal('a rather long secret');
    const [version, keyId, packed] = $sealed.split(':') as [string, string, string];
    const flipped = packed.slice(0, 40) + (packed[40] === 'A' ? 'B' : 'A') + packed.slice(41);
    for (const broken of [
      `${version}:${keyId}:${flipped}`,
      `${version}:${keyId}:${packed.slice(0, 20)}`,
      `v9:${keyId}:${packed}`,
      'x',
    ]) {
      expect(() => sealer.open({ $sealed: broken })).toThrow(SealBroken);
    }
  });
});

describe('the mask', () => {
  it('stands in the place of every sealed value', () => {
    const settings = { token: sealer.seal('t'), headers: [{ value: sealer.seal('u') }], url: 'https://a.example' };
    expect(maskSealed(settings)).toEqual({
      token: secretMask,
      headers: [{ value: secretMask }],
      url: 'https://a.example',
    });
  });
});
