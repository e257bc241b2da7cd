import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { maskSecrets, secretsOf } from './mask.ts';

/** Any UTF-16 units, halves of surrogate pairs included; an order of magnitude quicker than fast-check's own `binary`. */
const anyText = (maxLength = 20, minLength = 0) =>
  fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength, maxLength }).map((units) => String.fromCharCode(...units));

describe('masking', () => {
  const secret = 'п@роль "1"&<2>';

  it.each([
    ['as it is', secret],
    ['URL-encoded', encodeURIComponent(secret)],
    ['form-encoded', new URLSearchParams({ k: secret }).toString().slice(2)],
    ['in Base64', Buffer.from(secret).toString('base64')],
    ['in Base64 for URLs', Buffer.from(secret).toString('base64url')],
    ['inside JSON', JSON.stringify(secret).slice(1, -1)],
    ['inside ASCII JSON', '\\u043f@\\u0440\\u043e\\u043b\\u044c \\"1\\"&<2>'],
    ['inside HTML', 'п@роль &quot;1&quot;&amp;&lt;2&gt;'],
  ])('finds a secret %s', (_, form) => {
    expect(maskSecrets(`before ${form} after`, [secret])).toMatch(/^before \*\*\*=* after$/);
  });

  it('hides a longer secret whole although a shorter one is part of it', () => {
    expect(maskSecrets('key=abc-secret-tail', ['abc', 'abc-secret-tail'])).toBe('key=***');
  });

  it('leaves texts without secrets, and secrets too short to tell, alone', () => {
    expect(maskSecrets('error 5 in line 17', ['5', '17', ''])).toBe('error 5 in line 17');
  });

  it('never leaves a secret in any text, and never throws', () => {
    const text = anyText();
    fc.assert(
      fc.property(text, anyText(20, 4), text, (before, hidden, after) => {
        fc.pre(!'***'.includes(hidden) && !hidden.includes('***'));
        expect(
          maskSecrets(before + hidden + after, [hidden])
            .split('***')
            .join('\n'),
        ).not.toContain(hidden);
      }),
    );
  });
});

describe('collecting the secrets of some settings', () => {
  const settings = z.strictObject({
    url: z.string(),
    key: z.string().optional().meta({ secret: true }),
    pin: z.number().default(0).meta({ secret: true }),
    headers: z.record(z.string(), z.string()).meta({ secret: true }).optional(),
  });

  it('takes every text inside the secret fields, and the words of it', () => {
    const given = {
      url: 'https://open.example',
      key: 'whsec_abcdefgh',
      pin: 4711,
      headers: { Authorization: 'Bearer tok-12345' },
    };
    const secrets = secretsOf({ settings }, given);
    expect(new Set(secrets)).toEqual(new Set(['whsec_abcdefgh', 'abcdefgh', '4711', 'Bearer tok-12345', 'tok-12345']));
  });

  it('finds none where nothing secret is set', () => {
    expect(secretsOf({ settings }, { url: 'https://open.example' })).toEqual([]);
  });
});
