/** The shapes of `GET /v1/events/{id}` that flow tests look at, and the waiting for them. */
import type { DeliveryStory } from '#contract';
import { waitFor } from '#testing/services';
import type { Client } from './client.ts';

/** An event with everything that came of it. */
export interface EventStory {
  id: string;
  state: string;
  rules: string[];
  notes: string[];
  deliveries: DeliveryStory[];
}

/** What to wait for. */
export interface Expectation {
  states?: string[];
  /** At least so many deliveries. */
  count?: number;
  timeoutMs?: number;
}

/** Waits until an event has so many deliveries, all of them in one of the given states (`delivered` when absent). */
export async function untilSettled(admin: Client, eventId: string, wanted: Expectation = {}): Promise<EventStory> {
  const { states = ['delivered'], count = 1, timeoutMs = 20_000 } = wanted;
  return waitFor(
    async () => {
      const story = await admin.get<EventStory>(`/v1/events/${eventId}`);
      const settled = story.deliveries.filter((delivery) => states.includes(delivery.state)).length;
      if (settled >= count && settled === story.deliveries.length) return story;
      throw new Error(JSON.stringify(story, undefined, 1));
    },
    { what: `${count} deliveries of ${eventId} to be ${states.join(' or ')}`, timeoutMs },
  );
}
