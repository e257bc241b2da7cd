import { describe, expect, it } from '@jest/globals';
import { secretFields } from '#backends/kit';
import { faultsOf } from '#contract';
import { manifest, settings } from './manifest.ts';

const url = 'https://consumer.example/hook';

function faults(candidate: unknown): [string, string][] {
  const parsed = settings.safeParse(candidate);
  return parsed.success ? [] : faultsOf(parsed.error.issues).map(({ pointer, detail }) => [pointer, detail]);
}

describe('the settings of a webhook', () => {
  it('need nothing but a URL', () => {
    expect(faults({ url })).toEqual([]);
    expect(faults({})).toEqual([['/url', expect.any(String)]]);
  });

  it('keep the secret and the headers secret, for both carry tokens', () => {
    expect(secretFields(manifest)).toEqual(['secret', 'headers']);
  });

  it('take any header that the exchange itself does not need', () => {
    expect(faults({ url, headers: { Authorization: 'Bearer x', 'X-Tenant': '', 'user-agent': 'mine' } })).toEqual([]);
  });

  it.each([
    'Content-Type',
    'content-length',
    'HOST',
    'Webhook-Id',
    'webhook-signature',
    'Webhook-Anything',
    'transfer-encoding',
  ])('refuse to replace the header %s', (name) => {
    expect(faults({ url, headers: { [name]: 'x' } })).toEqual([
      [`/headers/${name}`, expect.stringMatching(/cannot be replaced/)],
    ]);
  });

  it('refuse names and values that would break the request, and name the header', () => {
    expect(faults({ url, headers: { 'x y': 'a' } })).toEqual([
      ['/headers/x y', expect.stringMatching(/not a header name/)],
    ]);
    expect(faults({ url, headers: { 'x-a': 'a\r\nx-b: c' } })).toEqual([
      ['/headers/x-a', expect.stringMatching(/one line/)],
    ]);
    expect(faults({ url, headers: { 'x-a': 'Привет' } })).toEqual([['/headers/x-a', expect.stringMatching(/ASCII/)]]);
    expect(faults({ url, headers: { 'X-A': '1', 'x-a': '2' } })).toEqual([
      ['/headers/x-a', expect.stringMatching(/twice/)],
    ]);
  });

  it('point at a bad secret with the remedy', () => {
    expect(faults({ url, secret: 'hunter2' })).toEqual([['/secret', expect.stringMatching(/openssl rand/)]]);
  });
});
