import { z } from 'zod';
import { addressKind, retryPolicy } from './delivery.ts';
import { jsonValue } from './event.ts';
import { slug } from './ids.ts';
import { outcome } from './outcome.ts';

/** One configured instance of a backend type. The settings are checked against the manifest of the type. */
export const backend = z
  .strictObject({
    type: z.string().min(1),
    settings: z.record(z.string(), jsonValue),
    paused: z.boolean().optional().meta({ description: 'While true nothing is sent; deliveries wait.' }),
    ratePerSecond: z.int().min(1).max(5000).optional().meta({
      description:
        'Most messages per second through this backend, over all couriers. Absent: what the backend type says, if it says anything.',
    }),
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

/** How a backend is, and what waits for it. */
export const backendHealth = z
  .strictObject({
    backend: slug,
    state: z.enum(['up', 'down', 'draining', 'paused']).meta({
      description:
        '`up`; `down`: it does not answer, deliveries wait and use up no attempts, single probes try it; `draining`: it is back and ' +
        'what waited goes first; `paused`: by an operator (`settings_paused`), or because it refuses us until it is saved anew or resumed.',
    }),
    reason: z.string().optional().meta({ description: 'Stable word, that of the outcome that led to it.' }),
    detail: z.string().optional().meta({ description: "The backend's own words, secrets masked." }),
    since: z.iso.datetime().optional(),
    nextProbeAt: z.iso.datetime().optional().meta({ description: 'Only while it is down.' }),
    waiting: z.int().meta({ description: 'Deliveries that are not finished, held ones included.' }),
    held: z.int().meta({ description: 'Those of them that wait for somebody to come online.' }),
    oldestWaitingAt: z.iso.datetime().optional().meta({ description: 'When the oldest of them was made.' }),
  })
  .meta({ id: 'BackendHealth' });

/** How a backend is, and what waits for it. */
export type BackendHealth = z.infer<typeof backendHealth>;

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
