import { Module } from '@nestjs/common';
import { ScheduleDesk } from './schedule-desk.ts';
import { ScheduleQuestionsController } from './schedules.controller.ts';

/** Who is on call, and calendars in and out; the schedules themselves are definitions of the rule book. */
@Module({ controllers: [ScheduleQuestionsController], providers: [ScheduleDesk] })
export class SchedulesModule {}
