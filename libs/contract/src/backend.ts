import { z } from 'zod';
import { addressKind, retryPolicy } from './delivery.ts';
import { jsonValue } from './event.ts';
import { outcome } from './outcome.ts';

/** One configured instance of a backend type. The settings are checked against the manifest of the type. */
export const backend = z
  .strictObject({
    type: z.string().min(1),
    settings: z.record(z.string(), jsonValue),
    paused: z.boolean().optional().meta({ description: 'While true nothing is sent; deliveries wait.' }),
    retry: retryPolicy.optional(),
  })
  .meta({ id: 'Backend', example: { type: 'webhook', settings: { url: 'https://consumer.example/hook' } } });

/** One configured instance of a backend type. */
export type Backend = z.infer<typeof backend>;

/** What stands in place of a secret that went in before. Sent back unchanged, it keeps the stored secret. */
export const secretMask = '********';

/** A backend type as `GET /v1/backend-types` shows it. */
export const backendTypeView = z
  .strictObject({
    type: z.string(),
    label: z.string(),
    docsUrl: z.string(),
    settingsSchema: jsonValue.meta({ description: 'JSON Schema of the settings; secrets carry `writeOnly: true`.' }),
    address: z.strictObject({ description: z.string(), example: z.string() }),
    limits: jsonValue,
    dialect: z.string(),
    abilities: z.array(z.string()),
    offline: z.enum(['stored', 'lost']),
    dedupe: z.enum(['native', 'none']),
  })
  .meta({ id: 'BackendType' });

/** A backend type as the API shows it. */
export type BackendTypeView = z.infer<typeof backendTypeView>;

/** One real message to one address. */
export const testSend = z
  .strictObject({
    to: z.string().min(1).max(512),
    toKind: addressKind.default('person'),
    title: z.string().max(500).optional(),
    text: z.string().min(1).max(10_000).default('Vestnik test: Привет, мир! 👋').meta({ description: 'Markdown.' }),
  })
  .meta({ id: 'TestSend', example: { to: 'anna' } });

/** What came of a test message. */
export const testSendAnswer = z.strictObject({ outcome, durationMs: z.number() }).meta({ id: 'TestSendAnswer' });

/** How text is written for a backend type. */
export type Dialect = 'plain' | 'markdown' | 'html';

/** What the text of one message may be on a backend type. */
export interface TextRules {
  dialect: Dialect;
  /** Whether the title travels beside the text or is put above it. */
  title: 'separate' | 'inline';
  /** Longest text of one message, in `unit`. */
  maxChars: number;
  unit: 'codePoints' | 'utf16' | 'utf8Bytes';
  /** What happens to longer text. */
  overflow: 'cut' | 'split';
}
