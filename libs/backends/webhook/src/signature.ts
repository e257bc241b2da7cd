/** Symmetric signatures of Standard Webhooks 1.0.0 (https://www.standardwebhooks.com/). */
import { createHmac } from 'node:crypto';

const keyBytes = { min: 24, max: 64 };
const keyForm = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}={0,2})?)$/;

/** Says what is wrong with a signing secret, and what to write instead; `undefined` when it can be used. */
export function refuseSecret(secret: string): string | undefined {
  const keys = secret.split(' ');
  if (keys.length > 2) return 'must be one key, or the new and the old key separated by one space';
  if (keys.every((key) => decodeKey(key) !== undefined)) return undefined;
  return 'must be whsec_ followed by 24 to 64 bytes in Base64; make one with: echo whsec_$(openssl rand -base64 32)';
}

/**
 * Writes the `webhook-signature` header: one `v1,` signature per key, separated by spaces. The signed bytes are
 * `id.timestamp.body`; the key is what the Base64 decodes to, not its text.
 */
export function sign(secret: string, id: string, timestamp: string, body: Buffer): string {
  const signatures = secret.split(' ').map((key) => {
    const hmac = createHmac('sha256', decodeKey(key) ?? '');
    return 'v1,' + hmac.update(`${id}.${timestamp}.`).update(body).digest('base64');
  });
  return signatures.join(' ');
}

function decodeKey(text: string): Buffer | undefined {
  const base64 = keyForm.exec(text)?.[1];
  if (base64 === undefined) return undefined;
  const key = Buffer.from(base64, 'base64');
  return key.length >= keyBytes.min && key.length <= keyBytes.max ? key : undefined;
}
