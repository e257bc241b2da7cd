/** What schedules answer: who is on call, and what a calendar brought. */
import { z } from 'zod';
import { jsonValue } from './event.ts';
import { fault } from './errors.ts';
import { slug } from './ids.ts';
import { override } from './schedule.ts';

const members = z.array(slug).meta({ description: 'Recipients; empty: nobody is on call.' });
const because = z.record(z.string(), jsonValue).meta({
  description:
    'Which part of the schedule decided: `{kind: "override", index, note?}`, `{kind: "holiday", index, date, title?}`, ' +
    '`{kind: "rotation", turns: [{index, name?, member}]}` or `{kind: "nobody"}`; `index` is the place in its list.',
});

const turn = { kind: 'rotation', turns: [{ index: 0, member: 'anna' }] };

/** Who is on call at one moment. */
export const onCallView = z
  .strictObject({ at: z.string().meta({ description: 'ISO 8601.' }), members, because })
  .meta({ id: 'OnCall', example: { at: '2026-11-20T09:00:00.000Z', members: ['anna'], because: turn } });

/** Who is on call at one moment. */
export type OnCallView = z.infer<typeof onCallView>;

/** A stretch of time in which the same people are on call. */
export const shiftView = z
  .strictObject({
    from: z.string().meta({ description: 'ISO 8601, inclusive.' }),
    to: z.string().meta({ description: 'ISO 8601, exclusive.' }),
    members,
    because,
  })
  .meta({
    id: 'Shift',
    example: { from: '2026-11-16T06:00:00.000Z', to: '2026-11-23T06:00:00.000Z', members: ['anna'], because: turn },
  });

/** The shifts of a span, in order and without gaps. */
export const shiftsAnswer = z
  .strictObject({
    items: z.array(shiftView),
    complete: z.boolean().meta({ description: 'False: there are more; ask again from the `to` of the last one.' }),
  })
  .meta({ id: 'Shifts' });

/** The shifts of a span. */
export type ShiftsAnswer = z.infer<typeof shiftsAnswer>;

const instant = z.iso.datetime({ offset: true });

/** A span of time; absent: from now, and four weeks on. */
export const spanQuery = z.strictObject({
  from: instant.optional().meta({ description: 'ISO 8601. Absent: now.' }),
  to: instant
    .optional()
    .meta({ description: 'ISO 8601. Absent: four weeks after `from`. At most two years after it.' }),
});

/** What a calendar brought. */
export const calendarImport = z
  .strictObject({
    overrides: z.array(override).meta({ description: 'The overrides that were made, or would be.' }),
    replaced: z.int().meta({ description: 'Overrides of the schedule that they took the place of.' }),
    outside: z.int().meta({ description: 'Events with no occurrence in the span.' }),
    faults: z.array(fault).meta({ description: 'What was not taken, by line of the file.' }),
    dryRun: z.boolean(),
  })
  .meta({
    id: 'CalendarImport',
    example: {
      overrides: [{ from: '2026-11-20T18:00', to: '2026-11-21T09:00', members: ['boris'], note: 'Boris' }],
      replaced: 0,
      outside: 2,
      faults: [{ pointer: 'line 12', detail: 'event 7@example: no recipient is found by "Lunch"' }],
      dryRun: false,
    },
  });

/** What a calendar brought. */
export type CalendarImport = z.infer<typeof calendarImport>;
