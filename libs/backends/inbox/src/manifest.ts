import type { Manifest } from '#backends/kit';
import { z } from 'zod';

/** The inbox has nothing to set. */
export const settings = z.strictObject({});

/** What the built-in inbox is, as data. */
export const manifest = {
  type: 'inbox',
  label: 'Built-in inbox',
  docsUrl: '/docs#tag/inbox',
  settings,
  address: { description: 'Name of the inbox, usually the slug of the recipient.', example: 'anna' },
  text: {
    dialect: 'plain',
    title: 'separate',
    maxChars: { value: 100_000, source: 'own choice: as long as the text of a template may be' },
    unit: 'codePoints',
    overflow: 'cut',
  },
  limits: { concurrency: 64, timeoutMs: 10_000 },
  abilities: ['person', 'room', 'receipts'],
  offline: 'stored',
  dedupe: 'native',
} as const satisfies Manifest<typeof settings>;
