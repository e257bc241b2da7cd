import { errorCatalogue } from '#contract';
import { allSlices, loadConfig } from '#platform/config';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { configPage, envExample, errorsPage } from './index.ts';

describe('the page of errors', () => {
  it('has every code with its sentence and its remedy, under its status', () => {
    const page = errorsPage(errorCatalogue);
    for (const [code, { status, title, remedy }] of Object.entries(errorCatalogue)) {
      const section = page.split(/^## /m).find((text) => text.startsWith(`${status}\n`));
      expect(section).toContain(`### \`${code}\`\n\n${title} ${remedy}`);
    }
  });
});

describe('the page of settings', () => {
  const slices = {
    httpEnv: { PORT: z.coerce.number().default(3000).describe('HTTP port.') },
    databaseEnv: {
      DATABASE_URL: z.string().describe('Where the database is.'),
      LIST: z.array(z.string()).default(['a', 'b']).describe('Names.'),
    },
    logEnv: { LOG_FILE: z.string().optional().describe('Where the log goes.') },
  };

  it('tells default, requirement and freedom apart', () => {
    const page = configPage(slices);
    expect(page).toContain('### `PORT`\n\nHTTP port. Default: `3000`.');
    expect(page).toContain('### `DATABASE_URL`\n\nWhere the database is. Required outside standalone.');
    expect(page).toContain('### `LIST`\n\nNames. Default: `a,b`.');
    expect(page).toContain('### `LOG_FILE`\n\nWhere the log goes. No default.');
  });

  it('refuses a slice that it knows no heading for, and a key without description', () => {
    expect(() => configPage({ newEnv: slices.logEnv })).toThrow('newEnv');
    expect(() => configPage({ logEnv: { X: z.string() } })).toThrow('X has no description');
  });
});

describe('.env.example', () => {
  const lines = envExample(allSlices).split('\n');

  it('has every key once, commented out, so that copying it changes nothing', () => {
    const keys = Object.values(allSlices).flatMap((slice) => Object.keys(slice));
    const found = lines.flatMap((line) => /^#([A-Z_]+)=/.exec(line)?.[1] ?? []);
    expect(found).toEqual(keys);
    expect(lines.every((line) => line === '' || line.startsWith('#'))).toBe(true);
  });

  it('has defaults that the configuration itself accepts', () => {
    const given = Object.fromEntries(
      lines.flatMap((line) => [...line.matchAll(/^#([A-Z_]+)=(.+)$/g)].map(([, key, value]) => [key!, value!])),
    );
    expect(given).toMatchObject({ PORT: '3000' });
    for (const slice of Object.values(allSlices)) {
      const defaulted = Object.fromEntries(Object.entries(slice).filter(([key]) => key in given));
      expect(loadConfig(defaulted, given)).toEqual(loadConfig(defaulted, {}));
    }
  });
});
