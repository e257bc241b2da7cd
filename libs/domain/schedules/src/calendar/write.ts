/** A schedule as an iCalendar file (RFC 5545), for calendars that people already look at. */
import type { Schedule } from '#contract';
import { dayMs } from '../clock.ts';
import { shifts, type Because } from '../on-call.ts';

/** How far beyond the span a shift is followed, so that it stands in the file as a whole and keeps its UID. */
const marginMs = 32 * dayMs;
/** Octets of a content line without its line break (RFC 5545, 3.1). */
const maxLineOctets = 75;

/**
 * One event for each shift with somebody on call that touches the span; a shift is written as a whole, up to 32 days
 * beyond the span. The same schedule and span give the same text. A name that several
 * people of the schedule have is followed by their slug in brackets.
 */
export function toCalendar(
  slug: string,
  schedule: Schedule,
  from: Date,
  to: Date,
  displayName: (slug: string) => string,
): string {
  const earliest = new Date(from.getTime() - marginMs);
  const latest = new Date(to.getTime() + marginMs);
  const written = shifts(schedule, earliest, latest).filter(
    (shift) => shift.members.length > 0 && shift.to > from && shift.from < to,
  );
  const nameOf = namesFor(schedule, displayName);
  const events = written.flatMap((shift) => {
    // A shift that goes on beyond the margin has no known edge there; it is cut at the span and named by its other edge.
    const begin = shift.from.getTime() === earliest.getTime() ? undefined : shift.from;
    const end = shift.to.getTime() === latest.getTime() ? undefined : shift.to;
    return [
      'BEGIN:VEVENT',
      `UID:${slug}-${begin ? `from-${utc(begin)}` : end ? `to-${utc(end)}` : 'always'}@vestnik`,
      // The file depends on nothing but the schedule and the span, so the stamp does neither.
      `DTSTAMP:${utc(from)}`,
      `DTSTART:${utc(begin ?? from)}`,
      `DTEND:${utc(end ?? to)}`,
      `SUMMARY:${escape(shift.members.map(nameOf).join(', '))}`,
      ...described(shift.because),
      'TRANSP:TRANSPARENT',
      'END:VEVENT',
    ];
  });
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Vestnik//On call//EN',
    'CALSCALE:GREGORIAN',
    `X-WR-CALNAME:${escape(schedule.displayName ?? slug)}`,
    `X-WR-TIMEZONE:${escape(schedule.timeZone)}`,
    ...events,
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${fold(line)}\r\n`).join('');
}

/** A name that several people of the schedule have is followed by the slug; commas of it go, for they part people. */
function namesFor(schedule: Schedule, displayName: (slug: string) => string): (slug: string) => string {
  const { rotations, overrides = [], holidays = [] } = schedule;
  const people = [...rotations, ...overrides, ...holidays].flatMap(({ members = [] }) => members);
  const names = new Map([...new Set(people)].map((slug) => [slug, displayName(slug)]));
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const name of names.values()) (seen.has(name) ? shared : seen).add(name);
  return (slug) => {
    const name = names.get(slug)!;
    return shared.has(name) ? `${name.replaceAll(',', '')} (${slug})` : name;
  };
}

function described(because: Because): string[] {
  if (because.kind === 'override') return [`DESCRIPTION:${escape(because.note ?? 'Override')}`];
  if (because.kind === 'holiday') return [`DESCRIPTION:${escape(because.title ?? 'Holiday')}`];
  if (because.kind === 'nobody') return [];
  const names = because.turns.flatMap(({ name }) => name ?? []);
  return names.length === 0 ? [] : [`DESCRIPTION:${escape(names.join(', '))}`];
}

/** `20261120T090000Z` */
function utc(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** TEXT of RFC 5545, 3.3.11. Control characters may not stand in it and become blanks. */
function escape(text: string): string {
  return text
    .replace(/[\\;,]/g, '\\$&')
    .replace(/\r\n?|\n/g, '\\n')
    .replace(/[^\P{Cc}\t]/gu, ' ');
}

/** Breaks a content line so that no part is longer than 75 octets and no character is torn. */
function fold(line: string): string {
  let folded = '';
  let octets = 0;
  for (const character of line) {
    const size = octetsOf(character);
    if (octets + size > maxLineOctets) {
      folded += '\r\n ';
      octets = 1;
    }
    folded += character;
    octets += size;
  }
  return folded;
}

function octetsOf(character: string): number {
  const point = character.codePointAt(0)!;
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}
