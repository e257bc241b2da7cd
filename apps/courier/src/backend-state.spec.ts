import { createSealer } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import { openBackend } from './backend-state.ts';

const sealer = createSealer('a secret of sixteen');
const url = 'https://consumer.example/hook';
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

describe('opening a backend', () => {
  it('makes of it what the adapter needs: settings in the clear, the secrets to mask, the text rules, the policy', () => {
    const retry = { scheduleSeconds: [1] };
    const settings = {
      url,
      secret: sealer.seal(secret),
      headers: sealer.seal({ Authorization: 'Bearer sesame-4711' }),
    };
    const state = openBackend('hook', { type: 'webhook', settings, retry }, sealer)!;
    expect(state).toMatchObject({
      slug: 'hook',
      settings: { url, secret, headers: { Authorization: 'Bearer sesame-4711' } },
      fault: undefined,
      retry,
      textRules: { dialect: 'plain', title: 'separate', overflow: 'cut', maxChars: 16_000, unit: 'utf8Bytes' },
    });
    expect(state.adapter.manifest.type).toBe('webhook');
    expect(state.secrets).toEqual(expect.arrayContaining([secret, 'Bearer sesame-4711', 'sesame-4711']));
    expect(state.secrets).not.toContain(url);
  });

  it('fills in the defaults of the settings', () => {
    const settings = { url: 'http://chat.local', serverKey: sealer.seal('k-e-y') };
    expect(openBackend('chat', { type: 'mychat', settings }, sealer)!.settings).toMatchObject({
      transport: 'rest',
      sender: '0',
    });
  });

  it('says what no longer fits, with secrets known all the same', () => {
    const settings = { url: 'ftp://x', colour: 'red', headers: sealer.seal({ Authorization: 'sesame-4711' }) };
    const state = openBackend('hook', { type: 'webhook', settings }, sealer)!;
    expect(state.settings).toBeUndefined();
    expect(state.fault).toMatch(/\/settings\/url .*; .*\/settings\/colour/);
    expect(state.secrets).toContain('sesame-4711');
  });

  it('says that the secrets cannot be opened, without them', () => {
    const settings = { url, secret: createSealer('some other secret').seal(secret) };
    const state = openBackend('hook', { type: 'webhook', settings }, sealer)!;
    expect(state).toMatchObject({ settings: undefined, secrets: [] });
    expect(state.fault).toMatch(/SECRET_KEY/);
    expect(state.fault).not.toContain(secret);
  });

  it('answers nothing for a type that this version does not have', () => {
    expect(openBackend('x', { type: 'pigeon', settings: {} }, sealer)).toBeUndefined();
  });
});
