/** The place in a list of follows, as an opaque text. */
import { HouseError } from '#contract';
import { z } from 'zod';

const place = z.strictObject({ subject: z.string(), recipient: z.string() });

/** The last follow of a page. */
export type FollowPlace = z.infer<typeof place>;

/** Writes a place. */
export function followCursor({ subject, recipient }: FollowPlace): string {
  return Buffer.from(JSON.stringify({ subject, recipient })).toString('base64url');
}

/** Reads a place. Throws CURSOR_INVALID. */
export function readFollowCursor(cursor: string): FollowPlace {
  const found = place.safeParse(parsed(Buffer.from(cursor, 'base64url').toString('utf8')));
  const isWhole = found.success && !`${found.data.subject}${found.data.recipient}`.includes('\u0000');
  if (!isWhole || followCursor(found.data) !== cursor) throw new HouseError('CURSOR_INVALID');
  return found.data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
