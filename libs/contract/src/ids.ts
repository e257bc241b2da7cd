import { z } from 'zod';

/** The prefixes that tell at the edge what kind of thing an id names. Inside, ids are bare UUIDv7. */
export const idPrefixes = {
  event: 'evt_',
  delivery: 'dlv_',
  attempt: 'att_',
  apiKey: 'key_',
  audit: 'aud_',
  draft: 'drf_',
  backtest: 'bkt_',
} as const;

/** A kind of thing that has a prefixed id. */
export type IdKind = keyof typeof idPrefixes;

const uuidText = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Writes a bare UUIDv7 the way the edge shows it, e.g. `evt_0199…`. */
export function toPublicId(kind: IdKind, uuid: string): string {
  return idPrefixes[kind] + uuid;
}

/** Reads an id from the edge, with or without its prefix. Answers `undefined` when it is not a UUIDv7 of that kind. */
export function fromPublicId(kind: IdKind, text: string): string | undefined {
  const prefix = idPrefixes[kind];
  const bare = (text.startsWith(prefix) ? text.slice(prefix.length) : text).toLowerCase();
  return uuidText.test(bare) ? bare : undefined;
}

/** The smallest UUID whose UUIDv7 time stamp is `atMs` (milliseconds since 1970): a bound for ranges of ids. */
export function uuidFloor(atMs: number): string {
  const hex = Math.max(0, Math.floor(atMs)).toString(16).padStart(12, '0').slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** The time stamp inside a UUIDv7, in milliseconds since 1970. */
export function uuidTimeMs(uuid: string): number {
  return parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
}

/** A name that people choose for a rule, backend, recipient, group or template. */
export const slug = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,62}$/,
    'must be 1 to 63 characters of a-z, 0-9, dot, dash and underscore, starting with a letter or digit',
  )
  .meta({ id: 'Slug', description: 'A name that people choose.', example: 'stock-low' });
