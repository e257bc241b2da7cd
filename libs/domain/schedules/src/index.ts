/** Who is on call when, weekly hours, and both ways between schedules and iCalendar. Pure: the instant is an argument. */
export { checkSchedule } from './check.ts';
export { onCall, shifts, type Because, type OnCall, type Shift, type Turn } from './on-call.ts';
export { isWithin, nextOpening, type HoursLists } from './weekly.ts';
export { fromCalendar, type CalendarReading, type ReadOptions } from './calendar/read.ts';
export { toCalendar } from './calendar/write.ts';
