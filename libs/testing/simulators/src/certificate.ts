/**
 * Makes a self-signed certificate at run time, so that no private key lies in the repository and none runs out. Node can
 * sign but not build certificates, so the few ASN.1 structures of X.509 (RFC 5280) are written here.
 */
import { createSign, generateKeyPairSync } from 'node:crypto';

const tag = { integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, text: 0x0c, time: 0x18, sequence: 0x30, set: 0x31 };

/** ecdsa-with-SHA256 (1.2.840.10045.4.3.2), commonName (2.5.4.3) and subjectAltName (2.5.29.17). */
const oids = { ecdsaSha256: '2a8648ce3d040302', commonName: '550403', subjectAltName: '551d11' };

function der(kind: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([kind, length]), content]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([kind, ...size]), content]);
}

function oid(hex: string): Buffer {
  return der(tag.oid, Buffer.from(hex, 'hex'));
}

function time(at: Date): Buffer {
  return der(tag.time, Buffer.from(at.toISOString().replace(/[-:T]|\.\d+/g, ''), 'latin1'));
}

function name(commonName: string): Buffer {
  const attribute = der(tag.sequence, oid(oids.commonName), der(tag.text, Buffer.from(commonName)));
  return der(tag.sequence, der(tag.set, attribute));
}

/** subjectAltName with the DNS name `localhost` and the address 127.0.0.1. */
function extensions(): Buffer {
  const names = der(tag.sequence, der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])));
  const extension = der(tag.sequence, oid(oids.subjectAltName), der(tag.octets, names));
  return der(0xa3, der(tag.sequence, extension));
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** A certificate for localhost and 127.0.0.1 that no authority signed, valid for a day, with its key, both as PEM. */
export function selfSigned(now = Date.now()): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(tag.sequence, oid(oids.ecdsaSha256));
  const issuer = name('simulator');
  const hour = 3_600_000;
  const body = der(
    tag.sequence,
    der(0xa0, der(tag.integer, Buffer.from([2]))),
    der(tag.integer, Buffer.from([1])),
    algorithm,
    issuer,
    der(tag.sequence, time(new Date(now - hour)), time(new Date(now + 24 * hour))),
    issuer,
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions(),
  );
  const signature = createSign('sha256').update(body).sign(privateKey);
  const whole = der(tag.sequence, body, algorithm, der(tag.bits, Buffer.from([0]), signature));
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { cert: pem('CERTIFICATE', whole), key };
}
