/** A logger whose lines are kept instead of written, for specs. */
import { symbols } from 'pino';
import { createLogger, type Logger } from './logger.ts';

/** One line of the log. */
export type Line = Record<string, unknown> & { level: number; msg: string };

/** Makes a logger as a process has it, and the list that its lines go to. */
export function captured(level = 'debug'): { log: Logger; lines: Line[] } {
  const lines: Line[] = [];
  const log = createLogger('spec', level);
  const stream = { write: (text: string) => void lines.push(JSON.parse(text) as Line) };
  return { log: Object.assign(log, { [symbols.streamSym]: stream }), lines };
}
