import { Secret } from '#platform/config';
import { describe, expect, it } from '@jest/globals';
import { welcome } from './welcome.ts';

const made = { value: new Secret('vst_made-just-now'), isNew: true, file: '/data/admin-api-key' };
const kept = { value: new Secret('vst_kept-for-long'), isNew: false, file: '/data/admin-api-key' };
const given = { value: new Secret('vst_given-by-env'), isNew: false, file: undefined };

describe('the welcome', () => {
  it.each(['http://0.0.0.0:3000', 'http://127.0.0.1:3000', 'http://[::]:3000'])(
    'leads to addresses that a browser on this machine can open: %s',
    (url) => {
      const text = welcome(url, kept, true);
      for (const path of ['', '/docs', '/health/ready', '/v1/events', '/v1/inbox/anna'])
        expect(text).toContain(`http://localhost:3000${path}`);
      expect(text).not.toMatch(/0\.0\.0\.0|127\.0\.0\.1|::/);
    },
  );

  it('shows a new key, once, and where it is kept', () => {
    const text = welcome('http://127.0.0.1:3000', made, false);
    expect(text).toContain('vst_made-just-now');
    expect(text).toContain('/data/admin-api-key');
  });

  it.each([
    ['kept', kept, 'Bearer $(cat /data/admin-api-key)'],
    ['given', given, 'Bearer $ADMIN_API_KEY'],
  ])('does not show a key that was %s, but commands that use it', (_how, key, used) => {
    const text = welcome('http://127.0.0.1:3000', key, true);
    expect(text).toContain(used);
    expect(text).not.toContain(key.value.reveal());
  });

  it('proposes events of the example only where there is the example', () => {
    expect(welcome('http://127.0.0.1:3000', kept, false)).not.toContain('curl');
    expect(welcome('http://127.0.0.1:3000', kept, true).match(/^curl /gm)).toHaveLength(2);
  });
});
