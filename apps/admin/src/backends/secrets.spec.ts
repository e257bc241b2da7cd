import { secretMask, type Backend, type JsonValue } from '#contract';
import { createSealer } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { admitSettings } from './secrets.ts';

const sealer = createSealer('a secret of sixteen');
const manifest = {
  type: 'chat',
  settings: z.strictObject({
    url: z.string(),
    token: z.string().meta({ secret: true }),
    headers: z.record(z.string(), z.string()).optional().meta({ secret: true }),
  }),
};
const stored = (settings: Record<string, JsonValue>, type = 'chat'): Backend => ({ type, settings });
const admit = (wanted: Record<string, JsonValue>, present?: Backend) =>
  admitSettings(manifest, wanted, present, sealer);

describe('secrets on their way in', () => {
  it('are sealed, and all else is left as it is', () => {
    const { opened, sealed, faults } = admit({ url: 'u', token: 't', headers: { a: 'b' } });
    expect(faults).toEqual([]);
    expect(opened).toEqual({ url: 'u', token: 't', headers: { a: 'b' } });
    expect(Object.keys(sealed['token'] as object)).toEqual(['$sealed']);
    expect(JSON.stringify(sealed)).not.toMatch(/"t"|"b"/);
    expect(sealer.open(sealed)).toEqual(opened);
  });

  it('that are masked keep what is stored, to the byte', () => {
    const token = sealer.seal('t');
    const { opened, sealed, kept } = admit({ url: 'u', token: secretMask }, stored({ url: 'old', token }));
    expect(opened).toEqual({ url: 'u', token: 't' });
    expect(sealed).toEqual({ url: 'u', token });
    expect(kept).toEqual({ token });
  });

  it('that are the same again keep what is stored; others do not', () => {
    const present = stored({ token: sealer.seal('t'), headers: sealer.seal({ a: 'b' }) });
    expect(admit({ token: 't', headers: { a: 'b' } }, present).sealed).toEqual(present.settings);
    expect(admit({ token: 'other' }, present).sealed['token']).not.toEqual(present.settings['token']);
    expect(admit({ url: 'u' }, present).sealed).toEqual({ url: 'u' });
  });

  it.each([
    ['nothing is stored', undefined],
    ['the stored backend is of another type', stored({ token: sealer.seal('t') }, 'mail')],
    ['the stored secret is sealed with another key', stored({ token: createSealer('some other secret').seal('t') })],
  ])('cannot be kept when %s', (_name, present) => {
    expect(admit({ token: secretMask }, present).faults.map((fault) => fault.pointer)).toEqual(['/settings/token']);
  });

  it.each<[Record<string, JsonValue>, string]>([
    [{ token: { $sealed: 'v1:x:y' } }, '/settings/token'],
    [{ url: [{ deep: { $sealed: 1 } }] }, '/settings/url/0/deep'],
    [{ 'a/b': { $sealed: 'x', more: 1 } }, '/settings/a~1b'],
    [{ $sealed: 'x' }, '/settings'],
  ])('cannot come sealed from outside: %j', (wanted, pointer) => {
    expect(admit(wanted).faults.map((fault) => fault.pointer)).toEqual([pointer]);
  });
});
