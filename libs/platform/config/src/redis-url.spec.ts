import { describe, expect, it } from '@jest/globals';
import { readRedisUrl } from './redis-url.ts';

describe('readRedisUrl', () => {
  it.each(['redis://localhost', 'redis://:pw@10.0.0.1:6380/3', 'rediss://user:pw@[::1]:6379', 'redis://h/'])(
    'hands %s of one server on as it is',
    (url) => {
      expect(readRedisUrl(url)).toEqual({ target: { kind: 'single', url } });
    },
  );

  it('reads Sentinels with the name of their master', () => {
    expect(readRedisUrl('redis+sentinel://one:26380,two/mymaster')).toEqual({
      target: {
        kind: 'sentinel',
        nodes: [
          { host: 'one', port: 26380 },
          { host: 'two', port: 26379 },
        ],
        master: 'mymaster',
        db: 0,
        tls: false,
      },
    });
    expect(readRedisUrl('rediss+sentinel://me:p%40w@[fd00::1]:1/main/4?sentinelPassword=s%2Fp')).toEqual({
      target: {
        kind: 'sentinel',
        nodes: [{ host: 'fd00::1', port: 1 }],
        master: 'main',
        db: 4,
        username: 'me',
        password: 'p@w',
        sentinelPassword: 's/p',
        tls: true,
      },
    });
  });

  it('reads the nodes of a Cluster', () => {
    expect(readRedisUrl('redis+cluster://:pw@h1:7000, h2')).toEqual({
      target: {
        kind: 'cluster',
        nodes: [
          { host: 'h1', port: 7000 },
          { host: 'h2', port: 6379 },
        ],
        password: 'pw',
        tls: false,
      },
    });
  });

  it.each([
    ['redis+sentinel://h1,h2', 'redis+sentinel://'],
    ['redis+sentinel://h1:0/mymaster', 'redis+sentinel://'],
    ['redis+sentinel://h1/mymaster/first', 'redis+sentinel://'],
    ['redis+sentinel:///mymaster', 'redis+sentinel://'],
    ['redis+cluster://h1:99999', 'redis+cluster://'],
    ['redis+cluster://h1,,h2', 'redis+cluster://'],
    ['redis+cluster://u:%zz@h1', 'redis+cluster://'],
    ['redis+cluster://h1/0', 'redis+cluster://'],
    ['redis://host:port', 'redis://['],
    ['redis://host/name', 'redis://['],
  ])('refuses %s and names the form', (url, form) => {
    expect(readRedisUrl(url)).toEqual({ fault: expect.stringContaining(`must have the form ${form}`) });
  });

  it('names all forms for a scheme that it does not know, and never the text', () => {
    const answer = readRedisUrl('https://me:pw-4711@redis.example');
    expect(answer).toEqual({ fault: expect.stringMatching(/redis:.*redis\+sentinel:.*redis\+cluster:/) });
    expect(JSON.stringify([answer, readRedisUrl('redis+cluster://me:pw-4711@h:x')])).not.toContain('4711');
  });
});
