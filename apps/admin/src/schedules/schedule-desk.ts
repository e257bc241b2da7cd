/** Questions to a schedule, and calendars in and out of it. */
import {
  HouseError,
  type CalendarImport,
  type Fault,
  type JsonValue,
  type OnCallView,
  type Override,
  type Recipient,
  type Schedule,
  type ShiftsAnswer,
} from '#contract';
import { fromCalendar, onCall, shifts, toCalendar, type Shift } from '#domain/schedules';
import {
  createDefinitions,
  DATABASE,
  type Database,
  type Definitions,
  type Editor,
  type StoredBook,
} from '#platform/store';
import { Inject, Injectable } from '@nestjs/common';
import { faultsOfSchedule } from '../rule-book/checks.ts';

/** A span of time. */
export interface Span {
  from: Date;
  to: Date;
}

/** How a calendar is to be taken in. */
export interface ImportWish extends Span {
  editor: Editor;
  dryRun: boolean;
  /** Whether it takes the place of the overrides of the span; else it adds to them. */
  replace: boolean;
}

const mostShifts = 1000;
const dayMs = 86_400_000;
const usualSpanMs = 28 * dayMs;
const longestSpanMs = 2 * 366 * dayMs;

/** Reads a span as requests give it. Throws REQUEST_INVALID. */
export function readSpan({ from, to }: { from?: string | undefined; to?: string | undefined }, now: Date): Span {
  const begin = from === undefined ? now : new Date(from);
  const end = to === undefined ? new Date(begin.getTime() + usualSpanMs) : new Date(to);
  const length = end.getTime() - begin.getTime();
  const detail =
    length <= 0
      ? 'must be after `from`'
      : length > longestSpanMs
        ? 'must be at most two years after `from`'
        : undefined;
  if (detail) throw new HouseError('REQUEST_INVALID', { faults: [{ pointer: 'to', detail }] });
  return { from: begin, to: end };
}

/** Answers for schedules by the live book. */
@Injectable()
export class ScheduleDesk {
  readonly #definitions: Definitions;

  constructor(@Inject(DATABASE) database: Database) {
    this.#definitions = createDefinitions(database);
  }

  /** Who is on call. Throws NOT_FOUND, as all of these do. */
  async onCall(slug: string, at: Date): Promise<OnCallView> {
    const { members, because } = onCall(await this.#schedule(slug), at);
    return { at: at.toISOString(), members, because: because as unknown as Record<string, JsonValue> };
  }

  /** The shifts of a span. */
  async shifts(slug: string, { from, to }: Span): Promise<ShiftsAnswer> {
    const found = shifts(await this.#schedule(slug), from, to, mostShifts);
    return { items: found.map(shiftView), complete: (found.at(-1)?.to ?? to) >= to };
  }

  /** The shifts of a span as iCalendar. */
  async calendar(slug: string, { from, to }: Span): Promise<string> {
    const book = await this.#definitions.loadBook();
    return toCalendar(slug, scheduleIn(book, slug), from, to, (name) => book.recipients.get(name)?.displayName ?? name);
  }

  /** Takes the events of a calendar in as overrides. Throws DEFINITION_INVALID and PRECONDITION_FAILED. */
  async importCalendar(slug: string, text: string, wish: ImportWish): Promise<CalendarImport> {
    const book = await this.#definitions.loadBook();
    const schedule = scheduleIn(book, slug);
    const { from, to, dryRun, editor } = wish;
    const read = fromCalendar(text, { timeZone: schedule.timeZone, from, to, memberOf: namesOf(book.recipients) });
    const present = schedule.overrides ?? [];
    const kept = wish.replace ? present.filter((one) => !touches(one, schedule, wish)) : present;
    const next: Schedule = { ...schedule, overrides: [...kept, ...read.overrides] };
    if (!dryRun && (read.overrides.length > 0 || kept.length < present.length)) {
      // What the answer tells was made of the schedule that was read, so nothing else may stand there by now.
      const precondition = editor.precondition?.ifMatch ? editor.precondition : await this.#asRead(slug, schedule);
      const check = (now: StoredBook): Fault[] => faultsOfSchedule(slug, next, now);
      await this.#definitions.put('schedule', slug, next as unknown as JsonValue, { ...editor, precondition }, check);
    }
    const replaced = present.length - kept.length;
    return { overrides: read.overrides, replaced, outside: read.outside, faults: read.faults, dryRun };
  }

  async #asRead(slug: string, schedule: Schedule): Promise<Editor['precondition']> {
    const stored = await this.#definitions.get('schedule', slug);
    const isSame = stored && JSON.stringify(stored.body) === JSON.stringify(schedule);
    return { ifMatch: isSame ? [String(stored.revision)] : [], ifNoneMatch: undefined };
  }

  async #schedule(slug: string): Promise<Schedule> {
    const found = await this.#definitions.get('schedule', slug);
    if (!found) throw unknown(slug);
    return found.body as unknown as Schedule;
  }
}

function scheduleIn(book: StoredBook, slug: string): Schedule {
  const found = book.schedules.get(slug);
  if (!found) throw unknown(slug);
  return found;
}

function unknown(slug: string): HouseError {
  return new HouseError('NOT_FOUND', { detail: `There is no schedule \`${slug}\`.` });
}

function shiftView({ from, to, members, because }: Shift): ShiftsAnswer['items'][number] {
  const reason = because as unknown as Record<string, JsonValue>;
  return { from: from.toISOString(), to: to.toISOString(), members, because: reason };
}

/** Whether an override has an effect in the span; asked of a schedule that holds nothing else. */
function touches(one: Override, { timeZone }: Schedule, { from, to }: Span): boolean {
  const alone: Schedule = { timeZone, rotations: [], overrides: [one] };
  return shifts(alone, from, to).some(({ because }) => because.kind === 'override');
}

/** Finds recipients by slug, by the names that they alone have, and by mail address; nobody where two could be meant. */
function namesOf(recipients: ReadonlyMap<string, Recipient>): (text: string) => string | undefined {
  const found = new Map<string, string | undefined>();
  const add = (name: string, slug: string) => {
    const key = name.trim().toLowerCase();
    found.set(key, found.has(key) && found.get(key) !== slug ? undefined : slug);
  };
  for (const [slug, { displayName, addresses }] of recipients) {
    add(displayName, slug);
    for (const { to } of addresses) if (to.includes('@')) add(to, slug);
  }
  return (text) => {
    const wanted = text.trim();
    return recipients.has(wanted) ? wanted : found.get(wanted.toLowerCase().replace(/^mailto:/, ''));
  };
}
