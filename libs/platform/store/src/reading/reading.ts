import type { DeliveryStory, DeliveryView, EventStory, EventView, Page } from '#contract';
import type { Database } from '../database.ts';
import { getDelivery, listDeliveries, type DeliveryQuery } from './deliveries.ts';
import { getEvent, listEvents, replayEvent, type EventQuery } from './events.ts';
import { createInboxReading, type InboxReading } from './inbox.ts';
import { countWaiting, type WaitingRoom } from './waiting.ts';
import { redriveDeliveries, type Redriven, type RedriveWish } from './redrive.ts';

/** What became of things, as people look at it, and the two ways to try again. Ids are bare; views carry prefixes. */
export interface Reading {
  /** Events that fit, newest first. Throws CURSOR_INVALID. */
  listEvents(query: EventQuery): Promise<Page<EventView>>;
  /** The whole story of an event: its deliveries, each with its attempts. */
  getEvent(id: string): Promise<EventStory | undefined>;
  /** Deliveries that fit, newest first. Throws CURSOR_INVALID. */
  listDeliveries(query: DeliveryQuery): Promise<Page<DeliveryView>>;
  getDelivery(id: string): Promise<DeliveryStory | undefined>;
  /** Puts dead letters back and records that in the audit. The caller rings for what is answered. */
  redrive(wish: RedriveWish, actor: string): Promise<Redriven>;
  /** Makes an event wait for routing again and records that in the audit. Throws NOT_FOUND and STATE_CONFLICT. The caller rings. */
  replay(eventId: string, actor: string): Promise<void>;
  /** What waits, by backend; a backend that nothing waits for is absent. */
  waiting(): Promise<Map<string, WaitingRoom>>;
  inbox: InboxReading;
}

/** Makes the reading side of the store. */
export function createReading(database: Pick<Database, 'pool' | 'events'>): Reading {
  return {
    listEvents: (query) => listEvents(database, query),
    getEvent: (id) => getEvent(database, id),
    listDeliveries: (query) => listDeliveries(database, query),
    getDelivery: (id) => getDelivery(database, id),
    redrive: (wish, actor) => redriveDeliveries(database, wish, actor),
    replay: (eventId, actor) => replayEvent(database, eventId, actor),
    waiting: () => countWaiting(database),
    inbox: createInboxReading(database),
  };
}
