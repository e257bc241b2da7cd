/** Who is meant by an event of a calendar. */
import type { CalendarEvent } from './events.ts';

/** Recipient by mail address, name or text. `undefined`: nobody, or more than one. */
export type MemberOf = (summaryOrAttendee: string) => string | undefined;

/** Parts of a summary that are tried as names. */
const mostParts = 20;
const mostMembers = 200;

/** The people of an event, each once, and a sentence about those who were not found. */
export function membersOf(event: CalendarEvent, memberOf: MemberOf): { members: string[]; unknown?: string } {
  const invited = event.attendees.slice(0, mostMembers).map((attendee) => ({
    text: attendee.name ?? attendee.mail ?? 'an attendee',
    slug: (attendee.mail && memberOf(attendee.mail)) ?? (attendee.name && memberOf(attendee.name)),
  }));
  const members = [...new Set(invited.flatMap(({ slug }) => slug || []))];
  if (members.length > 0) {
    const missing = invited.filter(({ slug }) => !slug).map(({ text }) => `"${text.slice(0, 60)}"`);
    if (event.attendees.length > mostMembers)
      return { members, unknown: `only the first ${mostMembers} attendees are read` };
    if (missing.length === 0) return { members };
    return { members, unknown: `${missing.slice(0, 5).join(', ')} is no recipient; the others are taken` };
  }
  const named = namedIn(event.summary, memberOf);
  if (named.length > 0) return { members: named };
  const texts = [...invited.map(({ text }) => text), event.summary].slice(0, 5).map((text) => `"${text.slice(0, 60)}"`);
  return {
    members: [],
    unknown: `no recipient is found by ${texts.join(', ')}; write a name or slug of the book as SUMMARY`,
  };
}

/** A summary is one name, or several with commas; a name may itself hold commas, so the longest is tried first. */
function namedIn(summary: string, memberOf: MemberOf): string[] {
  const parts = summary.split(',').slice(0, mostParts + 1);
  if (parts.length > mostParts) return [];
  const members = new Set<string>();
  for (let begin = 0; begin < parts.length;) {
    let end = parts.length;
    let slug: string | undefined;
    for (; end > begin && slug === undefined; end--) slug = byName(parts.slice(begin, end).join(',').trim(), memberOf);
    if (slug === undefined) return [];
    members.add(slug);
    begin = end + 1;
  }
  return [...members];
}

/** By name; or by the slug that an export puts in brackets behind a name that several people have, without a comma. */
function byName(text: string, memberOf: MemberOf): string | undefined {
  if (text === '') return undefined;
  const inBrackets = /^[^,]+\(([^(),]+)\)$/.exec(text)?.[1];
  return memberOf(text) ?? (inBrackets === undefined ? undefined : memberOf(inBrackets));
}
