import { describe, expect, it } from '@jest/globals';
import { refuseSecret, sign } from './signature.ts';

const referenceSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const ownSecret = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';

describe('the signature of Standard Webhooks', () => {
  it('agrees with the vector of the reference test suite', () => {
    const body = Buffer.from('{"test": 2432232314}');
    expect(sign(referenceSecret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', '1614265330', body)).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  it('covers the bytes of the body, also beyond ASCII and when there are none', () => {
    const body = '{"type":"alert.fired","timestamp":"2026-11-20T08:00:00Z","data":{"id":"42","text":"Łódź ✓"}}';
    expect(sign(ownSecret, 'msg_router_0001', '1795161600', Buffer.from(body))).toBe(
      'v1,kZlYUZ3pqZvi1hZOA2BwB+rIouglMU+N28sb/tf0ZgI=',
    );
    expect(sign(ownSecret, 'msg_router_0001', '1795161600', Buffer.alloc(0))).toBe(
      'v1,QRQCgJX22g2WghVyfTJRzw/ch6ShhNwHvBa2Cz9xXjo=',
    );
  });

  it('is made with each of two keys, in their order', () => {
    const [first, second] = [referenceSecret, ownSecret].map((key) => sign(key, 'a', '1', Buffer.from('x')));
    expect(sign(`${referenceSecret} ${ownSecret}`, 'a', '1', Buffer.from('x'))).toBe(`${first} ${second}`);
  });
});

describe('a signing secret', () => {
  const key = (bytes: number) => 'whsec_' + Buffer.alloc(bytes, 1).toString('base64');

  it('is taken from 24 to 64 bytes, with or without padding, and as a pair', () => {
    const good = [key(24), key(32), key(64), key(32).replace('=', ''), `${key(24)} ${key(32)}`];
    expect(good.map(refuseSecret)).toEqual(good.map(() => undefined));
  });

  it.each([
    ['', /whsec_/],
    ['hunter2', /whsec_ followed by 24 to 64 bytes.*openssl/],
    [key(23), /24 to 64/],
    [key(65), /24 to 64/],
    [key(32).replace('whsec_', ''), /whsec_/],
    [key(32).replace('whsec_', 'whsk_'), /whsec_/],
    ['whsec_' + '-_'.repeat(20), /Base64/],
    [`${key(32)}  ${key(32)}`, /separated by one space/],
    [`${key(32)} ${key(32)} ${key(32)}`, /the new and the old/],
  ])('is refused as %j with the remedy', (secret, remedy) => {
    expect(refuseSecret(secret)).toMatch(remedy);
  });
});
