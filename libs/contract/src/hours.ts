import { z } from 'zod';

/** Days of the week as the book writes them, Monday first. */
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** A day of the week. */
export const weekday = z.enum(weekdays).meta({ id: 'Weekday' });

/** A day of the week. */
export type Weekday = z.infer<typeof weekday>;

/** A time of day on the clock of a place, `00:00` to `24:00`. */
export const clockTime = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'must be a time of day such as 09:30, between 00:00 and 24:00')
  .meta({ id: 'ClockTime', example: '09:30' });

/** Hours that come again every week, whenever the clock of a place shows them. */
export const weeklyHours = z
  .strictObject({
    days: z
      .array(weekday)
      .min(1)
      .max(7)
      .optional()
      .meta({ description: 'Days on which they begin. Absent: every day.' }),
    from: clockTime.meta({ description: 'Inclusive.' }),
    to: clockTime.meta({
      description: 'Exclusive. Not later than `from`: on the next day, so 22:00 to 07:00 is a night.',
    }),
  })
  .meta({ id: 'WeeklyHours', example: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '18:00' } });

/** Hours that come again every week. */
export type WeeklyHours = z.infer<typeof weeklyHours>;

/** A moment on the clock of a place, without a zone: `2026-11-20T09:00`. Years 1970 to 2199. */
export const localMoment = z
  .string()
  .regex(
    /^(?:19[7-9]|2[01]\d)\d-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d$/,
    'must be a local date and time such as 2026-11-20T09:00, in the years 1970 to 2199',
  )
  .refine((text) => isDate(text.slice(0, 10)), 'must be a day that the calendar has')
  .meta({ id: 'LocalMoment', example: '2026-11-20T09:00' });

/** A moment on the clock of a place, or with an offset one that is the same everywhere: `2026-11-20T09:00+03:00`. */
export const moment = z
  .string()
  .regex(
    /^(?:19[7-9]|2[01]\d)\d-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)?$/,
    'must be a date and time such as 2026-11-20T09:00 or 2026-11-20T09:00+03:00, in the years 1970 to 2199',
  )
  .refine((text) => isDate(text.slice(0, 10)), 'must be a day that the calendar has')
  .meta({ id: 'Moment', example: '2026-11-20T09:00' });

/** A day of the calendar: `2026-12-31`. Years 1970 to 2199. */
export const calendarDate = z
  .string()
  .regex(/^(?:19[7-9]|2[01]\d)\d-\d{2}-\d{2}$/, 'must be a date such as 2026-12-31, in the years 1970 to 2199')
  .refine(isDate, 'must be a day that the calendar has')
  .meta({ id: 'CalendarDate', example: '2026-12-31' });

function isDate(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}
