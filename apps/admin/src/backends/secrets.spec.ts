import { secretFields, targetFields } from '#backends/kit';
import { allAdapters } from '#backends/registry';
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

describe('masked secrets when a setting that says where to send changes', () => {
  const moving = {
    type: 'chat',
    settings: z.strictObject({
      url: z.string().meta({ target: true }),
      port: z.int().default(443).meta({ target: true }),
      label: z.string().optional(),
      token: z.string().meta({ secret: true }),
      headers: z.record(z.string(), z.string()).optional().meta({ secret: true }),
    }),
  };
  const present = stored({ url: 'u', token: sealer.seal('t'), headers: sealer.seal({ a: 'b' }) });
  const move = (wanted: Record<string, JsonValue>) => admitSettings(moving, wanted, present, sealer);

  it('are refused, each at its place, and none of them is opened or kept', () => {
    const { faults, opened, kept } = move({ url: 'other', token: secretMask, headers: secretMask });
    expect(faults).toEqual([
      {
        pointer: '/settings/token',
        detail: expect.stringContaining('send it again: it would now go to another place'),
      },
      { pointer: '/settings/headers', detail: expect.stringContaining('`url`') },
    ]);
    expect([opened['token'], kept]).toEqual([secretMask, {}]);
  });

  it.each<[string, Record<string, JsonValue>]>([
    ['changes', { url: 'u', port: 8443 }],
    ['is left out', { port: 443 }],
    ['is no longer a value that fits', { url: 7 }],
  ])('are refused also when one of several %s', (_how, wanted) => {
    expect(move({ ...wanted, token: secretMask }).faults.map((fault) => fault.pointer)).toEqual(['/settings/token']);
  });

  it('may come along entered anew, be it the same as before', () => {
    const { faults, sealed } = move({ url: 'other', token: 't' });
    expect(faults).toEqual([]);
    expect(sealer.open(sealed)).toEqual({ url: 'other', token: 't' });
  });

  it('are kept when something else changes, or a default is only written out', () => {
    expect(move({ url: 'u', port: 443, label: 'new', token: secretMask })).toMatchObject({
      faults: [],
      opened: { token: 't' },
    });
  });

  it('could not slip away on any backend type: whichever has secrets marks where it sends', () => {
    const withSecrets = allAdapters().filter(({ manifest: type }) => secretFields(type).length > 0);
    expect(withSecrets.length).toBeGreaterThan(0);
    expect(withSecrets.filter(({ manifest: type }) => targetFields(type).length === 0)).toEqual([]);
  });
});
