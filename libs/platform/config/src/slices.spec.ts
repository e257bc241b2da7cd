import { describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig } from './load.ts';
import type { Secret } from './secret.ts';
import {
  allSlices,
  courierEnv,
  databaseEnv,
  httpEnv,
  queueEnv,
  secretsEnv,
  standaloneEnv,
  type EnvSlice,
} from './slices.ts';

const everything: EnvSlice = Object.assign({}, ...Object.values(allSlices)) as EnvSlice;
const required = { DATABASE_URL: 'postgresql://me:pw-4711@db/vestnik', SECRET_KEY: 'sixteen characters' };

/** The keys that are refused. */
function refused(env: NodeJS.ProcessEnv, slice = everything): string[] {
  try {
    loadConfig(slice, { ...required, ...env });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [...error.message.matchAll(/^ {2}(\w+): /gm)].map((found) => found[1]!);
  }
}

describe('the environment', () => {
  it('needs a database and a key, and has a default for everything else', () => {
    expect(refused({ DATABASE_URL: '', SECRET_KEY: '' }).sort()).toEqual(['DATABASE_URL', 'SECRET_KEY']);
    expect(loadConfig(everything, required)).toMatchObject({
      PORT: 3000,
      HOST: '0.0.0.0',
      DATABASE_POOL: 10,
      RETENTION_DAYS: 90,
      REDIS_URL: undefined,
      QUEUE_PREFIX: 'vestnik',
      ADMIN_API_KEY: undefined,
      TARGET_NETWORKS: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
      DATA_DIR: './.data',
      SEED_DEMO: false,
      LOG_LEVEL: 'info',
    });
  });

  it('names every fault of every key at once', () => {
    const faults = {
      PORT: '65536',
      DATABASE_URL: 'mysql://db',
      DATABASE_POOL: '1',
      RETENTION_DAYS: '0',
      REDIS_URL: 'http://redis',
      QUEUE_PREFIX: 'a:b',
      SECRET_KEY: 'short',
      ADMIN_API_KEY: 'short',
      TARGET_NETWORKS: '10.0.0.0',
      STOP_TIMEOUT_S: '0',
      SEED_DEMO: 'yes',
      LOG_LEVEL: 'loud',
    };
    expect(refused(faults).sort()).toEqual(Object.keys(faults).sort());
  });

  it('describes each key, and each key stands in one slice', () => {
    const keys = Object.values(allSlices).flatMap((slice) => Object.entries(slice));
    expect(keys.filter(([, schema]) => !/\.$/.test(schema.description ?? '')).map(([key]) => key)).toEqual([]);
    expect(new Set(keys.map(([key]) => key)).size).toBe(keys.length);
  });
});

describe('keys that are secret', () => {
  it('do not print, and reveal what was given', () => {
    const given = { ...required, REDIS_URL: 'redis://:pw-4711@cache', ADMIN_API_KEY: 'pw-4711-pw-4711-pw' };
    const config = loadConfig(everything, given);
    expect(JSON.stringify(config)).not.toContain('pw-4711');
    for (const [key, value] of Object.entries(given)) expect((config[key] as Secret).reveal()).toBe(value);
  });

  it('are not in the refusal either', () => {
    const load = () =>
      loadConfig(
        { ...databaseEnv, ...queueEnv, ...secretsEnv },
        { DATABASE_URL: 'mysql://pw-4711', REDIS_URL: 'pw-4711', SECRET_KEY: 'pw-4711' },
      );
    expect(load).toThrow(ConfigError);
    expect(load).not.toThrow(/4711/);
  });
});

describe('the bootstrap key', () => {
  it.each(['fifteen-letters', 'sixteen letters and spaces', 'sixteen-letters-and-newline\n', 'ключ-из-многих-букв'])(
    'is refused when no caller could send it, or anybody could guess it: %j',
    (ADMIN_API_KEY) => {
      expect(refused({ ADMIN_API_KEY })).toEqual(['ADMIN_API_KEY']);
    },
  );

  it('may hold any sign that fits into a header', () => {
    expect(refused({ ADMIN_API_KEY: 'vst_0123456789-._~+/=!' })).toEqual([]);
  });
});

describe('a list of networks', () => {
  const networks = (text: string) => loadConfig(courierEnv, { TARGET_NETWORKS: text }).TARGET_NETWORKS;

  it('is separated by commas, with or without spaces', () => {
    expect(networks('127.0.0.0/8, ::1/128 ,10.1.2.3/32,')).toEqual(['127.0.0.0/8', '::1/128', '10.1.2.3/32']);
  });

  it.each(['localhost', '10.0.0.0', '10.0.0.0/', '10.0.0.0/8;11.0.0.0/8', 'intranet/8', '10.0.0.0/8/8'])(
    'is refused when a part is no CIDR: %s',
    (text) => {
      expect(() => networks(text)).toThrow(/comma-separated list such as/);
    },
  );

  it.each(['10.0.0.0/33', '999.0.0.0/8', '::1/129', '1.2.3/8', ':::/3'])(
    'is refused when there is no such network: %s',
    (text) => {
      expect(() => networks(text)).toThrow(/comma-separated list such as/);
    },
  );
});

describe('a port', () => {
  it.each(['0', '1', '65535'])('may be %s', (text) => {
    expect(loadConfig(httpEnv, { PORT: text }).PORT).toBe(Number(text));
  });

  it.each(['-1', '65536', '80.5', 'http', '0x'])('is refused: %s', (PORT) => {
    expect(refused({ PORT }, httpEnv)).toEqual(['PORT']);
  });
});

describe('the URL of a server', () => {
  it.each(['postgres://db/v', 'postgresql://me@db:5432/v?sslmode=require'])('is taken: %s', (url) => {
    expect(loadConfig(databaseEnv, { DATABASE_URL: url }).DATABASE_URL.reveal()).toBe(url);
  });

  it.each(['db:5432/v', 'http://db', '//db', 'postgres'])('is refused: %s', (DATABASE_URL) => {
    expect(() => loadConfig(databaseEnv, { DATABASE_URL })).toThrow(/must be a URL with postgres: or postgresql:/);
  });

  it('of Redis may be encrypted', () => {
    expect(loadConfig(queueEnv, { REDIS_URL: 'rediss://cache:6380/2' }).REDIS_URL?.reveal()).toBe(
      'rediss://cache:6380/2',
    );
  });
});

describe('a switch', () => {
  it.each([
    ['true', true],
    ['false', false],
  ])('is on or off: %s', (SEED_DEMO, on) => {
    expect(loadConfig(standaloneEnv, { SEED_DEMO }).SEED_DEMO).toBe(on);
  });
});
