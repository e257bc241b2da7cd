import { z } from 'zod';
import { calendarDate, localMoment, moment, weeklyHours } from './hours.ts';
import { slug } from './ids.ts';
import { timeZone } from './people.ts';

const members = z.array(slug).max(200);

/** People who take turns. */
export const rotation = z
  .strictObject({
    name: slug.optional(),
    members: members.min(1).meta({ description: 'Recipients, in the order of their turns.' }),
    starts: localMoment.meta({
      description:
        'When the turn of the first member begins. A time that the clocks skip is moved forward by the gap; of one that comes twice the first counts.',
    }),
    until: localMoment.optional().meta({ description: 'When the rotation ends for good. Absent: never.' }),
    every: z.strictObject({ count: z.int().min(1).max(1000), unit: z.enum(['hours', 'days', 'weeks']) }).meta({
      description:
        'Length of one turn. Days and weeks hand over at the same time of day, also when the clocks change; hours are hours that pass.',
    }),
    hours: z
      .array(weeklyHours)
      .min(1)
      .max(50)
      .optional()
      .meta({ description: 'Only on call in these hours. Absent: around the clock.' }),
  })
  .meta({ id: 'Rotation' });

/** People who take turns. */
export type Rotation = z.infer<typeof rotation>;

/** A stretch of time in which others are on call than the rotations say. */
export const override = z
  .strictObject({
    from: moment.meta({ description: 'Inclusive. On the clock of the schedule, unless it has an offset.' }),
    to: moment.meta({ description: 'Exclusive.' }),
    members: members.meta({ description: 'Who is on call instead; empty means nobody.' }),
    note: z.string().max(500).optional(),
  })
  .meta({ id: 'Override' });

/** A stretch of time in which others are on call. */
export type Override = z.infer<typeof override>;

/** A day, or several in a row, that is not as others. */
export const holiday = z
  .strictObject({
    date: calendarDate,
    days: z.int().min(1).max(366).optional().meta({ description: 'How many days in a row. Absent: 1.' }),
    yearly: z
      .boolean()
      .optional()
      .meta({ description: 'True: every year on this day, from this one on; 29 February in leap years only.' }),
    title: z.string().max(200).optional(),
    members: members.optional().meta({ description: 'Who is on call then. Absent or empty: nobody.' }),
  })
  .meta({ id: 'Holiday' });

/** A day that is not as others. */
export type Holiday = z.infer<typeof holiday>;

/** Who is on call when. The last override that covers a moment decides, else the last holiday, else all rotations together. */
export const schedule = z
  .strictObject({
    displayName: z.string().min(1).max(200).optional(),
    timeZone: timeZone.meta({ description: 'The clock by which all local times of the schedule go.' }),
    rotations: z.array(rotation).max(50),
    overrides: z.array(override).max(5000).optional(),
    holidays: z.array(holiday).max(1000).optional(),
  })
  .meta({
    id: 'Schedule',
    example: {
      displayName: 'Warehouse on call',
      timeZone: 'Europe/Moscow',
      rotations: [{ members: ['anna', 'boris'], starts: '2026-11-02T09:00', every: { count: 1, unit: 'weeks' } }],
      overrides: [{ from: '2026-11-20T18:00', to: '2026-11-21T09:00', members: ['boris'], note: 'Anna is travelling' }],
      holidays: [{ date: '2027-01-01', days: 8, yearly: true, title: 'New Year' }],
    },
  });

/** Who is on call when. */
export type Schedule = z.infer<typeof schedule>;
