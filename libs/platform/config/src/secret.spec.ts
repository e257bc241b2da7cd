import { describe, expect, it } from '@jest/globals';
import { format, inspect } from 'node:util';
import { Secret } from './secret.ts';

const text = 'correct horse battery staple';
const secret = new Secret(text);

describe('a secret', () => {
  it('is revealed only to those who ask', () => {
    expect(secret.reveal()).toBe(text);
  });

  it.each([
    ['JSON', () => JSON.stringify({ secret, list: [secret] })],
    ['templates', () => `${secret as unknown as string}`],
    ['joined text', () => 'key: ' + String(secret)],
    ['the inspector', () => inspect({ secret }, { depth: 9, showHidden: true })],
    ['formatted output', () => format('%s %o %j', secret, secret, secret)],
    ['errors', () => String(new Error(`with ${String(secret)}`, { cause: secret }).stack)],
    ['its own fields', () => JSON.stringify([Object.entries(secret), { ...secret }, structuredClone({ ...secret })])],
  ])('does not show itself in %s', (_where, print) => {
    expect(print()).not.toContain('horse');
  });

  it('shows three stars instead', () => {
    expect([JSON.stringify(secret), String(secret), inspect(secret)]).toEqual(['"***"', '***', '***']);
  });
});
