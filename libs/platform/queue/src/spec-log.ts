import type { Logger } from '#platform/log';

/** One line of a log. */
export interface Line {
  event: string;
  fields: Record<string, unknown>;
}

/** A log that keeps the events that are told at info and above, and apart from them those for debugging. */
export function listeningLog(): { log: Logger; lines: Line[]; details: Line[] } {
  const lines: Line[] = [];
  const details: Line[] = [];
  const keep = (fields: Record<string, unknown>, event: string) => void lines.push({ event, fields });
  const debug = (fields: Record<string, unknown>, event: string) => void details.push({ event, fields });
  return { log: { info: keep, warn: keep, error: keep, debug } as unknown as Logger, lines, details };
}
