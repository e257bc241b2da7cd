import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { hostName, httpUrl, tcpPort } from './fields.ts';
import { secretFields, targetFields } from './manifest.ts';

describe('the secret fields of a manifest', () => {
  it('are found under optional, default and refinement, and nothing else is', () => {
    const settings = z
      .strictObject({
        open: z.string().meta({ description: 'not secret' }),
        plain: z.string().meta({ secret: true }),
        inside: z.string().meta({ secret: true }).optional(),
        outside: z.string().optional().meta({ secret: true }),
        deep: z.string().meta({ secret: true }).nullable().default(null).optional(),
        record: z.record(z.string(), z.string()).meta({ secret: true }),
      })
      .superRefine(() => undefined);
    expect(secretFields({ settings })).toEqual(['plain', 'inside', 'outside', 'deep', 'record']);
  });
});

describe('the fields of a manifest that say where to send', () => {
  it('are found by their own mark, and are not secrets', () => {
    const settings = z.strictObject({
      url: z.string().meta({ target: true, description: 'where' }),
      port: z.int().default(25).meta({ target: true }),
      inside: z.string().meta({ target: true }).optional(),
      token: z.string().meta({ secret: true }),
    });
    expect(targetFields({ settings })).toEqual(['url', 'port', 'inside']);
    expect(secretFields({ settings })).toEqual(['token']);
  });
});

describe('the shared fields', () => {
  it.each(['https://a.example/hook?x=1', 'http://10.0.0.5:8080', 'http://[::1]/', 'https://пример.рф/'])(
    'take the URL %s',
    (url) => {
      expect(httpUrl().parse(url)).toBe(url);
    },
  );

  it.each([
    ['example.com', /whole URL/],
    ['ftp://example.com', /http/],
    ['javascript:alert(1)', /http/],
    ['https://user:pass@example.com', /password/],
    ['https://user@example.com', /password/],
    ['https://example.com/#part', /fragment/],
    ['', /whole URL/],
  ])('refuse the URL %s with what to write instead', (url, remedy) => {
    expect(httpUrl().safeParse(url).error?.issues[0]?.message).toMatch(remedy);
  });

  it('take host names and addresses without scheme and port', () => {
    for (const host of ['chat', 'chat.local', 'my_host', '10.0.0.5', '::1', 'a-b.example'])
      expect(hostName().safeParse(host).success).toBe(true);
    const wrong = [
      '',
      'http://chat',
      'chat:2004',
      'a b',
      '-a',
      'a..b',
      '[::1]',
      'a'.repeat(64),
      'a.'.repeat(120) + '!',
    ];
    for (const host of wrong) expect(hostName().safeParse(host).success).toBe(false);
  });

  it('take ports from 1 to 65535', () => {
    expect([1, 65_535].every((port) => tcpPort().safeParse(port).success)).toBe(true);
    expect([0, 65_536, 1.5, '80'].some((port) => tcpPort().safeParse(port).success)).toBe(false);
  });
});
