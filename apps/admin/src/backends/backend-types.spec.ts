import type { Manifest } from '#backends/kit';
import { allAdapters } from '#backends/registry';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { settingsSchemaOf, toTypeView } from './backend-types.ts';

describe('the JSON Schema of settings', () => {
  it('marks secrets as writeOnly, describes what is sent, and holds nothing of ours', () => {
    const settings = z.strictObject({
      url: z.string().meta({ target: true, description: 'Where.' }),
      port: z.int().default(25),
      token: z.string().optional().meta({ secret: true, description: 'Key.' }),
    });
    expect(settingsSchemaOf({ settings })).toEqual({
      type: 'object',
      properties: {
        url: { type: 'string', description: 'Where.' },
        port: expect.objectContaining({ type: 'integer', default: 25 }),
        token: { type: 'string', description: 'Key.', writeOnly: true },
      },
      required: ['url'],
      additionalProperties: false,
    });
  });
});

describe('the view of a backend type', () => {
  it.each(allAdapters().map((adapter) => [adapter.manifest.type, adapter.manifest] as [string, Manifest]))(
    'is plain JSON: %s',
    (type, manifest) => {
      const view = toTypeView(manifest);
      expect(JSON.parse(JSON.stringify(view))).toEqual(view);
      expect(view).toMatchObject({
        type,
        limits: { timeoutMs: manifest.limits.timeoutMs, text: { maxChars: manifest.text.maxChars } },
      });
    },
  );
});
