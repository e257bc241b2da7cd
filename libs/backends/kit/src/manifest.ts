import type { TextRules } from '#contract';
import type { z } from 'zod';

/** A number that came from outside, with the place it came from. */
export interface Sourced {
  value: number;
  /** Page, RFC or measurement the number was taken from. */
  source: string;
}

/** What a backend type can do besides sending. */
export type Ability = 'person' | 'room' | 'edit' | 'delete' | 'thread' | 'presence' | 'receipts';

/**
 * A backend type, described as data. Settings validation, the form of the console, secret masking, truncation, the rate
 * limit and the table in the docs all come from here.
 */
export interface Manifest<Settings extends z.ZodObject = z.ZodObject> {
  type: string;
  label: string;
  docsUrl: string;
  /** A strict object; secrets carry `.meta({ secret: true })`, what says where to send `.meta({ target: true })`, every field a description. */
  settings: Settings;
  /** What `to` means for this type. */
  address: { description: string; example: string };
  /** What a message may be; longer text is cut or split before it reaches the adapter. */
  text: Omit<TextRules, 'maxChars'> & { maxChars: Sourced };
  limits: {
    /** Messages per period for one backend, over all couriers. */
    rate?: { max: number; perMs: number; source: string };
    /** Sends under way at once per courier. */
    concurrency: number;
    /** Time for one attempt, in milliseconds. */
    timeoutMs: number;
  };
  abilities: readonly Ability[];
  /** Whether the backend keeps a message for somebody who is offline. */
  offline: 'stored' | 'lost';
  /** Whether the backend drops a repeat that carries the same delivery id. */
  dedupe: 'native' | 'none';
}

/** First-level names of the settings that are secret as a whole (marked `.meta({ secret: true })`). */
export function secretFields(manifest: Pick<Manifest, 'settings'>): string[] {
  return markedFields(manifest, 'secret');
}

/**
 * First-level names of the settings that say where the secrets go and who may see them on the way (marked
 * `.meta({ target: true })`). When one of them changes, a stored secret is not taken along.
 */
export function targetFields(manifest: Pick<Manifest, 'settings'>): string[] {
  return markedFields(manifest, 'target');
}

function markedFields(manifest: Pick<Manifest, 'settings'>, mark: string): string[] {
  return Object.entries(manifest.settings.shape)
    .filter(([, schema]) => isMarked(schema as z.ZodType, mark))
    .map(([name]) => name);
}

function isMarked(schema: z.ZodType, mark: string): boolean {
  if (schema.meta()?.[mark] === true) return true;
  const inner = (schema as unknown as { def: { innerType?: z.ZodType } }).def.innerType;
  return inner ? isMarked(inner, mark) : false;
}
