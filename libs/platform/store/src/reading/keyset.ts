/**
 * Pages without counting: newest first by id, from where the last page ended. Ids are times, so a span of time is a range
 * of ids, and PostgreSQL looks only into the partitions of that span.
 */
import { HouseError, uuidFloor, type Page } from '#contract';

/** Which part of a list is asked for. */
export interface Span {
  limit: number;
  /** `next` of the page before. */
  cursor?: string | undefined;
  /** ISO 8601; made at this time or later. */
  from?: string | undefined;
  /** ISO 8601; made before this time. */
  to?: string | undefined;
}

/** Clocks of several machines may differ by as much, in milliseconds, when the time in one id bounds the time in another. */
export const clockSlackMs = 3_600_000;

/** Conditions of a query and the values of their parameters, in step. */
export class Conditions {
  readonly values: unknown[] = [];
  readonly #parts: string[] = [];

  /** Adds `$n` for a value and answers it. */
  parameter(value: unknown): string {
    return `$${this.values.push(value)}`;
  }

  /** Adds a condition without a value. */
  add(sql: string): void {
    this.#parts.push(sql);
  }

  /** Adds `<sql before the value>$n<sql after it>`, unless the value is absent. */
  when(value: unknown, before: string, after = ''): void {
    if (value !== undefined) this.add(`${before} ${this.parameter(value)}${after}`);
  }

  /** The whole condition. */
  toSql(): string {
    return this.#parts.length === 0 ? 'true' : this.#parts.join(' AND ');
  }
}

/** Adds the bounds of a span to a query on the column `id`. Throws CURSOR_INVALID. */
export function boundIds(conditions: Conditions, span: Omit<Span, 'limit'>, id: string): void {
  conditions.when(span.cursor === undefined ? undefined : readCursor(span.cursor), `${id} <`);
  conditions.when(span.from === undefined ? undefined : uuidFloor(Date.parse(span.from)), `${id} >=`);
  conditions.when(span.to === undefined ? undefined : uuidFloor(Date.parse(span.to)), `${id} <`);
}

/** Makes a page of rows that were asked for with one more than `limit`. */
export function toPage<Row extends { id: string }, View>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => View,
): Page<View> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items: items.map(view), ...(rows.length > limit && last ? { next: writeCursor(last.id) } : {}) };
}

/** Writes the id of the last item as an opaque cursor. */
export function writeCursor(uuid: string): string {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url');
}

/** Reads a cursor. Throws CURSOR_INVALID. */
export function readCursor(cursor: string): string {
  const bytes = Buffer.from(cursor, 'base64url');
  const uuid = bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  if (bytes.length !== 16 || writeCursor(uuid) !== cursor) throw new HouseError('CURSOR_INVALID');
  return uuid;
}
