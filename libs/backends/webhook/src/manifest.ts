import { httpUrl, type Manifest } from '#backends/kit';
import { z } from 'zod';
import { refuseSecret } from './signature.ts';

/** Headers that the exchange itself needs, or that carry the signature. */
const reserved =
  /^(content-(type|length|encoding)|host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|webhook-.*)$/;
const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;

const secret = z
  .string()
  .superRefine((text, ctx) => {
    const refusal = refuseSecret(text);
    if (refusal) ctx.addIssue({ code: 'custom', message: refusal });
  })
  .optional()
  .meta({
    secret: true,
    description:
      'Signing key: `whsec_` and 24 to 64 bytes in Base64. While a key is being replaced: the new and the old one, separated by a space.',
  });

const headers = z
  .record(
    z.string(),
    z
      .string()
      .max(4096)
      .regex(/^[\x20-\x7e\t]*$/, 'must be printable ASCII on one line'),
  )
  .superRefine((given, ctx) => {
    for (const [name, fault] of headerFaults(Object.keys(given))) {
      ctx.addIssue({ code: 'custom', path: [name], message: fault });
    }
  })
  .optional()
  .meta({ secret: true, description: 'Further request headers, name to value, such as `Authorization`.' });

function headerFaults(names: readonly string[]): [string, string][] {
  const seen = new Set<string>();
  const faults: [string, string][] = [];
  for (const name of names) {
    const lower = name.toLowerCase();
    if (!headerName.test(name)) faults.push([name, 'is not a header name (RFC 9110)']);
    else if (reserved.test(lower)) faults.push([name, 'is set by Vestnik and cannot be replaced']);
    else if (seen.has(lower)) faults.push([name, 'is given twice in different case']);
    seen.add(lower);
  }
  return faults.slice(0, 20);
}

/** Settings of a webhook. */
export const settings = z.strictObject({
  url: httpUrl().meta({ target: true, description: 'Where each message is posted, as https:// or http:// URL.' }),
  secret,
  headers,
});

/** What a webhook is, as data. */
export const manifest = {
  type: 'webhook',
  label: 'Webhook',
  docsUrl: 'https://www.standardwebhooks.com/',
  settings,
  address: { description: 'Free text, handed on as `to` in the body.', example: 'anna' },
  text: {
    dialect: 'plain',
    title: 'separate',
    maxChars: {
      value: 16_000,
      source: 'Standard Webhooks 1.0.0 advises payloads below 20 kB; the rest is left to the event',
    },
    unit: 'utf8Bytes',
    overflow: 'cut',
  },
  limits: { concurrency: 64, timeoutMs: 15_000 },
  abilities: ['person', 'room'],
  // The consumer keeps or loses what it accepted; with `webhook-id` it can tell a repeat.
  offline: 'stored',
  dedupe: 'native',
} as const satisfies Manifest<typeof settings>;
