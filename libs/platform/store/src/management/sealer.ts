/** Secrets at rest: sealed with a key made from SECRET_KEY, opened only where a message is about to be sent. */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { secretMask, type JsonValue } from '#contract';

/** A sealed value as it is stored: `v1:<key id>:<nonce, tag and cipher text in base64url>`. */
export interface Sealed {
  $sealed: string;
  [key: string]: JsonValue;
}

/** Seals and opens secrets with one SECRET_KEY. */
export interface Sealer {
  /** Encrypts a value (AES-256-GCM). Sealing the same value twice gives different text. */
  seal(value: JsonValue): Sealed;
  /** Opens every sealed value inside `value`, however deep. Throws `SealBroken`. */
  open(value: JsonValue): JsonValue;
}

/** A sealed value that this SECRET_KEY does not open, or that was tampered with. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

const version = 'v1';
const nonceBytes = 12;
const tagBytes = 16;

/** Makes a sealer; takes about 50 ms, because the key is stretched with scrypt (RFC 7914). */
export function createSealer(secretKey: string): Sealer {
  // A fixed salt: the same SECRET_KEY must give the same key in every process, and there is only one key to guess.
  const stretched = scryptSync(secretKey, 'vestnik/sealer/v1', 36, { N: 2 ** 14, r: 8, p: 1 });
  const key = stretched.subarray(0, 32);
  const keyId = stretched.subarray(32).toString('hex');
  return {
    seal: (value) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
      const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
      const packed = Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url');
      return { $sealed: `${version}:${keyId}:${packed}` };
    },
    open: (value) => mapSealed(value, (sealed) => open(sealed, key, keyId)),
  };
}

/** Replaces every sealed value inside `value` by the mask, for everything that people or logs see. */
export function maskSealed(value: JsonValue): JsonValue {
  return mapSealed(value, () => secretMask);
}

function open(sealed: string, key: Buffer, keyId: string): JsonValue {
  const [writtenVersion, writtenKeyId, packed] = sealed.split(':');
  if (writtenVersion !== version || packed === undefined)
    throw new SealBroken('A stored secret is not in the form that this version writes.');
  if (writtenKeyId !== keyId) {
    throw new SealBroken(
      'A stored secret was sealed with another SECRET_KEY. Start with the former SECRET_KEY, or enter the secrets anew.',
    );
  }
  const bytes = Buffer.from(packed, 'base64url');
  const nonce = bytes.subarray(0, nonceBytes);
  const tag = bytes.subarray(nonceBytes, nonceBytes + tagBytes);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAuthTag(tag);
    const text = Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]);
    return JSON.parse(text.toString('utf8')) as JsonValue;
  } catch (cause) {
    throw new SealBroken('A stored secret was altered since it was sealed with SECRET_KEY.', { cause });
  }
}

function mapSealed(value: JsonValue, replace: (sealed: string) => JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => mapSealed(item, replace));
  const sealed = value['$sealed'];
  if (typeof sealed === 'string' && Object.keys(value).length === 1) return replace(sealed);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mapSealed(inner, replace)]));
}
