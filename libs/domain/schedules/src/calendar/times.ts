/** Dates and times of iCalendar (RFC 5545, 3.3.4 to 3.3.6), and the many ways of naming a time zone. */
import { clockOf, dayMs, isZone, type ZoneClock } from '../clock.ts';
import type { Property } from './lines.ts';
import { windowsZones } from './windows-zones.ts';

/** What a clock shows, and which clock. */
export interface WallTime {
  /** Local time as the milliseconds of a UTC clock with the same hands; whole minutes. */
  local: number;
  clock: ZoneClock;
  /** A day without a time. */
  isDate: boolean;
}

/** What stands instead of a value that cannot be read: why, and what to write. */
export interface Unreadable {
  unreadable: string;
}

/** How a time zone of the file is found. */
export interface Zones {
  /** The zone of values without one, and of days. */
  own: string;
  /** IANA names that the file gives for its own time zone ids. */
  named: ReadonlyMap<string, string>;
}

const form = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?$/;

/** Reads one DATE or DATE-TIME. `property` tells the zone; seconds are cut off. */
export function readTime(value: string, property: Property, zones: Zones): WallTime | Unreadable {
  const found = form.exec(value.trim());
  const local = found ? localOf(found) : undefined;
  if (!found || local === undefined) {
    return { unreadable: `${property.name} holds "${value.slice(0, 40)}"; write a time such as 20261120T090000Z` };
  }
  if (found[7] === 'Z') return { local, clock: clockOf('UTC'), isDate: false };
  const id = property.params.get('TZID');
  const zone = id === undefined ? zones.own : zoneOf(id, zones);
  if (zone === undefined) {
    return { unreadable: `${property.name} is in the unknown time zone "${id}"; write a name such as Europe/Moscow` };
  }
  return { local, clock: clockOf(zone), isDate: found[4] === undefined };
}

function localOf(found: RegExpExecArray): number | undefined {
  const [year, month, day, hour = 0, minute = 0] = found.slice(1, 6).map((digits) => Number(digits ?? 0));
  const at = new Date(Date.UTC(year!, month! - 1, day, hour, minute));
  // The years that the book knows (see LocalMoment), less one at either end for the difference between zones.
  if (year! < 1971 || year! > 2198 || at.getUTCMonth() !== month! - 1 || at.getUTCDate() !== day) return undefined;
  return hour > 23 || minute > 59 ? undefined : at.getTime();
}

/** IANA name for a zone id: itself, the tail of a path, what the file says of it, or the name that Windows uses. */
function zoneOf(id: string, { named }: Zones): string | undefined {
  const tail = /[A-Za-z_]+\/[A-Za-z_]+(?:\/[A-Za-z_]+)?$/.exec(id)?.[0];
  const candidates = [id, named.get(id), windowsZones.get(id), tail];
  return candidates.find((name) => name !== undefined && name !== '' && isZone(name));
}

/** Reads a DURATION such as `P1DT12H`, in milliseconds. `undefined`: it is none, or longer than ten years. */
export function readDuration(value: string): number | undefined {
  const found = /^\+?P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:\d{1,9}S)?)?$/.exec(
    value.trim(),
  );
  if (!found) return undefined;
  const [weeks = 0, days = 0, hours = 0, minutes = 0] = found.slice(1, 5).map((digits) => Number(digits ?? 0));
  const length = (weeks * 7 + days) * dayMs + (hours * 60 + minutes) * 60_000;
  return length <= 3660 * dayMs ? length : undefined;
}
