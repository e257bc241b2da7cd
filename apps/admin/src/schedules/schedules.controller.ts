import {
  calendarImport,
  onCallView,
  shiftsAnswer,
  shiftView,
  slug,
  spanQuery,
  type CalendarImport,
  type OnCallView,
  type ShiftsAnswer,
} from '#contract';
import { Describe, invalid, RequireScope, Section, TakesBody } from '#platform/http';
import type { Editor } from '#platform/store';
import { Controller, Get, HttpCode, Param, Post, Query, Req, StreamableFile } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { conditionHeaders, EditorOf } from '../rule-book/conditions.ts';
import { readSpan, ScheduleDesk } from './schedule-desk.ts';

const calendarType = 'text/calendar';
const name = { schema: slug };
/** As much as is read of a calendar, in bytes. */
const calendarBytes = 1024 * 1024;
const notFound = ['NOT_FOUND'] as const;
const onCallQuery = z.strictObject({ at: z.iso.datetime({ offset: true }).optional() });
const flag = z.enum(['true', 'false']).default('false');
const importQuery = spanQuery.extend({
  dryRun: flag.meta({ description: '`true`: only answer what would be made.' }),
  replace: flag.meta({
    description: '`true`: take the place of all overrides that touch the span, instead of adding to them.',
  }),
});
const calendarText = z.string().meta({ description: 'An iCalendar file (RFC 5545) of at most 1 MiB.' });
const calendarExample = 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\n…END:VCALENDAR\r\n';

/** `/v1/schedules/{slug}/…`: who is on call, and calendars. */
@Section('Schedules')
@Controller('v1/schedules/:slug')
export class ScheduleQuestionsController {
  readonly #desk: ScheduleDesk;

  constructor(desk: ScheduleDesk) {
    this.#desk = desk;
  }

  @Get('on-call')
  @RequireScope('read')
  @Describe({
    summary: 'Says who is on call',
    description: 'Now, or at another moment, and which part of the schedule decided.',
    ok: { status: 200, description: 'Who it is.', schema: onCallView, example: onCallView.meta()!['example'] },
    errors: notFound,
  })
  onCall(
    @Param('slug', name) schedule: string,
    @Query({ schema: onCallQuery }) { at }: z.output<typeof onCallQuery>,
  ): Promise<OnCallView> {
    return this.#desk.onCall(schedule, at === undefined ? new Date() : new Date(at));
  }

  @Get('shifts')
  @RequireScope('read')
  @Describe({
    summary: 'Lists the shifts of a span',
    description: 'In order and without gaps; at most 1,000 in one answer.',
    ok: {
      status: 200,
      description: 'The shifts.',
      schema: shiftsAnswer,
      example: { items: [shiftView.meta()!['example']], complete: true },
    },
    errors: notFound,
  })
  shifts(
    @Param('slug', name) schedule: string,
    @Query({ schema: spanQuery }) span: z.output<typeof spanQuery>,
  ): Promise<ShiftsAnswer> {
    return this.#desk.shifts(schedule, readSpan(span, new Date()));
  }

  @Get('calendar')
  @RequireScope('read')
  @Describe({
    summary: 'Shows the shifts of a span as iCalendar',
    description: 'For calendars that people look at anyway. One event for each shift with somebody on call.',
    ok: {
      status: 200,
      description: 'The calendar.',
      schema: calendarText,
      example: calendarExample,
      contentType: calendarType,
    },
    errors: notFound,
  })
  async calendar(
    @Param('slug', name) schedule: string,
    @Query({ schema: spanQuery }) span: z.output<typeof spanQuery>,
  ): Promise<StreamableFile> {
    const text = await this.#desk.calendar(schedule, readSpan(span, new Date()));
    return new StreamableFile(Buffer.from(text), { type: `${calendarType}; charset=utf-8` });
  }

  @Post('calendar')
  @HttpCode(200)
  @RequireScope('edit')
  @TakesBody({ takes: calendarType, bodyLimitBytes: calendarBytes })
  @Describe({
    summary: 'Takes a calendar in as overrides',
    description:
      'Events become overrides, repeated ones as often as they occur in the span. People are found by ATTENDEE, else by SUMMARY: by slug, by ' +
      'display name, by mail address. What cannot be taken is answered with its line; the rest is taken, as one revision.',
    ok: {
      status: 200,
      description: 'What was made, or would be.',
      schema: calendarImport,
      example: calendarImport.meta()!['example'],
    },
    bodies: { [calendarType]: { schema: calendarText, examples: { calendar: calendarExample } } },
    headers: { 'If-Match': conditionHeaders['If-Match'] },
    errors: ['NOT_FOUND', 'DEFINITION_INVALID', 'PRECONDITION_FAILED'],
  })
  importCalendar(
    @Param('slug', name) schedule: string,
    @Query({ schema: importQuery }) { dryRun, replace, ...span }: z.output<typeof importQuery>,
    @EditorOf() editor: Editor,
    @Req() request: FastifyRequest,
  ): Promise<CalendarImport> {
    const { body } = request;
    const detail = `must be an iCalendar file; send it with \`Content-Type: ${calendarType}\``;
    if (!Buffer.isBuffer(body)) throw invalid([{ pointer: '', detail }]);
    const wish = { ...readSpan(span, new Date()), editor, dryRun: dryRun === 'true', replace: replace === 'true' };
    return this.#desk.importCalendar(schedule, body.toString('utf8'), wish);
  }
}
