import { describe, expect, it } from '@jest/globals';
import { type WeeklyHours, weekdays } from '#contract';
import fc from 'fast-check';
import { isWithin, nextOpening } from './weekly.ts';

const minuteMs = 60_000;
const nights: WeeklyHours[] = [{ from: '22:00', to: '07:00' }];
const office: WeeklyHours[] = [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '18:00' }];

function minutesWithin(hours: WeeklyHours[], zone: string, from: string, to: string): number {
  let count = 0;
  for (let at = Date.parse(from); at < Date.parse(to); at += minuteMs) if (isWithin(hours, zone, new Date(at))) count++;
  return count;
}

function opening(lists: Parameters<typeof nextOpening>[0], zone: string, at: string): string | undefined {
  return nextOpening(lists, zone, new Date(at))?.toISOString();
}

describe('isWithin', () => {
  it('takes the first minute in and leaves the last one out', () => {
    const at = ['08:59', '09:00', '17:59', '18:00'].map((time) => new Date(`2026-11-20T${time}+03:00`));
    expect(at.map((instant) => isWithin(office, 'Europe/Moscow', instant))).toEqual([false, true, true, false]);
  });

  it('carries a night over to the next day, and Sunday over to Monday', () => {
    const sunday: WeeklyHours[] = [{ days: ['sun'], from: '22:00', to: '07:00' }];
    expect(minutesWithin(sunday, 'UTC', '2026-11-16T00:00Z', '2026-11-23T00:00Z')).toBe(9 * 60);
    expect(isWithin(sunday, 'UTC', new Date('2026-11-16T06:59Z'))).toBe(true);
    expect(isWithin(sunday, 'UTC', new Date('2026-11-16T22:00Z'))).toBe(false);
  });

  it.each([
    ['00:00', '24:00', 24],
    ['00:00', '00:00', 24],
    ['09:00', '09:00', 24],
    ['24:00', '07:00', 7],
    ['23:00', '24:00', 1],
  ])('counts %s to %s as %i hours', (from, to, hours) => {
    const tuesday: WeeklyHours[] = [{ days: ['tue'], from, to }];
    expect(minutesWithin(tuesday, 'Europe/Moscow', '2026-11-16T00:00Z', '2026-11-23T00:00Z')).toBe(hours * 60);
  });

  it('makes a night one hour longer or shorter when the clocks change', () => {
    expect(minutesWithin(nights, 'Europe/Berlin', '2026-10-24T12:00Z', '2026-10-25T12:00Z')).toBe(600);
    expect(minutesWithin(nights, 'Europe/Berlin', '2026-03-28T12:00Z', '2026-03-29T12:00Z')).toBe(480);
    expect(minutesWithin(nights, 'Australia/Lord_Howe', '2026-04-04T02:00Z', '2026-04-05T02:00Z')).toBe(570);
  });
});

describe('nextOpening', () => {
  it('is now when all is open', () => {
    expect(opening({}, 'UTC', '2026-11-20T10:00:00.123Z')).toBe('2026-11-20T10:00:00.123Z');
    expect(opening({ working: [office], quiet: [nights] }, 'UTC', '2026-11-20T10:00:31Z')).toBe(
      '2026-11-20T10:00:31.000Z',
    );
  });

  it('waits for the one and for the end of the other', () => {
    const long: WeeklyHours[] = [{ from: '20:00', to: '10:30' }];
    expect(opening({ working: [office] }, 'Europe/Moscow', '2026-11-20T16:00Z')).toBe('2026-11-23T06:00:00.000Z');
    expect(opening({ quiet: [nights] }, 'Europe/Moscow', '2026-11-20T20:00Z')).toBe('2026-11-21T04:00:00.000Z');
    expect(opening({ working: [office], quiet: [long] }, 'UTC', '2026-11-20T18:00Z')).toBe('2026-11-23T10:30:00.000Z');
  });

  it('says so when the lists never leave a time', () => {
    expect(
      opening({ working: [office, [{ days: ['sat'], from: '09:00', to: '18:00' }]] }, 'UTC', '2026-11-20T10:00Z'),
    ).toBe(undefined);
    expect(opening({ quiet: [[{ from: '09:00', to: '09:00' }]] }, 'UTC', '2026-11-20T10:00Z')).toBeUndefined();
    expect(opening({ working: [[]] }, 'UTC', '2026-11-20T10:00Z')).toBeUndefined();
  });

  it('finds hours that the clock change skips in the week after', () => {
    const early: WeeklyHours[] = [{ days: ['sun'], from: '02:00', to: '03:00' }];
    expect(opening({ working: [early] }, 'Europe/Berlin', '2026-03-22T02:00Z')).toBe('2026-04-05T00:00:00.000Z');
  });
});

/** What the clocks showed in 16 days around a change, as minutes of the week, straight from `Intl`. */
function wallMinutes(zone: string, begin: number): number[] {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  return Array.from({ length: 16 * 1440 }, (_, minute) => {
    const [day, hour, inHour] = format.format(begin + minute * minuteMs).split(/[ :]+/);
    const name = day!.slice(0, 3).toLowerCase() as (typeof weekdays)[number];
    return weekdays.indexOf(name) * 1440 + Number(hour) * 60 + Number(inHour);
  });
}

const places = (
  [
    ['Europe/Berlin', '2026-10-24'],
    ['America/New_York', '2026-03-07'],
    ['Australia/Lord_Howe', '2026-10-03'],
    ['Australia/Lord_Howe', '2026-04-04'],
    ['America/St_Johns', '2026-10-31'],
    ['Africa/Casablanca', '2026-02-14'],
    ['Asia/Kolkata', '2026-10-24'],
  ] as const
).map(([zone, date]) => ({ zone, begin: Date.parse(date), wall: wallMinutes(zone, Date.parse(date)) }));

const clockTimes = fc
  .integer({ min: 0, max: 288 })
  .map((step) => `${String(Math.floor(step / 12)).padStart(2, '0')}:${String((step % 12) * 5).padStart(2, '0')}`);
const windows: fc.Arbitrary<WeeklyHours[]> = fc.array(
  fc.record({ days: fc.subarray([...weekdays], { minLength: 1 }), from: clockTimes, to: clockTimes }),
  { minLength: 1, maxLength: 3 },
);

/** The minutes of the week that a list covers, painted one by one. */
function painted(hours: WeeklyHours[]): Uint8Array {
  const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  const week = new Uint8Array(10_080);
  for (const { days = [...weekdays], from, to } of hours) {
    const length = (minutes(to) > minutes(from) ? 0 : 1440) + minutes(to) - minutes(from);
    for (const day of days) {
      const start = weekdays.indexOf(day) * 1440 + minutes(from);
      for (let minute = start; minute < start + length; minute++) week[minute % 10_080] = 1;
    }
  }
  return week;
}

describe('openings across clock changes', () => {
  it('are the very first minute that a walk minute by minute finds', () => {
    const lists = fc.record({
      working: fc.array(windows, { maxLength: 2 }),
      quiet: fc.array(windows, { maxLength: 2 }),
    });
    let closed = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        lists,
        fc.integer({ min: 0, max: 1439 }),
        (place, { working, quiet }, start) => {
          const [needed, barred] = [working.map(painted), quiet.map(painted)];
          const isOpen = (minute: number) =>
            needed.every((week) => week[minute]) && !barred.some((week) => week[minute]);
          const walked = place.wall.findIndex((minute, index) => index >= start && isOpen(minute));
          const found = nextOpening({ working, quiet }, place.zone, new Date(place.begin + start * minuteMs));
          if (walked < 0) closed++;
          expect(found?.getTime()).toBe(walked < 0 ? undefined : place.begin + walked * minuteMs);
        },
      ),
      { numRuns: 500, seed: 20261120 },
    );
    expect(closed).toBeGreaterThan(10);
  });
});
