import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ConfigError, loadConfig } from './load.ts';
import type { EnvSlice } from './slices.ts';

const slice = {
  NAME: z.string().min(2, 'must have two characters').describe('What it is called.'),
  COUNT: z.coerce.number().int('must be whole').default(3).describe('How many.'),
  NOTE: z.string().optional(),
};

/** The text of the refusal. */
function refusal(env: NodeJS.ProcessEnv, of: EnvSlice = slice): string {
  try {
    loadConfig(of, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

describe('loadConfig', () => {
  it('reads the keys of its slice, fills in defaults, and leaves the rest of the environment out', () => {
    expect(loadConfig(slice, { NAME: 'anna', PATH: '/bin' })).toEqual({ NAME: 'anna', COUNT: 3, NOTE: undefined });
    expect(loadConfig(slice, { NAME: 'anna', COUNT: '7' }).COUNT).toBe(7);
  });

  it('takes an empty value for an absent one', () => {
    expect(loadConfig(slice, { NAME: 'anna', COUNT: '', NOTE: '' })).toEqual({
      NAME: 'anna',
      COUNT: 3,
      NOTE: undefined,
    });
    expect(refusal({ NAME: '' })).toContain('NAME: is required');
  });

  it('lists all faults at once, one per line, each with what the key is for', () => {
    expect(refusal({ COUNT: '1.5' }).split('\n')).toEqual([
      'The configuration does not fit:',
      '  NAME: is required. What it is called.',
      '  COUNT: must be whole. How many.',
    ]);
  });

  it('never shows the value that it refuses', () => {
    const strict = { KEY: z.string().refine((text) => text.length > 40, 'is too short'), N: z.coerce.number() };
    const message = refusal({ KEY: 'hunter2', N: 'hunter3' }, strict);
    expect(message).toMatch(/KEY: is too short[^]*N: /);
    expect(message).not.toMatch(/hunter/);
  });

  it('answers something that cannot be changed', () => {
    const config = loadConfig(slice, { NAME: 'anna' }) as { NAME: string };
    expect(() => (config.NAME = 'boris')).toThrow(TypeError);
  });

  it('asks the process to end with the code for a bad configuration', () => {
    expect(new ConfigError('x').exitCode).toBe(78);
  });
});
