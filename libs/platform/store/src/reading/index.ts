/** What became of events: lists, stories, inboxes, and the two ways to try again. */
export * from './reading.ts';
export type { EventQuery } from './events.ts';
export type { DeliveryQuery } from './deliveries.ts';
export type { RedriveWish, Redriven } from './redrive.ts';
export type { Arrival, InboxQuery, InboxReading, ReadMarks } from './inbox.ts';
export type { WaitingRoom } from './waiting.ts';
export * from './past-events.ts';
